/**
 * httprx's own sockets answering prebuilt bytes without a parser: what is left when all of HTTP is taken out.
 */
import { createServer, type Socket } from 'node:net'
import type { Observable } from 'rxjs'
import { internal } from '../internals.js'
import { RawExchange } from '../raw-exchange.js'
import type { Scenario } from '../scenario.js'
import { listening } from './listening.js'

interface Transport {
  readonly bytes$: Observable<{ readonly bytes: Uint8Array }>
  write(iovecs: readonly { buffer: Uint8Array; off: number; len: number }[], observer: { written(): void }): boolean
}

interface Internals {
  readonly SocketTransport: new (socket: Socket) => Transport
}

const NOBODY = { written: (): void => undefined }

export async function start(scenario: Scenario): Promise<number> {
  const { SocketTransport } = await internal<Internals>('node/socket-transport')
  return listening(createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, socket => {
    const transport = new SocketTransport(socket)
    const exchange = new RawExchange(scenario, {
      write: buffer => transport.write([{ buffer, off: 0, len: buffer.length }], NOBODY),
      once: () => undefined,
    })
    transport.bytes$.subscribe({
      next: ({ bytes }) => { exchange.receive(bytes) },
      error: () => undefined,
      complete: () => socket.end(),
    })
  }))
}
