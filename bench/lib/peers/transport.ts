/**
 * httprx's own sockets answering with prebuilt bytes, without a parser: the cost without anything of HTTP.
 */
import { createServer, type Socket } from 'node:net'
import type { Observable } from 'rxjs'
import { BareFanOut } from '../fan-out-bare.js'
import { isFanOut } from '../fan-out.js'
import { internal } from '../internals.js'
import { RawExchange } from '../raw-exchange.js'
import type { Scenario } from '../scenario.js'
import { listening } from './listening.js'

interface IOVec {
  readonly buffer: Uint8Array
  readonly off: number
  readonly len: number
}

interface Transport {
  readonly bytes$: Observable<{ readonly bytes: Uint8Array; readonly length: number }>
  write(output: string | readonly IOVec[], observer: { written(): void }): boolean
}

interface Internals {
  readonly SocketTransport: new (socket: Socket) => Transport
}

const NOBODY = { written: (): void => undefined }

export async function start(scenario: Scenario): Promise<number> {
  const { SocketTransport } = await internal<Internals>('node/socket-transport')
  const serve = isFanOut(scenario) ? fanOut(scenario) : exchange(scenario)
  return listening(createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, socket => {
    serve(new SocketTransport(socket), socket)
  }))
}

function exchange(scenario: Scenario) {
  return (transport: Transport, socket: Socket): void => {
    const exchange = new RawExchange(scenario, {
      write: buffer => transport.write([{ buffer, off: 0, len: buffer.length }], NOBODY),
      once: () => undefined,
    })
    transport.bytes$.subscribe({
      next: ({ bytes, length }) => { exchange.receive(bytes.subarray(0, length)) },
      error: () => undefined,
      complete: () => socket.end(),
    })
  }
}

function fanOut(scenario: Scenario) {
  const clients = new BareFanOut(scenario)
  return (transport: Transport, socket: Socket): void => {
    let stop: (() => void) | null = null
    const end = (): void => {
      stop?.()
      socket.destroy()
    }
    transport.bytes$.subscribe({
      next: () => { stop ??= clients.add(text => transport.write(text, NOBODY)) },
      error: end,
      complete: end,
    })
  }
}
