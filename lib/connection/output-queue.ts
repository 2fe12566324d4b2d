/**
 * The bytes that wait to be written, and the callbacks that wait for them to be.
 *
 * Strategy: one queue for all responses of a connection, so that what is ready together leaves together. It never
 * refuses bytes. How many wait is counted once, in {@link Faraday.pendingBytes}: backpressure on a body, the start of
 * the next request and the time limits all ask that. A response that only the end of the connection ends is cut by
 * dropping its bytes; those of the responses before it are still written.
 */
import { COPIED_BEHIND_HEAD } from '../buffer/copying.js'
import { Faraday } from '../buffer/faraday.js'
import { firstBytes } from '../buffer/iovec.js'
import { isLong } from '../buffer/long-text.js'
import { Reentry } from '../buffer/reentry.js'
import { LocalProtocolError } from '../errors.js'
import { YIELD, type WriteOperation } from './operation.js'
import { Wakeup } from './wakeup.js'

/** A body that waits until little is left. @internal */
export interface Waiter {
  /** How many bytes may be left when {@link drained} is called. */
  readonly lowWaterMark: number
  /** At most that many bytes wait now. */
  drained(): void
}

/** The output of one connection. @internal */
export class OutputQueue {
  readonly bytes: Faraday
  readonly wakeup: Wakeup
  private waiters: Waiter[]
  private readonly calling: Reentry
  private isDropped: boolean
  private undelivered: number
  /** How many of the pending bytes are still to be written although what follows was cut; -1 for all of them. */
  private kept: number
  private isCut: boolean
  private mustReset: boolean

  constructor() {
    this.bytes = new Faraday()
    this.wakeup = new Wakeup()
    this.waiters = []
    this.calling = new Reentry()
    this.isDropped = false
    this.undelivered = 0
    this.kept = -1
    this.isCut = false
    this.mustReset = false
  }

  /** Text that waits and was not encoded yet, or ''; see {@link Faraday.pendingText}. */
  get pendingText(): string {
    return this.kept < 0 ? this.bytes.pendingText : ''
  }

  nextOperation(): WriteOperation {
    const { bytes, undelivered, mustReset } = this
    if (bytes.hasPending) {
      return { type: 'write', iovecs: this.kept < 0 ? bytes.iovecs() : firstBytes(bytes.iovecs(), this.kept) }
    }
    return bytes.isClosed ? { type: 'close', undelivered, mustReset } : YIELD
  }

  /** Adds a head, in latin-1, and its body of `length` bytes: text in UTF-8, or bytes, which are the queue's then. */
  writeParts(head: string, body: string | Uint8Array, length: number): void {
    const { bytes } = this
    if (typeof body === 'string' && length === body.length && !isLong(body)) return bytes.writeLatin1(head + body)
    bytes.writeLatin1(head)
    if (typeof body === 'string') bytes.writeString(body, length)
    else if (body.length <= COPIED_BEHIND_HEAD) bytes.writeBytes(body)
    else bytes.scheduleBytes(body)
  }

  /**
   * Counts `count` bytes as written and calls the callbacks that waited for that.
   *
   * @throws {@link LocalProtocolError} badRange: more than was offered
   */
  shift(count: number): void {
    // A callback of a flush may cut what is left.
    const wasCut = this.kept >= 0
    if (this.isDropped) this.deliver(count)
    else this.bytes.shift(count)
    if (wasCut) this.shiftKept(count)
    if (this.waiters.length > 0) this.callDrained()
  }

  /** Calls `waiter` once when little is left: at once, if that is so now. It is called once, however often it waits. */
  whenDrained(waiter: Waiter): void {
    if (!this.waiters.includes(waiter)) this.waiters.push(waiter)
    this.callDrained()
  }

  /** Takes no more bytes. Those that wait can still be written. */
  close(): void {
    this.waiters = []
    this.bytes.close()
  }

  /** Takes no more bytes, and drops those that wait. */
  drop(): void {
    this.waiters = []
    this.isDropped = true
    this.kept = -1
    this.undelivered += this.bytes.closeAndDrain()
  }

  /**
   * Takes no more bytes, and drops those from `position` on, where a response begins that only the connection's end
   * would end. Once a byte of it was written, or is by a write that is under way, the transport must be reset.
   */
  cutFrom(position: number): void {
    const { bytes } = this
    const kept = position - (bytes.position - bytes.pendingBytes)
    this.isCut = true
    this.mustReset = kept < 0
    this.close()
    if (kept > 0) this.kept = kept
    else this.drop()
  }

  private shiftKept(count: number): void {
    this.kept -= count
    if (this.kept > 0) return
    this.mustReset = this.kept < 0
    this.drop()
  }

  /** Counts what a write delivered that was under way when its bytes were dropped. */
  private deliver(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > this.undelivered) {
      throw new LocalProtocolError('badRange', `cannot have written ${count} of ${this.undelivered} bytes`)
    }
    this.undelivered -= count
    if (this.isCut && count > 0) this.mustReset = true
  }

  /** In a loop, because a callback that writes little and waits again would otherwise be called within itself. */
  private callDrained(): void {
    if (!this.calling.enter()) return
    for (let waiter = this.nextDrained(); waiter !== null; waiter = this.nextDrained()) waiter.drained()
    this.calling.leave()
  }

  private nextDrained(): Waiter | null {
    const index = this.waiters.findIndex(({ lowWaterMark }) => this.bytes.pendingBytes <= lowWaterMark)
    return index < 0 ? null : this.waiters.splice(index, 1)[0]
  }
}
