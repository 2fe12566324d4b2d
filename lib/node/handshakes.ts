/**
 * The raw sockets of a TLS server: those in a handshake, which belong to no connection yet, and those of connections.
 *
 * Strategy: Node wraps each accepted socket in a TLS socket, emits that once the handshake is complete, and closes
 * nothing itself when a handshake fails or stalls. So every socket is registered here from the start. A failed one is
 * destroyed at once; the server's clock checks for slow ones, oldest first. At the limit of connections the oldest
 * socket in a handshake makes room for a new one, so that silent clients cannot lock out others.
 */
import { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'
import { ConnectionClosedError, HandshakeError } from '../errors.js'
import type { Clock, Ticking } from '../runtime/clock.js'

/** A handshake that failed. */
export interface FailedHandshake {
  readonly error: Error
  readonly remoteAddress: string
}

/** The limits of handshakes. */
export interface HandshakeLimits {
  /** In milliseconds; 0: no limit. */
  readonly handshakeTimeout: number
  readonly maxConnections: number
}

/** A handshake in progress. `since` is the time of {@link Clock.now}. */
interface Handshake {
  readonly since: number
  readonly remoteAddress: string
  readonly remotePort: number | undefined
  error: Error | null
}

/** The sockets of one TLS server. */
export class Handshakes implements Ticking {
  memberBefore: Ticking | null
  memberAfter: Ticking | null
  private readonly limits: HandshakeLimits
  private readonly clock: Clock
  private readonly failed: (handshake: FailedHandshake) => void
  /** All open sockets. */
  private readonly sockets: Set<Socket>
  /** The sockets in a handshake, oldest first. */
  private readonly pending: Map<Socket, Handshake>

  /** `failed` is called once for each handshake that fails. */
  constructor(limits: HandshakeLimits, clock: Clock, failed: (handshake: FailedHandshake) => void) {
    this.memberBefore = null
    this.memberAfter = null
    this.limits = limits
    this.clock = clock
    this.failed = failed
    this.sockets = new Set()
    this.pending = new Map()
  }

  /** The number of handshakes in progress. */
  get size(): number {
    return this.pending.size
  }

  /** Watches the sockets that a server accepts. Must be called before anybody else listens to the server. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => { this.begin(socket) })
    server.on('secureConnection', socket => { this.complete(socket) })
    server.on('tlsClientError', (error, socket) => { this.fail(error, socket) })
  }

  /** Gives up all handshakes in progress. */
  abandon(): void {
    for (const socket of this.pending.keys()) this.giveUp(socket, 'closing')
  }

  /** Destroys all sockets. */
  destroy(): void {
    this.abandon()
    for (const socket of this.sockets) socket.destroy()
  }

  tick(now: number): void {
    const { handshakeTimeout } = this.limits
    for (const [socket, { since }] of this.pending) {
      if (now - since < handshakeTimeout) return
      this.giveUp(socket, 'handshakeTimeout')
    }
  }

  private begin(socket: Socket): void {
    const { remoteAddress = '', remotePort } = socket
    if (this.sockets.size >= this.limits.maxConnections) this.makeRoom()
    socket.on('close', () => { this.closed(socket) })
    this.pending.set(socket, { since: this.clock.now, remoteAddress, remotePort, error: null })
    this.sockets.add(socket)
    if (this.sockets.size > this.limits.maxConnections) this.giveUp(socket, 'maxConnections')
    else if (this.limits.handshakeTimeout > 0) this.clock.add(this)
  }

  private makeRoom(): void {
    const { value: oldest } = this.pending.keys().next()
    if (oldest !== undefined) this.giveUp(oldest, 'maxConnections')
  }

  private complete(tls: TLSSocket): void {
    const socket = this.socketUnder(tls)
    if (socket !== null) this.settle(socket)
  }

  /** Destroys the socket: with a listener for `tlsClientError`, Node does not. */
  private fail(error: Error, tls: TLSSocket): void {
    const socket = this.socketUnder(tls)
    if (socket !== null) this.noteFailure(socket, error)
    tls.destroy()
  }

  private giveUp(socket: Socket, code: HandshakeError['code']): void {
    this.noteFailure(socket, new HandshakeError(code))
    socket.destroy()
    this.closed(socket)
  }

  private noteFailure(socket: Socket, error: Error): void {
    const handshake = this.pending.get(socket)
    if (handshake !== undefined) handshake.error ??= error
  }

  private closed(socket: Socket): void {
    this.sockets.delete(socket)
    const handshake = this.settle(socket)
    if (handshake === null) return
    const { error, remoteAddress } = handshake
    this.failed({ error: error ?? new ConnectionClosedError(), remoteAddress })
  }

  /** Removes the socket from the handshakes in progress; returns its handshake, or null if that was complete. */
  private settle(socket: Socket): Handshake | null {
    const handshake = this.pending.get(socket) ?? null
    this.pending.delete(socket)
    if (this.pending.size === 0) this.clock.delete(this)
    return handshake
  }

  /** Returns the raw socket under a TLS socket, by Node's undocumented field, or else by its remote address. */
  private socketUnder(tls: TLSSocket): Socket | null {
    const { _parent: parent } = tls as unknown as { readonly _parent?: unknown }
    if (parent instanceof Socket) return parent
    for (const [socket, { remoteAddress, remotePort }] of this.pending) {
      if (socket === tls || (tls.remotePort === remotePort && tls.remoteAddress === remoteAddress)) return socket
    }
    return null
  }
}
