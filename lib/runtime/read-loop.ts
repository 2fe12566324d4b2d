/**
 * The read loop: bytes of the transport into the connection.
 *
 * Strategy: each emission is offered at once; what the connection does not consume is kept and offered again with what
 * follows. While the reader yields, the transport is read on, up to `readBufferSize`: only who reads learns that the
 * client has left, so a handler that never asks for a small body is told. Then the transport is paused; at once where
 * the handler does not take a body that is known not to fit, for which what is read ahead would be copied in vain. When
 * input is over for the connection, bytes are dropped, up to a limit.
 *
 * A client that ends its side while a request of it is handled has left: a closed tab, an aborted fetch. Requests that
 * came before the end are still handed to the handler, and what it answers within the event is sent.
 */
import type { Observer, Subscription } from 'rxjs'
import type { ReadOperation } from '../connection/operation.js'
import type { AnyServerConnection } from '../connection/server-connection.js'
import type { Received, Transport } from './transport.js'
import { UnreadInput } from './unread-input.js'

/** Whom the read loop belongs to. */
export interface ReadHost {
  /** Output that is made meanwhile waits for {@link endTurn}, so that it leaves together. */
  beginTurn(): void
  endTurn(): void
  bytesIn(bytes: Uint8Array): void
  /** What the loop does. */
  tell(type: 'readerYield' | 'readerResume' | 'pause' | 'resume'): void
  /**
   * The client ended its side within a request: it takes no answer any more, unless it may be half-open. `rest` is what
   * came before and was not consumed.
   */
  clientLeft(rest: Uint8Array): void
  /** The input ended. */
  inputEnded(): void
  /** The transport broke. */
  inputFailed(error: unknown): void
}

/** How much input is held and dropped. */
export interface ReadLimits {
  readonly readBufferSize: number
  readonly lingerBytes: number
  /** Whether a client that ended its side waits for its answers. */
  readonly allowHalfOpen: boolean
}

const NOTHING = new UnreadInput()

/** The read loop of one connection. */
export class ReadLoop implements Observer<Received> {
  /** Whether the input has ended. */
  hasEof: boolean
  private readonly connection: AnyServerConnection
  private readonly transport: Transport
  private readonly host: ReadHost
  private readonly limits: ReadLimits
  private readonly pending: UnreadInput
  /** {@link resume}, once it was needed. */
  private wake: (() => void) | null
  private isYielding: boolean
  private isPaused: boolean
  /** Whether the connection is reading what is pending: some of it may be the handler's by now. */
  private isOffering: boolean
  /** Whether input is over for the connection. */
  private isDropping: boolean
  private isStopped: boolean
  private dropped: number
  private subscription: Subscription | null

  constructor(connection: AnyServerConnection, transport: Transport, host: ReadHost, limits: ReadLimits) {
    this.hasEof = false
    this.connection = connection
    this.transport = transport
    this.host = host
    this.limits = limits
    this.pending = new UnreadInput()
    this.wake = null
    this.isYielding = false
    this.isPaused = false
    this.isOffering = false
    this.isDropping = false
    this.isStopped = false
    this.dropped = 0
    this.subscription = null
  }

  /** How many bytes there are behind what the connection consumed. */
  get unconsumed(): number {
    return this.connection.unconsumed ?? this.pending.length
  }

  /** Whether bytes wait that the connection has not consumed. */
  get hasPending(): boolean {
    return this.pending.length > 0
  }

  /** Starts reading. */
  start(): void {
    this.subscription = this.transport.bytes$.subscribe(this)
  }

  /** Stops reading for good. Returns the bytes that were read and not consumed, which are the caller's. */
  stop(): Uint8Array {
    this.isStopped = true
    this.subscription?.unsubscribe()
    this.subscription = null
    return this.takePending()
  }

  next(received: Received): void {
    const { bytes } = received
    this.host.bytesIn(bytes)
    this.host.beginTurn()
    if (this.isDropping) this.dropped += bytes.length
    else if (this.pending.length > 0 || this.isYielding) this.pending.append(bytes)
    else this.offer(received)
    if (!this.isYielding && this.pending.length > 0) this.offerPending()
    this.endTurn()
  }

