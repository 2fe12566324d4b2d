/**
 * Servers on loopback and their clients, for specs about real sockets. Everything waits for events, nothing for time.
 * Whatever a spec starts is closed after it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { request, type IncomingMessage, type RequestOptions } from 'node:http'
import { connect as connectSocket, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net'
import { afterEach } from '@jest/globals'
import { Subject, type Observable } from 'rxjs'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { serve, type Server } from '../../lib/node/serve.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'

const running: (() => unknown)[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map(async stop => { await stop() }))
})

/** Calls `stop` when the test is over, and waits for its promise. */
export function afterwards(stop: () => unknown): void {
  running.push(stop)
}

/** Runs a function outside of all stores. A test runner has one of its own during a test. */
export const outside = AsyncLocalStorage.snapshot()

/** A server that listens on loopback; it is closed after the test. `errors` has the errors that it reported. */
export function start(handler: Handler, options?: ListenOptions): ReturnType<typeof startHere> {
  return outside(() => startHere(handler, options))
}

/** As {@link start}, in the context of the caller. */
export async function startHere(
  handler: Handler, options: ListenOptions = {},
): Promise<Server & { readonly errors: unknown[] }> {
  const errors: unknown[] = []
  const place = options.path === undefined ? { host: '127.0.0.1' } : {}
  const server = serve(handler, { ...place, onError: error => { errors.push(error) }, ...options })
  afterwards(() => server.close({ graceMs: 0 }))
  await server.listening
  return Object.assign(server, { errors })
}

/** The port of a server. */
export function portOf(server: Server): number {
  return (server.address as AddressInfo).port
}

/** The client's end of a connection, as bytes. */
export class Client {
  /** The bytes received so far, as latin-1. */
  received: string
  /** How the connection ended: with a half-close of the other side, or broken. */
  readonly ended: Promise<'end' | 'broken'>
  readonly socket: Socket
  private readonly changes: Subject<void>
  private isOver: boolean

  constructor(socket: Socket) {
    this.received = ''
    this.socket = socket
    this.changes = new Subject()
    this.isOver = false
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1')
      this.changes.next()
    })
    this.ended = new Promise(resolve => {
      const finish = (how: 'end' | 'broken') => () => {
        resolve(how)
        this.isOver = true
        this.changes.next()
      }
      socket.on('end', finish('end')).on('error', finish('broken')).on('close', finish('broken'))
    })
    afterwards(() => socket.destroy())
  }

  send(input: string | Uint8Array): this {
    if (typeof input === 'string') this.socket.write(input, 'latin1')
    else this.socket.write(input)
    return this
  }

  /** Half-closes; the other side may continue. */
  end(): this {
    this.socket.end()
    return this
  }

  /** Resets the connection. */
  reset(): this {
    this.socket.resetAndDestroy()
    return this
  }

  /** Resolves with all that was received when it has the text. Rejects when the connection ends before. */
  receives(text: string): Promise<string> {
    return this.until(() => this.received.includes(text), text)
  }

  /** Resolves when that many bytes were received. */
  receivesBytes(count: number): Promise<string> {
    return this.until(() => this.received.length >= count, `${count} bytes`)
  }

  /** Resolves with all that was received when the other side has ended. Rejects when the connection breaks. */
  async all(): Promise<string> {
    if (await this.ended === 'end') return this.received
    throw new Error(`broken after ${JSON.stringify(this.received)}`)
  }

  private until(isThere: () => boolean, what: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (isThere()) resolve(this.received)
        else if (this.isOver) reject(new Error(`no ${what} in ${JSON.stringify(this.received)}`))
        else return
        subscription.unsubscribe()
      }
      const subscription = this.changes.subscribe(check)
      check()
    })
  }
}

/** A client that is connected to the server. */
export async function connect(server: Server, options: Partial<NetConnectOpts> = {}): Promise<Client> {
  const { address } = server
  const place = typeof address === 'string' ? { path: address } : { port: portOf(server), host: '127.0.0.1' }
  const client = new Client(connectSocket({ allowHalfOpen: true, ...place, ...options } as NetConnectOpts))
  await once(client.socket, 'connect')
  return client
}

/** A response as node:http sees it. */
export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly trailers: Record<string, string | undefined>
  readonly body: string
  /** Whether the response was complete. */
  readonly isComplete: boolean
}

/** Sends a request with node:http and resolves with the response, complete or cut. */
export async function ask(
  server: Server, options: RequestOptions & { body?: string | Uint8Array } = {},
): Promise<Answer> {
  const { body, ...rest } = options
  const place = typeof server.address === 'string' ? { socketPath: server.address } : { port: portOf(server) }
  const sent = request({ host: '127.0.0.1', agent: false, ...place, ...rest }).end(body)
  // After its response, a request that is still being sent may fail as well.
  sent.on('error', () => undefined)
  const [response] = await once(sent, 'response') as [IncomingMessage]
  const chunks: Buffer[] = []
  response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined)
  await new Promise(resolve => { response.on('close', resolve) })
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    trailers: response.trailers,
    body: Buffer.concat(chunks).toString('latin1'),
    isComplete: response.complete,
  }
}

/** Resolves with the next value of the Observable. Subscribed at once. */
export function next<T>(source: Observable<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    source.subscribe({ next: resolve, error: reject, complete: () => { reject(new Error('it completed')) } })
  })
}

/** Returns a promise and the function that resolves it. */
export function signal<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>(onFulfilled => { resolve = onFulfilled })
  return { promise, resolve }
}

/** How often a bystander is answered while a count stands still. */
const STILL = 10

/**
 * Waits until the count stands still: it is not 0, and does not change while another server of this process answers ten
 * requests, one after the other. Each answer takes a turn of the event loop, which polls all sockets.
 */
export async function standstill(count: () => number): Promise<void> {
  const bystander = await start(() => ({ body: 'it' }))
  const client = await connect(bystander)
  let before = 0
  for (let answers = 0; answers < STILL;) {
    client.received = ''
    await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').receives('\r\n\r\nit')
    const now = count()
    answers = now === before && now !== 0 ? answers + 1 : 0
    before = now
  }
}
