/**
 * The bytes that wait to be written, and who waits for them to be.
 *
 * Strategy: one queue for all responses of a connection, so that what is ready together leaves together. It never
 * refuses bytes; how many wait is what the rest of the connection goes by.
 */
import { Faraday } from '../buffer/faraday.js'
import { isLong } from '../buffer/long-text.js'
import { LocalProtocolError } from '../errors.js'
import { YIELD, type WriteOperation } from './operation.js'
import { Wakeup } from './wakeup.js'

/** Bytes up to this size are copied, so that a small body leaves in one piece with its head. */
const COPY_LIMIT = 4096

/** Runs the application's callbacks. @internal */
export interface CallbackGuard {
  /** Calls `callback`; what it throws is dealt with. */
  guard(callback: () => void): void
}

/** The output of one connection. @internal */
export class OutputQueue {
  readonly bytes: Faraday
  readonly wakeup: Wakeup
  private readonly host: CallbackGuard
  private lowWaterMark: number
  private drained: (() => void) | null
  private isCallingDrained: boolean
  private isDropped: boolean
  private undelivered: number

  constructor(host: CallbackGuard) {
    this.bytes = new Faraday()
    this.wakeup = new Wakeup()
    this.host = host
    this.lowWaterMark = 0
    this.drained = null
    this.isCallingDrained = false
    this.isDropped = false
    this.undelivered = 0
  }

  nextOperation(): WriteOperation {
    if (this.bytes.hasPending) return { type: 'write', iovecs: this.bytes.iovecs() }
    return this.bytes.isClosed ? { type: 'close', undelivered: this.undelivered } : YIELD
  }

  /** Adds a head, in latin-1, and its body of `length` bytes: text in UTF-8, or bytes, which are the queue's then. */
  writeParts(head: string, body: string | Uint8Array, length: number): void {
    const { bytes } = this
    if (typeof body === 'string' && length === body.length && !isLong(body)) return bytes.writeLatin1(head + body)
    bytes.writeLatin1(head)
    if (typeof body === 'string') bytes.writeString(body, length)
    else if (body.length <= COPY_LIMIT) bytes.writeBytes(body)
    else bytes.scheduleBytes(body)
  }

  /**
   * Counts `count` bytes as written and tells who waited for that.
   *
   * @throws {@link LocalProtocolError} badRange: more than was offered
   */
  shift(count: number): void {
    if (this.isDropped) this.deliver(count)
    else this.bytes.shift(count)
    this.callDrained()
  }

  /**
   * Calls back once when at most `lowWaterMark` bytes wait: at once, if that is so now. One callback at a time waits.
   */
  whenDrained(lowWaterMark: number, callback: () => void): void {
    this.lowWaterMark = lowWaterMark
    this.drained = callback
    this.callDrained()
  }

  /** Takes no more bytes. Those that wait can still be written. */
  close(): void {
    this.drained = null
    this.bytes.close()
  }

  /** Takes no more bytes, and drops those that wait. */
  drop(): void {
    this.drained = null
    this.isDropped = true
    this.undelivered += this.bytes.closeAndDrain()
  }

  /** Counts what a write delivered that was under way when its bytes were dropped. */
  private deliver(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > this.undelivered) {
      throw new LocalProtocolError('badRange', `cannot have written ${count} of ${this.undelivered} bytes`)
    }
    this.undelivered -= count
  }

  /** In a loop, because a callback that writes little and waits again would otherwise be called within itself. */
  private callDrained(): void {
    if (this.drained === null || this.isCallingDrained) return
    this.isCallingDrained = true
    while (this.bytes.pendingBytes <= this.lowWaterMark) {
      const callback = this.drained
      if (callback === null) break
      this.drained = null
      this.host.guard(callback)
    }
    this.isCallingDrained = false
  }
}
