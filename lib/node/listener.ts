/**
 * A listening socket and the connections that it accepted.
 *
 * Strategy: `listen` and `serve` are two faces of this. It knows each connection until that is over, so closing it can
 * wait for all of them, and end them when the time is up.
 */
import { createServer, type AddressInfo, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  createServer as createTlsServer, Server as TlsServer, type SecureContextOptions, type TlsOptions,
} from 'node:tls'
import type { Subscription } from 'rxjs'
import { LocalProtocolError } from '../errors.js'
import { HttpConnection, type ServerContext } from '../reactive/connection.js'
import type { Handler } from '../reactive/reqd.js'
import { serverContext } from '../reactive/server-context.js'
import { Handshakes, type FailedHandshake } from './handshakes.js'
import { listenError } from './listen-error.js'
import { HANDSHAKE_TIMEOUT_MS, type ListenOptions } from './listen-options.js'
import { NODE_PLATFORM } from './platform.js'
import { SocketTransport } from './socket-transport.js'

/** The longest time that a timer can wait, in milliseconds. */
const LONGEST_TIME = 2 ** 31 - 1

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
  /** The sockets under TLS; null without. */
  private readonly handshakes: Handshakes | null
  /** What the TLS context was made of last. */
  private secureContext: SecureContextOptions
  private server: Server | null
  private count: number
  private state: 'new' | 'open' | 'closing' | 'closed'
  private grace: Subscription | null

  constructor(handler: Handler | null, options: ListenOptions, host: ListenerHost) {
    this.context = serverContext(handler, options, NODE_PLATFORM, connection => { this.forget(connection) })
    this.options = options
    this.host = host
    this.connections = new Set()
    this.handshakes = options.tls === undefined ? null : this.makeHandshakes()
    this.secureContext = options.tls ?? {}
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
      this.handshakes?.abandon()
      for (const connection of this.connections) connection.close()
      this.settle()
    }
    if (this.state === 'closing') this.limit(graceMs)
  }

  /**
   * Replaces the certificate, the key, and what else makes a TLS context, for coming connections. What is not given
   * stays as it was. If that throws, all of it does.
   */
  setSecureContext(options: SecureContextOptions): void {
    const { server } = this
    if (!(server instanceof TlsServer)) throw new LocalProtocolError('badState', 'no server that listens with TLS')
    const context = { ...withoutReplaced(this.secureContext, options), ...options }
    server.setSecureContext(context)
    this.secureContext = context
  }

  /** Cuts all connections now. */
  cut(): void {
    for (const connection of this.connections) connection.cut()
  }

  private createServer(): Server {
    const { tls, maxConnections } = this.options
    if (tls !== undefined) return this.createTlsServer(tls)
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
    if (maxConnections !== undefined) server.maxConnections = maxConnections
    return server.on('connection', socket => { this.accept(socket) })
  }

  /** A client that ends its side within the handshake is not answered any more; after it, its transport decides. */
  private createTlsServer(tls: TlsOptions): Server {
    const protocols = tls.ALPNCallback === undefined ? { ALPNProtocols: ['http/1.1'] } : {}
    const server = createTlsServer({ ...protocols, ...tls, allowHalfOpen: false, noDelay: true })
    this.handshakes?.watch(server)
    return server.on('secureConnection', socket => { this.accept(socket) })
  }

  private makeHandshakes(): Handshakes {
    const { handshakeTimeout = HANDSHAKE_TIMEOUT_MS, maxConnections = Infinity } = this.options
    return new Handshakes({ handshakeTimeout, maxConnections }, this.context.clock, failed => {
      this.handshakeFailed(failed)
    })
  }

  private handshakeFailed({ error, remoteAddress }: FailedHandshake): void {
    const { clock, events } = this.context
    const reason = (error as NodeJS.ErrnoException).code ?? 'ERR_TLS'
    const connection = ++this.count
    events?.next({ type: 'handshakeError', reason, error, remoteAddress, connection, time: clock.scheduler.now() })
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
    this.handshakes?.destroy()
  }

  private limit(graceMs: number): void {
    this.grace?.unsubscribe()
    this.grace = null
    if (graceMs <= LONGEST_TIME) this.grace = this.context.clock.scheduler.schedule(() => { this.cut() }, graceMs)
  }
}

/** A bundle of key and certificate (`pfx`) and the two by themselves replace each other. */
function withoutReplaced(old: SecureContextOptions, given: SecureContextOptions): SecureContextOptions {
  if (given.pfx !== undefined) return { ...old, key: undefined, cert: undefined }
  return given.cert === undefined ? old : { ...old, pfx: undefined }
}
