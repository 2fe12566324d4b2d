/**
 * A server whose every request is upgraded, for one spec.
 */
import type { AddressInfo } from 'node:net'
import { firstValueFrom, ReplaySubject, take } from 'rxjs'
import { WebSocket, type ClientOptions } from 'ws'
import { serve, type Reqd, type Server } from '../../lib/index.js'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { upgradeWebSocket, type WebSocketConnection, type WebSocketOptions } from '../../lib/ws/index.js'
import { RawClient } from './raw-client.js'

type Use = (connection: WebSocketConnection, reqd: Reqd) => void

/** Echoes each message. */
export function echo(connection: WebSocketConnection): void {
  connection.messages$.subscribe(connection)
}

export class Stage implements AsyncDisposable {
  /** The errors that the server reported. */
  readonly errors: unknown[] = []
  readonly server: Server
  private readonly connections = new ReplaySubject<WebSocketConnection>()
  private readonly clients: { destroy(): void }[] = []

  constructor(options: WebSocketOptions, use: Use, serverOptions: ListenOptions = {}) {
    this.server = serve(reqd => {
      const connection = upgradeWebSocket(reqd, options)
      use(connection, reqd)
      this.connections.next(connection)
    }, { host: '127.0.0.1', onError: error => { this.errors.push(error) }, ...serverOptions })
  }

  static async open(options: WebSocketOptions = {}, use: Use = echo, serverOptions?: ListenOptions): Promise<Stage> {
    const stage = new Stage(options, use, serverOptions)
    await stage.server.listening
    return stage
  }

  get port(): number {
    return (this.server.address as AddressInfo).port
  }

  get url(): string {
    return this.server.url.replace('http', 'ws')
  }

  /** The first connection. */
  get connection(): Promise<WebSocketConnection> {
    return firstValueFrom(this.connections.pipe(take(1)))
  }

  /** A client of the `ws` package. */
  client(protocols: string[] = [], options: ClientOptions = {}): WebSocket {
    const client = new WebSocket(this.url, protocols, options)
    client.on('error', () => undefined)
    this.clients.push({ destroy: () => { client.terminate() } })
    return client
  }

  /** A client that sends bytes given by the test. */
  raw(request?: string | Buffer): RawClient {
    const client = new RawClient(this.port, request)
    this.clients.push(client.socket)
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.destroy()
    await this.server.close({ graceMs: 0 })
  }
}

/** Resolves when the connection is over. */
export async function over(connection: WebSocketConnection): Promise<'done' | 'aborted'> {
  return firstValueFrom(connection.closed$)
}
