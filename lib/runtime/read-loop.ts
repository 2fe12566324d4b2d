/**
 * The read loop (the design's "read processor"): passes bytes from the transport to the connection.
 *
 * Strategy: each read is offered to the connection at once; unconsumed bytes are kept and offered again together with
 * what follows. While the reader yields, the loop reads ahead up to `readBufferSize`, because only a read reveals that
 * the client left, and a handler that ignores a small body must still learn of it. Then it pauses the transport. If the
 * rest of the body is known not to fit, it pauses at once, because bytes read ahead would be copied in vain. After the
 * connection has closed its input, the loop drops up to `lingerBytes`, then pauses.
 *
 * A client that half-closes while its request is handled counts as gone (a closed tab, an aborted fetch), unless
 * `allowHalfOpen` is set. Requests received before the end still reach the handler, and what it answers within the same
 * event is sent.
 */
import { Subscriber } from 'rxjs'
import type { ReadOperation } from '../connection/operation.js'
import type { ServerConnection } from '../connection/server-connection.js'
import type { EventSink } from './events.js'
import type { Received, Transport } from './transport.js'
import { UnreadInput } from './unread-input.js'
import type { WriteLoop } from './write-loop.js'

/** The owner of a read loop; it decides what the end of the input means. The owner imports the loop, not vice versa. */
export interface ReadOwner {
  /** Holds the output that is produced while input is offered, and writes it at the end of the turn. */
  readonly writes: WriteLoop
  readonly events: EventSink
  /**
   * The client half-closed within a request and `allowHalfOpen` is not set, so it counts as gone. `rest` holds the
   * received bytes that were not consumed; the owner of the loop owns them.
   */
  clientLeft(rest: Uint8Array): void
  /** The input ended. */
  inputEnded(): void
  /** The transport broke. */
  inputFailed(error: unknown): void
}

/** Limits, in bytes, on the input that is held and dropped. */
export interface ReadLimits {
  readonly readBufferSize: number
  readonly lingerBytes: number
  /** Whether a client that half-closes still gets its responses. */
  readonly allowHalfOpen: boolean
}

/** The read loop of one connection. A subscriber itself: nothing stands between it and the transport at each read. */
export class ReadLoop extends Subscriber<Received> {
  /** Bytes received so far. */
  receivedBytes: number
  private readonly connection: ServerConnection
  private readonly transport: Transport
  private readonly owner: ReadOwner
  private readonly limits: ReadLimits
  private readonly writes: WriteLoop
  private readonly events: EventSink
  private readonly pending: UnreadInput
  /** Calls {@link resume}; made at the first yield. */
  private wake: (() => void) | null
  private input: 'flowing' | 'paused' | 'ended'
  /** What happens to input; `dropping`: the connection has closed its input, and further bytes are dropped. */
  private reader: 'reading' | 'yielding' | 'dropping' | 'stopped'
  private dropped: number

