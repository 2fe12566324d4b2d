/**
 * A listening socket and the connections that it accepted.
 *
 * Strategy: `listen` and `serve` are two faces of this. It knows each connection until that is over, so closing it can
 * wait for all of them, and end them when the time is up.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { ErrorHandler } from '../connection/error-handler.js'
import { HttpConnection, type ServerContext } from '../reactive/connection.js'
import type { ConnectionOptions } from '../reactive/options.js'
import type { Handler } from '../reactive/reqd.js'
import { serverContext } from '../reactive/server-context.js'
import { listenError } from './listen-error.js'
import { NODE_PLATFORM } from './platform.js'
import { SocketTransport } from './socket-transport.js'

/** Where to listen and how. */
export interface ListenOptions extends ConnectionOptions {
  /** The TCP port; 0 (the default) for a free one. */
  readonly port?: number
  /** The address or name to listen on: all addresses unless given. */
  readonly host?: string
  /** The path of a Unix socket, in place of a port. */
  readonly path?: string
  /** How many connections may wait to be accepted: 511. */
  readonly backlog?: number
  /** Whether an IPv6 address takes no IPv4 connections. */
  readonly ipv6Only?: boolean
  /** TLS, with the options of `node:tls`: at least a key and a certificate. */
  readonly tls?: TlsOptions
  /** How many connections there may be at once: no limit. Further ones are refused. */
  readonly maxConnections?: number
  /** Closes the server when it aborts. */
  readonly signal?: AbortSignal
  readonly errorHandler?: ErrorHandler
}

/** Whom a listener tells. */
export interface ListenerHost {
  listening(): void
  accepted(connection: HttpConnection): void
  failed(error: Error): void
  /** The listening socket is closed and all connections are over. */
  closed(): void
}

/** A listening socket at work. */
export class Listener {
  readonly context: ServerContext
  private readonly options: ListenOptions
  private readonly host: ListenerHost
  private readonly connections: Set<HttpConnection>
  private server: Server | null
  private count: number
  private state: 'new' | 'open' | 'closing' | 'closed'
  private grace: ReturnType<typeof setTimeout> | null

  constructor(handler: Handler | null, options: ListenOptions, host: ListenerHost) {
    this.context = serverContext(handler, options, NODE_PLATFORM, connection => { this.forget(connection) })
    this.options = options
    this.host = host
    this.connections = new Set()
    this.server = null
    this.count = 0
    this.state = 'new'
    this.grace = null
  }

  /** Where it listens; null before and after. */
  get address(): AddressInfo | string | null {
    return this.server?.address() ?? null
  }

  /** How many connections there are. */
  get size(): number {
    return this.connections.size
  }

  /** Binds the socket. */
  start(): void {
    const { port = 0, host, path, backlog, ipv6Only } = this.options
    try {
      this.server = this.createServer()
      this.server.on('error', error => { this.fail(error) })
      this.server.on('listening', () => { this.host.listening() })
      this.server.listen(path === undefined ? { port, host, backlog, ipv6Only } : { path, backlog })
      this.state = 'open'
    } catch (error) {
      this.fail(error as Error)
    }
  }

  /**
   * Accepts no more connections, closes idle ones, and lets the others answer what they are at; after `graceMs`
   * milliseconds what is left is cut.
   */
  close(graceMs: number): void {
    if (this.state === 'open') {
      this.state = 'closing'
      this.server?.close(() => { this.settle() })
      for (const connection of this.connections) connection.close()
    }
    if (this.state === 'closing') this.limit(graceMs)
  }

  /** Cuts all connections now. */
  cut(): void {
    for (const connection of this.connections) connection.cut()
  }

  private createServer(): Server {
    const { tls, maxConnections } = this.options
    const shared = { allowHalfOpen: true, noDelay: true }
    const server = tls === undefined
      ? createServer({ ...shared, pauseOnConnect: true }, socket => { this.accept(socket) })
      : createTlsServer({ ALPNProtocols: ['http/1.1'], ...tls, ...shared }, socket => { this.accept(socket) })
    // A client that fails the handshake has no connection yet; its socket is closed by Node.
    if (tls !== undefined) server.on('tlsClientError', () => undefined)
    if (maxConnections !== undefined) server.maxConnections = maxConnections
    return server
  }

  private accept(socket: Socket): void {
    const connection = new HttpConnection(++this.count, new SocketTransport(socket), this.context)
    this.connections.add(connection)
    if (this.state !== 'open') return connection.cut()
    this.host.accepted(connection)
  }

  private forget(connection: HttpConnection): void {
    this.connections.delete(connection)
    if (this.state === 'closing') this.settle()
  }

  private settle(): void {
    if (this.state !== 'closing' || this.connections.size > 0 || this.server?.listening === true) return
    this.finish()
  }

  private fail(error: Error): void {
    this.finish()
    this.host.failed(listenError(error, this.options))
  }

  private finish(): void {
    if (this.grace !== null) clearTimeout(this.grace)
    this.grace = null
    this.server = null
    if (this.state === 'closed') return
    const wasOpen = this.state === 'closing'
    this.state = 'closed'
    if (wasOpen) this.host.closed()
  }

  private limit(graceMs: number): void {
    if (this.grace !== null) clearTimeout(this.grace)
    this.grace = setTimeout(() => { this.cut() }, graceMs)
  }
}
