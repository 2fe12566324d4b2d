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
import { LONGEST_TIME } from '../connection/option-check.js'
import { LocalProtocolError } from '../errors.js'
import { HttpConnection, type ServerContext } from '../reactive/http-connection.js'
import { serverContext } from '../reactive/server-context.js'
import type { Handler } from '../reactive/streamed-reqd.js'
import type { CloseOptions } from './close-options.js'
import { Handshakes, type FailedHandshake } from './handshakes.js'
import { listenError } from './listen-error.js'
import { checkListenOptions, HANDSHAKE_TIMEOUT_MS, type ListenOptions } from './listen-options.js'
import { placeOf } from './listen-place.js'
import { NODE_PLATFORM } from './platform.js'
import { SocketTransport } from './socket-transport.js'

/**
 * How many turns a server that closes takes what waits to be accepted: Node accepts a connection a turn, and so many
 * may wait.
 */
const BACKLOG_TURNS = 512

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
  readonly connections: Set<HttpConnection>
  private readonly options: ListenOptions
  private readonly host: ListenerHost
  /** The sockets under TLS; null without. */
  private readonly handshakes: Handshakes | null
  /** What the TLS context was made of last. */
  private secureContext: SecureContextOptions
  private server: Server | null
  private count: number
  /** How many sockets the server accepted. */
  private accepted: number
  private isListening: boolean
  /**
   * `draining`: what waits to be accepted still is, and no connection takes a second request; `idling`: connections
   * may still get that one; `ending`: only those that have one go on.
   */
  private state: 'new' | 'open' | 'draining' | 'idling' | 'ending' | 'closed'
  private grace: Subscription | null
  private idle: Subscription | null

  constructor(handler: Handler | null, options: ListenOptions, host: ListenerHost) {
    checkListenOptions(options)
    this.context = serverContext(handler, options, NODE_PLATFORM, connection => { this.forget(connection) })
    this.options = options
    this.host = host
    this.connections = new Set()
    this.handshakes = options.tls === undefined ? null : this.makeHandshakes()
    this.secureContext = options.tls ?? {}
    this.server = null
    this.count = 0
    this.accepted = 0
    this.isListening = false
    this.state = 'new'
    this.grace = null
    this.idle = null
  }

  /** Where it listens; null before and after. */
  get address(): AddressInfo | string | null {
    return this.server?.address() ?? null
  }

  /** Whether it listens, or is about to, and does not close. */
  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** How many connections there are. */
  get size(): number {
    return this.connections.size
  }

  /** Binds the socket. */
  start(): void {
    try {
      const place = placeOf(this.options)
      const server = this.createServer()
      server.on('error', error => { this.fail(error) })
      server.on('listening', () => { this.listens() }).on('connection', () => { this.accepted++ })
      server.listen(place)
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
    if (this.state !== 'open' && !this.mayBegin) connection.cut()
    else this.host.accepted(connection)
    if (this.mayBegin) connection.drain()
    return connection
  }

  /**
   * Accepts no more connections but those that wait already, closes those on which no request comes within `idleMs`
   * milliseconds or has come unseen, and lets the others answer; after `graceMs` milliseconds what is left is cut.
   */
  close({ graceMs, idleMs }: Required<CloseOptions>): void {
    if (this.state === 'open') this.drain(idleMs)
    if (this.state === 'new' || this.state === 'closed') return
    this.grace?.unsubscribe()
    this.grace = this.after(graceMs, () => { this.cut() })
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
  private cut(): void {
    if (this.state === 'draining') this.server?.close()
    this.state = 'ending'
    this.handshakes?.abandon()
    for (const connection of this.connections) connection.cut()
    this.settle()
  }

  /** Whether a connection that is new, or idle, may have one more request although the server closes. */
  private get mayBegin(): boolean {
    return this.state === 'draining' || this.state === 'idling'
  }

  private listens(): void {
    this.isListening = true
    this.host.listening()
  }

  private drain(idleMs: number): void {
    this.state = 'draining'
    for (const connection of this.connections) connection.drain()
    if (this.isListening) this.takeBacklog(idleMs, BACKLOG_TURNS)
    else this.stopListening(idleMs)
  }

  /** What waits to be accepted would be reset, with the requests that it brings. */
  private takeBacklog(idleMs: number, turns: number): void {
    const { accepted } = this
    this.context.afterRead(() => {
      if (this.state !== 'draining') return
      if (this.accepted === accepted || turns === 0) this.stopListening(idleMs)
      else this.takeBacklog(idleMs, turns - 1)
    })
  }

  private stopListening(idleMs: number): void {
    const end = (): void => { this.endIdle() }
    this.state = 'idling'
    this.server?.close()
    if (idleMs > 0) this.idle = this.after(idleMs, end)
    else this.context.afterRead(end)
    this.settle()
  }

  private endIdle(): void {
    if (this.state !== 'idling') return
    this.state = 'ending'
    this.handshakes?.abandon()
    for (const connection of this.connections) connection.endIdle()
    this.settle()
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
    this.settle()
  }

  private forget(connection: HttpConnection): void {
    this.connections.delete(connection)
    this.settle()
  }

  private settle(): void {
    const isClosing = this.state === 'idling' || this.state === 'ending'
    if (!isClosing || this.connections.size > 0 || (this.handshakes?.size ?? 0) > 0) return
    this.finish()
    this.host.closed()
  }

  /** A server that could not accept one connection goes on with the others. */
  private fail(error: Error): void {
    if (this.state === 'closed') return
    if (this.isListening) return this.context.onError(error, null)
    this.finish()
    // In another turn: whoever tries again at once, until a port is free, leaves the others theirs.
    this.context.afterRead(() => { this.host.failed(listenError(error, this.options)) })
  }

  private finish(): void {
    this.state = 'closed'
    this.server = null
    this.grace?.unsubscribe()
    this.grace = null
    this.idle?.unsubscribe()
    this.idle = null
    this.handshakes?.destroy()
  }

  /** Null where that is longer than a timer can wait. */
  private after(milliseconds: number, task: () => void): Subscription | null {
    return milliseconds <= LONGEST_TIME ? this.context.clock.scheduler.schedule(task, milliseconds) : null
  }
}

/** A bundle of key and certificate (`pfx`) and the two by themselves replace each other. */
function withoutReplaced(old: SecureContextOptions, given: SecureContextOptions): SecureContextOptions {
  if (given.pfx !== undefined) return { ...old, key: undefined, cert: undefined }
  return given.cert === undefined ? old : { ...old, pfx: undefined }
}
