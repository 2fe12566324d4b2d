/**
 * httprx, through `serve` with all defaults.
 */
import { map, reduce } from 'rxjs'
import { serve, type Chunk, type Handler } from 'httprx'
import { upgradeWebSocket } from 'httprx/ws'
import { certificate } from '../certificate.js'
import { fanOut } from '../fan-out-httprx.js'
import { isFanOut } from '../fan-out.js'
import { LineSum } from '../line-sum.js'
import { smallChunks } from '../small-chunks.js'
import { CHUNK, GREETING, stage, TRANSFER_BYTES, transportOf, type Scenario } from '../scenario.js'

const upload: Handler = reqd => reqd.body.bytes$.pipe(
  reduce((count, bytes) => count + bytes.length, 0),
  map(count => ({ body: String(count) })))

const handlers: Partial<Record<Scenario, Handler>> = {
  hello: () => ({ body: GREETING }),
  echo: reqd => ({ body: reqd.body }),
  pipeline: reqd => ({ body: reqd.body.bytes$.pipe(map(stage)) }),
  download: () => ({ body: chunks(TRANSFER_BYTES) }),
  'chunks-iterable': () => ({ body: smallChunks['chunks-iterable']() }),
  'chunks-generator': () => ({ body: smallChunks['chunks-generator']() }),
  'chunks-web': () => ({ body: smallChunks['chunks-web']() }),
  upload,
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

function* chunks(bytes: number): Generator<Chunk> {
  for (let left = bytes; left > 0; left -= CHUNK.length) yield CHUNK
}

/** The handler of the mixed load, with this one for its uploads. */
export function mixed(upload: Handler): Handler {
  const events = fanOut('events-mixed')
  return reqd => {
    switch (reqd.target) {
      case '/upload': return upload(reqd)
      case '/endless': return { body: chunks(Infinity) }
      case '/events': return events(reqd)
      default: return { body: GREETING }
    }
  }
}

function handlerOf(scenario: Scenario): Handler {
  if (scenario === 'mixed') return mixed(upload)
  const handler = isFanOut(scenario) ? fanOut(scenario) : handlers[scenario]
  if (handler === undefined) throw new Error(`no handler for ${scenario}`)
  return handler
}

/** Serves a scenario with this handler. Resolves with the port. */
export async function startWith(handler: Handler, scenario: Scenario): Promise<number> {
  const { plain, isEncrypted } = transportOf(scenario)
  const tls = isEncrypted ? { tls: certificate } : {}
  // Clients of a mixed load leave within transfers.
  const onError = plain === 'mixed' ? { onError: () => undefined } : {}
  const server = await serve(handler, { host: '127.0.0.1', ...tls, ...onError }).listening
  return (server.address as { port: number }).port
}

export function start(scenario: Scenario): Promise<number> {
  return startWith(handlerOf(transportOf(scenario).plain), scenario)
}
