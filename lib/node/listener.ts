/**
 * A listening socket, which accepts connections.
 *
 * Strategy: `listen` and `serve` are two interfaces of this class. Accepted sockets go to the server's connections
 * (reactive/connections.ts), which run the graceful close; sockets in a TLS handshake are waited for as well.
 */
import { createServer, type AddressInfo, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  createServer as createTlsServer, Server as TlsServer, type SecureContextOptions, type TlsOptions,
} from 'node:tls'
import { LocalProtocolError } from '../errors.js'
import { Connections, type ConnectionsOwner } from '../reactive/connections.js'
import type { HttpConnection, ServerContext } from '../reactive/http-connection.js'
import { serverContext } from '../reactive/server-context.js'
import type { Handler } from '../reactive/streamed-reqd.js'
import type { Transport } from '../runtime/transport.js'
import type { CloseOptions } from '../reactive/close-options.js'
import { acceptHandles } from './handle-transport.js'
import { Handshakes, type FailedHandshake } from './handshakes.js'
import { listenError } from './listen-error.js'
import { checkListenOptions, HANDSHAKE_TIMEOUT_MS, type ListenOptions } from './listen-options.js'
import { placeOf } from './listen-place.js'
import { NODE_PLATFORM } from './platform.js'
import { SocketTransport } from './socket-transport.js'

/**
 * How many turns of the event loop a closing server spends on its backlog: Node accepts one connection a turn, and the
 * default backlog is 511.
 */
const BACKLOG_TURNS = 512

/** Receives the notifications of a listener. */
export interface ListenerHost {
  listening(): void
  accepted(connection: HttpConnection): void
  failed(error: Error): void
  /** The listening socket is closed and all connections are over. */
  closed(): void
}

/** A listening socket at work. */
export class Listener implements ConnectionsOwner {
  readonly context: ServerContext
  readonly connections: Connections
  private readonly options: ListenOptions
  private readonly host: ListenerHost
  /** The raw sockets of a TLS server; null without TLS. */
  private readonly handshakes: Handshakes | null
  /** The current options of the TLS context. */
  private secureContext: SecureContextOptions
  private server: Server | null
  private count: number
  /** The number of accepted sockets. */
  private arrivals: number
  private state: 'new' | 'binding' | 'listening' | 'closed'

  constructor(handler: Handler | null, options: ListenOptions, host: ListenerHost) {
    checkListenOptions(options)
    this.context = serverContext(handler, options, NODE_PLATFORM, connection => {
      this.connections.forget(connection)
    })
    this.options = options
    this.host = host
    this.connections = new Connections(this.context, this)
    this.handshakes = options.tls === undefined ? null : this.makeHandshakes()
    this.secureContext = options.tls ?? {}
    this.server = null
    this.count = 0
    this.arrivals = 0
    this.state = 'new'
  }

  /** The address it listens on; null before and after. */
  get address(): AddressInfo | string | null {
    return this.server?.address() ?? null
  }

  /** Whether it listens or is about to, and is not closing. */
  get isOpen(): boolean {
    return this.state !== 'new' && this.connections.isOpen
  }

  /** Binds the socket. */
  start(): void {
    try {
      const place = placeOf(this.options)
      const server = this.createServer()
      server.on('error', error => { this.fail(error) })
      server.on('listening', () => { this.listens() }).on('connection', () => { this.arrivals++ })
      server.listen(place)
      this.server = server
      this.state = 'binding'
    } catch (error) {
      this.fail(error as Error)
    }
  }

  /** Serves a connection that was accepted elsewhere. */
  accept(socket: Duplex): HttpConnection {
    return this.serve(new SocketTransport(socket))
  }

  /** Closes gracefully, if it was started. May be called again with other times. See {@link Connections.close}. */
  close(options: Required<CloseOptions>): void {
    if (this.state !== 'new') this.connections.close(options)
  }

  /**
   * Replaces the certificate, the key and other options of the TLS context for future connections. Omitted options keep
   * their values. If it throws, nothing changes.
   *
   * @throws {@link LocalProtocolError} badState: not listening, or no TLS; and Node's errors for invalid options
   */
  setSecureContext(options: SecureContextOptions): void {
    const { server } = this
    if (!(server instanceof TlsServer)) throw new LocalProtocolError('badState', 'the server does not listen with TLS')
    const context = { ...withoutReplaced(this.secureContext, options), ...options }
    server.setSecureContext(context)
    this.secureContext = context
  }

  accepted(connection: HttpConnection): void {
    this.host.accepted(connection)
  }

  stopAccepting(done: () => void): void {
    const stop = (): void => {
      this.server?.close()
      done()
    }
    if (this.state === 'listening') this.takeBacklog(stop, BACKLOG_TURNS)
    else stop()
  }

  abandon(): void {
    this.server?.close()
    this.handshakes?.abandon()
  }

  get isBusy(): boolean {
    return (this.handshakes?.size ?? 0) > 0
  }

  closed(): void {
    this.finish()
    this.host.closed()
  }

  private listens(): void {
    this.state = 'listening'
    const { tls, maxConnections } = this.options
    if (this.server !== null && tls === undefined && maxConnections === undefined) this.takeHandles(this.server)
    this.host.listening()
  }

  /** From now on, sockets are accepted without Node's streams, if possible. */
  private takeHandles(server: Server): void {
    acceptHandles(server, transport => {
      this.arrivals++
      this.serve(transport)
    })
  }

  private serve(transport: Transport): HttpConnection {
    return this.connections.accept(++this.count, transport)
  }

  /** Accepts the backlog: closing the socket would reset the connections in it, whose requests may have arrived. */
  private takeBacklog(done: () => void, turns: number): void {
    const { arrivals } = this
    this.context.afterRead(() => {
      if (this.arrivals === arrivals || turns === 0) done()
      else this.takeBacklog(done, turns - 1)
    })
  }

  private createServer(): Server {
    const { tls, maxConnections } = this.options
    if (tls !== undefined) return this.createTlsServer(tls)
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
    if (maxConnections !== undefined) server.maxConnections = maxConnections
    return server.on('connection', socket => { this.accept(socket) })
  }

  /**
   * A client that half-closes during the handshake is disconnected; later, `allowHalfOpen` of the transport decides.
   */
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
    this.connections.settle()
  }

  /** While listening, an error concerns one connection that could not be accepted, and the server continues. */
  private fail(error: Error): void {
    if (this.state === 'closed') return
    if (this.state === 'listening') return this.context.onError(error, null)
    this.connections.stop()
    this.finish()
    // In another turn, so that an application that retries at once does not starve the event loop.
    this.context.afterRead(() => { this.host.failed(listenError(error, this.options)) })
  }

  private finish(): void {
    this.state = 'closed'
    this.server = null
    this.handshakes?.destroy()
  }
}

/** Drops the old options that the given ones replace: `pfx` replaces key and certificate, and the other way round. */
function withoutReplaced(old: SecureContextOptions, given: SecureContextOptions): SecureContextOptions {
  if (given.pfx !== undefined) return { ...old, key: undefined, cert: undefined }
  return given.cert === undefined ? old : { ...old, pfx: undefined }
}
