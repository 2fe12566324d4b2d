/**
 * Clients that leave, in any phase of a request, leave no resources behind.
 */
import { once } from 'node:events'
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { ignoreElements, NEVER, Observable } from 'rxjs'
import { ConnectionClosedError } from '../../lib/errors.js'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { Listener } from '../../lib/node/listener.js'
import { SocketTransport } from '../../lib/node/socket-transport.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { afterwards, signal } from '../helpers/net.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const UPLOAD = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome'

const CHUNK = new Uint8Array(60_000)

/** The number of sockets in the process. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter(name => name.startsWith('TCP')).length
}

/** Resolves when there are no more sockets than that; a handle is closed a turn or two after its socket. */
async function atMost(count: number): Promise<void> {
  while (sockets() > count) await new Promise(resolve => { setImmediate(resolve) })
}

const CLIENTS = 1000

/** Runs a thousand clients, ten at a time. */
async function thousand(act: () => Promise<void>): Promise<void> {
  const lane = async (): Promise<void> => {
    for (let count = 0; count < CLIENTS / 10; count++) await act()
  }
  await Promise.all(Array.from({ length: 10 }, lane))
}

/** A server that tracks its connections: when they are over, and which of them are still in memory. */
class Watched {
  readonly listener: Listener
  readonly allOver = signal()
  readonly closed = signal()
  private readonly listening = signal()
  private readonly connections: WeakRef<object>[] = []
  private over = 0

  constructor(handler: Handler, options: ListenOptions) {
    this.listener = new Listener(handler, { host: '127.0.0.1', onError: () => undefined, ...options }, {
      listening: this.listening.resolve,
      accepted: connection => {
        this.connections.push(new WeakRef(connection))
        connection.start()
      },
      failed: () => undefined,
      closed: this.closed.resolve,
    })
    const { context } = this.listener
    const connectionClosed = context.connectionClosed.bind(context)
    context.connectionClosed = connection => {
      connectionClosed(connection)
      if (++this.over === CLIENTS) this.allOver.resolve()
    }
    afterwards(() => { this.listener.close({ graceMs: 0, idleMs: 0 }) })
  }

  async port(): Promise<number> {
    this.listener.start()
    await this.listening.promise
    return (this.listener.address as AddressInfo).port
  }

  async close(): Promise<void> {
    this.listener.close({ graceMs: 0, idleMs: 0 })
    await this.closed.promise
    await new Promise(resolve => { setImmediate(resolve) })
  }

  /** The number of connections that are still in memory. */
  get remaining(): number {
    return this.connections.filter(connection => connection.deref() !== undefined).length
  }
}

/** Collects garbage. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let turn = 0; turn < 3; turn++) {
    await new Promise(resolve => { setImmediate(resolve) })
    gc()
  }
}

interface Scenario {
  readonly sent: string
  readonly handler: Handler
  /** Whether the handler is called. */
  readonly isHandled: boolean
}

/** The new owner of a connection that was handed over. */
function echo(socket: unknown): void {
  (socket as Socket).pipe(socket as Socket)
}

const endless: Handler = () => ({ body: ready$ => new Observable(subscriber => {
  subscriber.add(ready$.subscribe(() => { subscriber.next(CHUNK) }))
}) })

const SCENARIOS: Record<string, Scenario> = {
  'before a byte was sent': { sent: '', handler: () => NEVER, isHandled: false },
  'within a head': { sent: 'GET / HTTP/1.1\r\nHo', handler: () => NEVER, isHandled: false },
  'after a bad head': { sent: '?\r\n\r\n', handler: () => NEVER, isHandled: false },
  'while the handler works': { sent: REQUEST, handler: () => NEVER, isHandled: true },
  'within a body that is read': {
    sent: UPLOAD, handler: reqd => reqd.body.text(1e9).pipe(ignoreElements()), isHandled: true,
  },
  'within a body that is not read': { sent: UPLOAD, handler: () => ({ body: 'it' }), isHandled: true },
  'within a response': { sent: REQUEST, handler: endless, isHandled: true },
  'within a pulled response': {
    sent: REQUEST, handler: () => ({ body: (function* () { for (;;) yield CHUNK })() }), isHandled: true,
  },
  'after a response': { sent: REQUEST, handler: () => ({ body: 'it' }), isHandled: true },
  'while the connection lingers': {
    sent: REQUEST.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
    handler: () => ({ body: 'it' }),
    isHandled: true,
  },
  'after an upgrade': {
    sent: REQUEST.replace('\r\n\r\n', '\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    handler: reqd => { reqd.takeOver(echo) },
    isHandled: true,
  },
}

const HASTY: ListenOptions = { connectionsCheckingInterval: 20, lingerTimeout: 20 }

describe.each(['a reset', 'an end'])('a thousand connections that break by %s', how => {
  it.each(Object.entries(SCENARIOS))('%s, leave nothing behind', async (_, { sent, handler, isHandled }) => {
    // Other specs of the same process may have left some.
    const before = sockets()
    const waiting: (() => void)[] = []
    const server = new Watched(reqd => {
      waiting.shift()?.()
      return handler(reqd)
    }, HASTY)
    const port = await server.port()
    await thousand(async () => {
      const socket = connectSocket({ port, host: '127.0.0.1' }).on('error', () => undefined)
      await once(socket, 'connect')
      const closed = once(socket, 'close')
      const begun = new Promise<void>(resolve => { if (isHandled) waiting.push(resolve); else resolve() })
      if (sent !== '') socket.write(sent)
      await begun
      if (how === 'a reset') socket.resetAndDestroy()
      else socket.destroy()
      await closed
    })
    await server.allOver.promise
    expect(server.listener.connections.size).toBe(0)
    expect(server.listener.context.clock.size).toBe(0)
    await collect()
    expect(server.remaining).toBeLessThan(5)
    await server.close()
    await atMost(before)
  })
})

it.each([true, false])('a socket cut in the turn of its end leaves nothing behind (reset: %s)', async isReset => {
  const before = sockets()
  const listening = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  afterwards(() => listening.close())
  await once(listening, 'listening')
  const client = connectSocket((listening.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = await once(listening, 'connection') as [Socket]
  const transport = new SocketTransport(socket)
  const failures: unknown[] = []
  transport.bytes$.subscribe({ error: error => { failures.push(error) } })
  transport.end()
  transport.destroy(isReset)
  client.resume()
  await Promise.all([once(client, 'close'), once(socket, 'close')])
  expect(failures).toEqual([expect.any(ConnectionClosedError)])
  listening.close()
  await atMost(before)
})
