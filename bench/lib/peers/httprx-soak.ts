/**
 * httprx for all tasks at once: hello, uploads, downloads, event streams and WebSockets, with and without TLS. `/tls`
 * reports the port of the TLS server.
 */
import { interval, map, reduce } from 'rxjs'
import { serve, type Chunk, type Handler } from 'httprx'
import { sse } from 'httprx/sse'
import { upgradeWebSocket } from 'httprx/ws'
import { certificate } from '../certificate.js'
import { CHUNK, GREETING } from '../scenario.js'

/** The number of pieces of a download of 4 MiB. */
const PIECES = 64

function* pieces(): Generator<Chunk> {
  for (let n = 0; n < PIECES; n++) yield CHUNK
}

function handlerFor(tlsPort: () => number): Handler {
  return reqd => {
    switch (reqd.target) {
      case '/tls': return { body: String(tlsPort()) }
      case '/download': return { body: pieces() }
      case '/pushed': return { body: interval(1).pipe(map(() => CHUNK)), overflow: 'latest' }
      case '/upload': return reqd.body.bytes$.pipe(
        reduce((count, bytes) => count + bytes.length, 0),
        map(count => ({ body: String(count) })))
      case '/echo': return { body: reqd.body }
      case '/unread': return { status: 403, body: 'no' }
      case '/events': return sse(interval(10).pipe(map(n => ({ id: String(n), data: GREETING }))))
      case '/socket': {
        const connection = upgradeWebSocket(reqd)
        connection.messages$.subscribe(connection)
        return undefined
      }
      default: return { body: GREETING }
    }
  }
}

export async function start(): Promise<number> {
  const ports: number[] = []
  // Clients that break off cause errors, which are part of the load.
  for (const options of [{}, { tls: certificate }]) {
    const handler = handlerFor(() => ports[1])
    const server = await serve(handler, { host: '127.0.0.1', onError: () => undefined, ...options }).listening
    ports.push((server.address as { port: number }).port)
  }
  return ports[0]
}
