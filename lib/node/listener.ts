/**
 * A listening socket and the connections that it accepted.
 *
 * Strategy: `listen` and `serve` are two faces of this. It knows each connection until that is over, so closing it can
 * wait for all of them, and end them when the time is up.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Subscription } from 'rxjs'
import type { ErrorHandler } from '../connection/error-handler.js'
import { HttpConnection, type ServerContext } from '../reactive/connection.js'
import type { ConnectionOptions } from '../reactive/options.js'
import type { Handler } from '../reactive/reqd.js'
import { serverContext } from '../reactive/server-context.js'
import { listenError } from './listen-error.js'
import { NODE_PLATFORM } from './platform.js'
import { SocketTransport } from './socket-transport.js'

/** The longest time that a timer can wait, in milliseconds. */
const LONGEST_TIME = 2 ** 31 - 1

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
  /** The sockets under TLS: those within a handshake belong to no connection yet. */
  private readonly sockets: Set<Socket>
  private server: Server | null
  private count: number
  private state: 'new' | 'open' | 'closing' | 'closed'
  private grace: Subscription | null

  constructor(handler: Handler | null, options: ListenOptions, host: ListenerHost) {
    this.context = serverContext(handler, options, NODE_PLATFORM, connection => { this.forget(connection) })
    this.options = options
    this.host = host
    this.connections = new Set()
    this.sockets = new Set()
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
      const server = this.createServer()
      server.on('error', error => { this.fail(error) }).on('listening', () => { this.host.listening() })
      server.listen(path === undefined ? { port, host, backlog, ipv6Only } : { path, backlog })
      this.server = server
      this.state = 'open'
    } catch (error) {
      this.fail(error as Error)
    }
  }

  /** Handles a connection that was made elsewhere. */
  accept(socket: Duplex): HttpConnection {
    const connection = new HttpConnection(++this.count, new SocketTransport(socket), this.context)
    this.connections.add(connection)
    if (this.state === 'open') this.host.accepted(connection)
    else connection.cut()
    return connection
  }

  /**
   * Accepts no more connections, closes idle ones, and lets the others answer what they are at; after `graceMs`
   * milliseconds what is left is cut.
   */
  close(graceMs: number): void {
    if (this.state === 'open') {
      this.state = 'closing'
      this.server?.close()
      for (const connection of this.connections) connection.close()
      this.settle()
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
    if (tls !== undefined) {
      // A client that fails the handshake has no connection yet; its socket is closed by Node.
      server.on('tlsClientError', () => undefined)
      server.on('connection', (socket: Socket) => { this.keep(socket) })
    }
    if (maxConnections !== undefined) server.maxConnections = maxConnections
    return server
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('close', () => { this.sockets.delete(socket) })
  }

  private forget(connection: HttpConnection): void {
    this.connections.delete(connection)
    this.settle()
  }

  private settle(): void {
    if (this.state !== 'closing' || this.connections.size > 0) return
    this.finish()
    this.host.closed()
  }

  /** A server that could not accept one connection goes on with the others. */
  private fail(error: Error): void {
    if (this.state === 'closed') return
    if (this.server?.listening === true) return this.context.onError(error)
    this.finish()
    this.host.failed(listenError(error, this.options))
  }

  private finish(): void {
    this.state = 'closed'
    this.server = null
    this.grace?.unsubscribe()
    this.grace = null
    for (const socket of this.sockets) socket.destroy()
  }

  private limit(graceMs: number): void {
    this.grace?.unsubscribe()
    this.grace = null
    if (graceMs <= LONGEST_TIME) this.grace = this.context.clock.scheduler.schedule(() => { this.cut() }, graceMs)
  }
}