  constructor(connection: ServerConnection, transport: Transport, owner: ReadOwner, limits: ReadLimits) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- of an observer, RxJS would make a subscriber
    super()
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
  }

  /** Whether the client has half-closed. */
  get hasEof(): boolean {
    return this.input === 'ended'
  }

  /** The number of received bytes that the connection has not consumed. */
  get unconsumed(): number {
    return this.connection.unconsumed ?? this.pending.length
  }

  /** Whether unconsumed bytes are kept here. */
  get hasPending(): boolean {
    return this.pending.length > 0
  }

  /** Starts reading. */
  start(): void {
    this.transport.bytes$.subscribe(this)
  }

  /** Stops reading for good. Returns the unconsumed bytes, which the caller then owns. */
  stop(): Uint8Array {
    this.reader = 'stopped'
    this.unsubscribe()
    return this.pending.takeAll()
  }

  override next(received: Received): void {
    if (this.closed) return
    const { bytes, length } = received
    this.writes.beginEvent()
    this.receivedBytes += length
    if (this.events.isObserved) this.events.emit({ type: 'bytesIn', count: length, bytes: bytes.subarray(0, length) })
    this.writes.beginTurn()
    if (this.reader === 'dropping') this.dropped += length
    else if (this.pending.length > 0 || this.reader === 'yielding') this.keep(bytes.subarray(0, length))
    else this.offer(received)
    if (this.reader === 'reading' && this.pending.length > 0) this.offerPending()
    this.endTurn()
  }

  override complete(): void {
    if (this.closed) return
    this.input = 'ended'
    this.writes.beginTurn()
    this.offerEof()
    this.settle()
    if (this.events.isObserved) this.events.emit({ type: 'inputEnd' })
    this.owner.inputEnded()
    this.writes.endTurn()
    this.pauseOrResume()
    this.unsubscribe()
  }

  override error(error: unknown): void {
    if (this.closed) return
    this.owner.inputFailed(error)
    this.unsubscribe()
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

  private offer({ bytes, length, ownership }: Received): void {
    const { connection } = this
    const consumed = ownership === 'lent' ? connection.readLent(bytes, 0, length) : connection.read(bytes, 0, length)
    if (consumed < length) this.keep(bytes.subarray(consumed, length))
  }

  /** Keeps a copy of input; what follows of its body will be kept, too, up to the limit. */
  private keep(bytes: Uint8Array): void {
    this.pending.append(bytes, Math.min(this.connection.bodyLeft, this.limits.readBufferSize))
  }

  private offerPending(): void {
    const { bytes, off, length } = this.pending.lift()
    this.keepRest(bytes, off, length, this.connection.read(bytes, off, length))
  }

  private offerEof(): void {
    if (this.endsWithinBody()) return this.owner.clientLeft(this.pending.takeAll())
    const { bytes, off, length } = this.pending.lift()
    this.keepRest(bytes, off, length, this.connection.readEof(bytes, off, length))
    if (this.hasStopped || !this.connection.isHandling || this.limits.allowHalfOpen) return
    this.owner.clientLeft(this.pending.takeAll())
  }

  /** A loop that was stopped during the read keeps nothing: the handler may own the bytes that were offered. */
  private keepRest(bytes: Uint8Array, off: number, length: number, consumed: number): void {
    if (!this.hasStopped) this.pending.put(bytes, off + consumed, length - consumed)
  }

  private get hasStopped(): boolean {
    return this.reader === 'stopped'
  }

  /**
   * Whether the client left within a body that the handler reads or may yet read. Nobody is left to receive a 400 for
   * the incomplete body.
   */
  private endsWithinBody(): boolean {
    const { connection } = this
    if (this.limits.allowHalfOpen || !connection.isReceivingBody && !this.hasPending) return false
    if (this.hasPending) this.offerPending()
    return !this.hasStopped && connection.isReceivingBody && !connection.isDroppingBody
  }

  /** Follows the next read operation: wait for input, wait to be woken, or drop. */
  private settle(): void {
    const operation = this.connection.nextReadOperation()
    // To ask may carry out what is due, which may stop the loop.
    if (this.hasStopped) return
    if (operation === 'close') this.drop()
    else if (operation === 'yield' && this.reader === 'reading') this.yieldReader()
  }

  /**
   * Called after output was written: an echo whose client takes it at once is never paused, which saves two system
   * calls a request.
   */
  private pauseOrResume(): void {
    if (this.hasStopped) return
    this.transport.prefer(this.hasRestOfBody ? 'lent' : this.connection.wantedInput)
    this.setPaused(this.isFull(this.connection.nextReadOperation()))
  }

  /** Whether the rest of the body is already here, so that the next bytes are not body data and can be lent. */
  private get hasRestOfBody(): boolean {
    return this.reader === 'yielding' && this.pending.length >= this.connection.bodyLeft
  }

  private yieldReader(): void {
    this.reader = 'yielding'
    this.tell('readerYield')
    this.connection.yieldReader(this.wake ??= this.resume.bind(this))
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
