/**
 * Us, through `serve` with every default on.
 */
import { map, reduce } from 'rxjs'
import { serve, type Chunk, type Handler } from 'httprx'
import { upgradeWebSocket } from 'httprx/ws'
import { certificate } from '../certificate.js'
import { fanOut } from '../fan-out-httprx.js'
import { isFanOut } from '../fan-out.js'
import { LineSum } from '../line-sum.js'
import { CHUNK, GREETING, stage, TRANSFER_BYTES, type Scenario } from '../scenario.js'

const handlers: Partial<Record<Scenario, Handler>> = {
  hello: () => ({ body: GREETING }),
  'hello-tls': () => ({ body: GREETING }),
  echo: reqd => ({ body: reqd.body }),
  pipeline: reqd => ({ body: reqd.body.bytes$.pipe(map(stage)) }),
  download: () => ({ body: chunks() }),
  upload: reqd => reqd.body.bytes$.pipe(
    reduce((count, bytes) => count + bytes.length, 0),
    map(count => ({ body: String(count) }))),
  ndjson: reqd => {
    const lines = new LineSum()
    return reqd.body.bytes$.pipe(
      reduce((sum, bytes) => sum.add(bytes), lines),
      map(({ total }) => ({ body: String(total) })))
  },
  websocket: reqd => {
    const connection = upgradeWebSocket(reqd)
    connection.messages$.subscribe(connection)
  },
}

function* chunks(): Generator<Chunk> {
  for (let left = TRANSFER_BYTES; left > 0; left -= CHUNK.length) yield CHUNK
}

export async function start(scenario: Scenario): Promise<number> {
  const handler = isFanOut(scenario) ? fanOut(scenario) : handlers[scenario]
  if (handler === undefined) throw new Error(`no handler for ${scenario}`)
  const tls = scenario === 'hello-tls' ? { tls: certificate } : {}
  const server = await serve(handler, { host: '127.0.0.1', ...tls }).listening
  return (server.address as { port: number }).port
}