  complete(): void {
    this.hasEof = true
    this.host.beginTurn()
    this.offerEof()
    this.settle()
    this.host.inputEnded()
    this.host.endTurn()
    this.pauseOrResume()
  }

  error(error: unknown): void {
    this.host.inputFailed(error)
  }

  private resume(): void {
    if (this.isStopped) return
    this.isYielding = false
    this.host.tell('readerResume')
    this.host.beginTurn()
    if (this.hasEof) this.offerEof()
    else if (this.pending.length > 0) this.offerPending()
    this.endTurn()
  }

  private endTurn(): void {
    this.settle()
    this.host.endTurn()
    this.pauseOrResume()
  }

  private offer({ bytes, ownership }: Received): void {
    const { connection } = this
    const consumed = ownership === 'lent'
      ? connection.readLent(bytes, 0, bytes.length)
      : connection.read(bytes, 0, bytes.length)
    if (consumed < bytes.length) this.pending.append(bytes.subarray(consumed))
  }

  private offerPending(): void {
    const { pending } = this
    this.isOffering = true
    const consumed = this.connection.read(pending.bytes, pending.off, pending.length)
    this.isOffering = false
    if (!this.isStopped) pending.consume(consumed)
  }

  private offerEof(): void {
    const { connection, pending } = this
    if (this.endsWithinBody()) return this.host.clientLeft(this.takePending())
    this.isOffering = true
    const consumed = connection.readEof(pending.bytes, pending.off, pending.length)
    this.isOffering = false
    if (this.isStopped) return
    pending.consume(consumed)
    if (connection.isHandling && !this.limits.allowHalfOpen) this.host.clientLeft(this.takePending())
  }

  /**
   * Whether the client has left within a body that the handler has, or may yet read: that it is not complete is no
   * fault which an answer could name.
   */
  private endsWithinBody(): boolean {
    const { connection } = this
    if (this.limits.allowHalfOpen || !connection.isReceivingBody && !this.hasPending) return false
    if (this.hasPending) this.offerPending()
    return !this.isStopped && connection.isReceivingBody && !connection.isDroppingBody
  }

  private takePending(): Uint8Array {
    const { bytes, off, length } = this.isOffering ? NOTHING : this.pending
    this.pending.clear()
    return bytes.subarray(off, off + length)
  }

  /** Does what the next read operation says: wait for more, wait to be woken, or drop. */
  private settle(): void {
    const operation = this.connection.nextReadOperation()
    if (operation === 'close') this.drop()
    else if (operation === 'yield' && !this.isYielding) this.yieldReader()
  }

  /**
   * Comes when output has left: an echo whose client takes it at once is not paused, and each of its requests costs two
   * system calls less.
   */
  private pauseOrResume(): void {
    if (this.isStopped) return
    this.transport.prefer(this.hasRestOfBody ? 'lent' : this.connection.wantedInput)
    this.setPaused(this.isFull(this.connection.nextReadOperation()))
  }

  /** Whether what comes next is no data of the body, as far as that is known: it can be lent. */
  private get hasRestOfBody(): boolean {
    return this.isYielding && this.pending.length >= this.connection.bodyLeft
  }

  private yieldReader(): void {
    this.isYielding = true
    this.host.tell('readerYield')
    this.connection.yieldReader(this.wake ??= () => { this.resume() })
  }

  private isFull(operation: ReadOperation): boolean {
    if (operation === 'close') return this.dropped > this.limits.lingerBytes
    if (operation === 'read') return false
    return this.isYielding && Math.max(this.pending.length, this.connection.bodyLeft) >= this.limits.readBufferSize
  }

  private drop(): void {
    this.isDropping = true
    this.dropped += this.pending.length
    this.pending.clear()
  }

  private setPaused(isPaused: boolean): void {
    if (isPaused === this.isPaused) return
    this.isPaused = isPaused
    if (isPaused) {
      this.transport.pause()
      this.host.tell('pause')
    } else {
      this.transport.resume()
      this.host.tell('resume')
    }
  }
}
