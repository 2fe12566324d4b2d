/**
 * The read loop (the design's "read processor"): bytes of the transport into the connection.
 *
 * Strategy: each emission is offered at once; what the connection does not consume is kept and offered again with what
 * follows. While the reader yields, the transport is read on, up to `readBufferSize`: only a read reveals that the
 * client left, and a handler that never asks for a small body has to be told. Then the transport is paused; at once
 * where the handler does not take a body that is known not to fit, because what is read ahead would be copied in vain.
 * When input is over for the connection, bytes are dropped, up to a limit.
 *
 * A client that ends its side (half-close) while a request of it is handled has left: a closed tab, an aborted fetch.
 * Requests that came before the end are still handed to the handler, and what it answers within the event is sent.
 */
import type { Observer, Subscription } from 'rxjs'
import type { ReadOperation } from '../connection/operation.js'
import type { ServerConnection } from '../connection/server-connection.js'
import type { EventSink } from './events.js'
import type { Received, Transport } from './transport.js'
import { UnreadInput } from './unread-input.js'
import type { WriteLoop } from './write-loop.js'

/** The owner of a read loop, which decides what the end of the input means. It imports the loop, not the other way. */
export interface ReadOwner {
  /** Output that is made while input is offered leaves together, at the end of the turn. */
  readonly writes: WriteLoop
  readonly events: EventSink
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

/** The read loop of one connection. */
export class ReadLoop implements Observer<Received> {
  /** How many bytes were received so far. */
  receivedBytes: number
  private readonly connection: ServerConnection
  private readonly transport: Transport
  private readonly owner: ReadOwner
  private readonly limits: ReadLimits
  private readonly writes: WriteLoop
  private readonly events: EventSink
  private readonly pending: UnreadInput
  /** {@link resume}, once it was needed. */
  private wake: (() => void) | null
  private input: 'flowing' | 'paused' | 'ended'
  /** What the connection does with input; `dropping`: input is over for it, and what still comes is dropped. */
  private reader: 'reading' | 'yielding' | 'dropping' | 'stopped'
  private dropped: number
  private subscription: Subscription | null

  constructor(connection: ServerConnection, transport: Transport, owner: ReadOwner, limits: ReadLimits) {
    this.receivedBytes = 0
    this.connection = connection
    this.transport = transport
    this.owner = owner
    this.limits = limits
    this.writes = owner.writes
    this.events = owner.events
    this.pending = new UnreadInput()
    this.wake = null
    this.input = 'flowing'
    this.reader = 'reading'
    this.dropped = 0
    this.subscription = null
  }

  /** Whether the client ended its side. */
  get hasEof(): boolean {
    return this.input === 'ended'
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
    this.reader = 'stopped'
    this.subscription?.unsubscribe()
    this.subscription = null
    return this.pending.takeAll()
  }

  next(received: Received): void {
    const { bytes } = received
    this.writes.beginEvent()
    this.receivedBytes += bytes.length
    if (this.events.isObserved) this.events.emit({ type: 'bytesIn', count: bytes.length, bytes })
    this.writes.beginTurn()
    if (this.reader === 'dropping') this.dropped += bytes.length
    else if (this.pending.length > 0 || this.reader === 'yielding') this.pending.append(bytes)
    else this.offer(received)
    if (this.reader === 'reading' && this.pending.length > 0) this.offerPending()
    this.endTurn()
  }

  complete(): void {
    this.input = 'ended'
    this.writes.beginTurn()
    this.offerEof()
    this.settle()
    if (this.events.isObserved) this.events.emit({ type: 'inputEnd' })
    this.owner.inputEnded()
    this.writes.endTurn()
    this.pauseOrResume()
  }

  error(error: unknown): void {
    this.owner.inputFailed(error)
  }

  private resume(): void {
    if (this.reader !== 'yielding') return
    this.reader = 'reading'
    this.tell('readerResume')
    this.writes.beginTurn()
    if (this.hasEof) this.offerEof()
    else if (this.pending.length > 0) this.offerPending()
    this.endTurn()
  }

  private endTurn(): void {
    this.settle()
    this.writes.endTurn()
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
    const { bytes, off, length } = this.pending.lift()
    this.keepRest(bytes, off, length, this.connection.read(bytes, off, length))
  }

  private offerEof(): void {
    if (this.endsWithinBody()) return this.owner.clientLeft(this.pending.takeAll())
    const { bytes, off, length } = this.pending.lift()
    this.keepRest(bytes, off, length, this.connection.readEof(bytes, off, length))
    if (this.isStopped || !this.connection.isHandling || this.limits.allowHalfOpen) return
    this.owner.clientLeft(this.pending.takeAll())
  }

  /** A loop that was stopped within the read keeps nothing: what was offered may be the handler's. */
  private keepRest(bytes: Uint8Array, off: number, length: number, consumed: number): void {
    if (!this.isStopped) this.pending.put(bytes, off + consumed, length - consumed)
  }

  private get isStopped(): boolean {
    return this.reader === 'stopped'
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

  /** Does what the next read operation says: wait for more, wait to be woken, or drop. */
  private settle(): void {
    if (this.isStopped) return
    const operation = this.connection.nextReadOperation()
    if (operation === 'close') this.drop()
    else if (operation === 'yield' && this.reader === 'reading') this.yieldReader()
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
    return this.reader === 'yielding' && this.pending.length >= this.connection.bodyLeft
  }

  private yieldReader(): void {
    this.reader = 'yielding'
    this.tell('readerYield')
    this.connection.yieldReader(this.wake ??= () => { this.resume() })
  }

  private isFull(operation: ReadOperation): boolean {
    if (operation === 'close') return this.dropped > this.limits.lingerBytes
    if (operation === 'read') return false
    const waiting = Math.max(this.pending.length, this.connection.bodyLeft)
    return this.reader === 'yielding' && waiting >= this.limits.readBufferSize
  }

  private drop(): void {
    this.reader = 'dropping'
    this.dropped += this.pending.length
    this.pending.clear()
  }

  private setPaused(isPaused: boolean): void {
    if (this.hasEof || isPaused === (this.input === 'paused')) return
    this.input = isPaused ? 'paused' : 'flowing'
    if (isPaused) this.transport.pause()
    else this.transport.resume()
    this.tell(isPaused ? 'pause' : 'resume')
  }

  private tell(type: 'readerYield' | 'readerResume' | 'pause' | 'resume'): void {
    if (this.events.isObserved) this.events.emit({ type })
  }
}
