/**
 * The pending output of a connection, and the callbacks that wait until it is written.
 *
 * Strategy: one queue for all responses of a connection, so that bytes which are ready together leave together. It
 * never refuses bytes. Their number is counted once, in {@link Faraday.pendingBytes}: backpressure on a body, the start
 * of the next request and the time limits all use it. A response that ends only with the connection is cut by dropping
 * its bytes; those of earlier responses are still written.
 */
import { COPIED_BEHIND_HEAD } from '../buffer/copying.js'
import { Faraday } from '../buffer/faraday.js'
import { firstBytes } from '../buffer/iovec.js'
import { isLong } from '../buffer/long-text.js'
import { Reentry } from '../buffer/reentry.js'
import { behindHead } from '../buffer/repeated-text.js'
import { LocalProtocolError } from '../errors.js'
import { YIELD, type WriteOperation } from './operation.js'
import { Wakeup } from './wakeup.js'

/** A body that waits until few bytes are pending. @internal */
export interface Waiter {
  /** The most bytes that may be pending when {@link drained} is called. */
  readonly lowWaterMark: number
  /** Called when at most that many bytes are pending. */
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
  /** The number of pending bytes before a cut, which are still to be written; -1 without a cut. */
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

  /** Pending text that was not encoded yet, or ''; see {@link Faraday.pendingText}. */
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

  /** Adds a head, in latin-1, and its body of `length` bytes: text for UTF-8, or bytes, which the queue then owns. */
  writeParts(head: string, body: string | Uint8Array, length: number): void {
    const { bytes } = this
    const isShort = typeof body === 'string' && length === body.length && !isLong(body)
    bytes.writeLatin1(isShort ? behindHead(head, body) : head)
    if (isShort) return
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
    // A callback of a flush may cut the rest.
    const wasCut = this.kept >= 0
    if (this.isDropped) this.deliver(count)
    else this.bytes.shift(count)
    if (wasCut) this.shiftKept(count)
    if (this.waiters.length > 0) this.callDrained()
  }

  /** Calls `waiter` once when few bytes are pending, perhaps at once; only once, however often it registers. */
  whenDrained(waiter: Waiter): void {
    if (!this.waiters.includes(waiter)) this.waiters.push(waiter)
    this.callDrained()
  }

  /** Accepts no more bytes. Pending ones can still be written. */
  close(): void {
    this.waiters = []
    this.bytes.close()
  }

  /** Accepts no more bytes, and drops the pending ones. */
  drop(): void {
    this.waiters = []
    this.isDropped = true
    this.kept = -1
    this.undelivered += this.bytes.closeAndDrain()
  }

  /**
   * Accepts no more bytes, and drops those from `position` on, where a response begins that would end only with the
   * connection. If a byte of it was written, or is part of the current write, the transport must be reset.
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

  /** Counts the bytes of a write that was in progress when they were dropped. */
  private deliver(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > this.undelivered) {
      throw new LocalProtocolError('badRange', `cannot have written ${count} of ${this.undelivered} bytes`)
    }
    this.undelivered -= count
    if (this.isCut && count > 0) this.mustReset = true
  }

  /** In a loop, because a callback that writes little and registers again would otherwise be called recursively. */
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
