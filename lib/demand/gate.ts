/**
 * The overflow policy at work: a gate between a source that cannot be paused and its consumer.
 *
 * Strategy: a value passes while there is demand. Other values wait in a queue of bounded weight; the policies differ
 * in that bound and in what happens beyond it. The host provides the destination and its demand: a subscriber with a
 * `ready$`, or a body itself.
 *
 * The policy is applied to a value only after the consumer has offered its pending bytes to the transport: a client
 * that keeps up loses nothing in a burst within one turn. Where the transport cannot tell at once how much it took, the
 * queue may hold {@link SLACK_BYTES}; the policy applies again to the first value that comes when that is known.
 *
 * A pausable source is offered the demand (offer.ts). All values that come of one of its values may wait, however many
 * operators make of it, and it gives no more until they have passed. The policy applies to values from other sources,
 * and to those that come later.
 *
 * The completion of the source waits for the queue, its error does not. The queue is made for the first value that
 * waits.
 */
import { Reentry } from '../buffer/reentry.js'
import { ValueQueue } from '../buffer/value-queue.js'
import { BackpressureError } from '../errors.js'
import { attempt } from '../thrown.js'
import type { Consumer } from './consumer.js'
import { Waiting, type Offer } from './offer.js'
import { Tally, type Ahead } from './tally.js'

/** What happens to a value for which the buffer has no room. */
export type BufferOverflow = 'error' | 'dropOldest' | 'dropNewest'

/**
 * The bound of the buffer, and what happens beyond it. With `dropOldest` the newest value is kept, however large it is.
 */
export interface BackpressurePolicy {
  readonly capacity: number
  readonly overflow: BufferOverflow
}

/** The destination of the values of a gate. */
export interface GateHost<T> {
  /** Whether no more values are taken. */
  readonly isClosed: boolean
  /** The consumer behind the gate. */
  readonly consumer: Consumer
  /** The demand: more than 0, where a value may pass; else the host calls {@link Gate.drain} later. */
  wanted(): number
  sizeOf(value: T): number
  pass(value: T): void
  /** Tells the application of a dropped value. If that throws or rejects, the source has failed. */
  onDrop(value: T): unknown
  /** The source is complete, and all waiting values have passed. */
  finish(): void
  /** The source, or the application, failed. It may do so after {@link finish}. */
  fail(error: unknown): void
}

/** How many bytes may wait while it is not known yet whether the client is slow. */
const SLACK_BYTES = 1024 * 1024

/** A gate in front of one consumer. */
export class Gate<T> implements Offer {
  private readonly host: GateHost<T>
  private readonly policy: BackpressurePolicy
  private queue: ValueQueue<T> | null
  private weight: number
  private readonly draining: Reentry
  private isCompleting: boolean
  private isLeft: boolean
  /** Counts the values of sources that took the offer; null before the first. */
  private tally: Tally | null
  private waiting: Waiting | null

  constructor(host: GateHost<T>, policy: BackpressurePolicy) {
    this.host = host
    this.policy = policy
    this.queue = null
    this.weight = 0
    this.draining = new Reentry()
    this.isCompleting = false
    this.isLeft = false
    this.tally = null
    this.waiting = null
  }

  /** Whether values wait. */
  get isHolding(): boolean {
    return this.queue !== null
  }

  get wanted(): number {
    if (this.isLeft) return Infinity
    return this.isHolding || this.host.isClosed ? 0 : this.host.wanted()
  }

  whenWanted(callback: () => void): () => void {
    return (this.waiting ??= new Waiting()).add(callback)
  }

  enter(): number {
    return (this.tally ??= new Tally()).enter()
  }

  leave(before: number): void {
    const ahead = this.tally?.leave(before) ?? null
    if (ahead !== null && !this.isLeft) this.ahead(ahead)
  }

  ahead(ahead: Ahead): void {
    this.host.consumer.ahead(ahead)
  }

  reportLate(error: unknown): void {
    this.host.consumer.reportLate(error)
  }

  /** There is demand again. */
  drain(): void {
    if (!this.draining.enter()) return
    while (this.queue !== null && this.host.wanted() > 0) this.host.pass(this.shift(this.queue))
    this.draining.leave()
    if (this.isCompleting && !this.isHolding) this.host.finish()
    else this.waiting?.notify(() => this.wanted > 0)
  }

  /** Passes the value on, or applies the policy to it. */
  take(value: T): void {
    const { host } = this
    this.tally?.arrive()
    if (this.mayPass()) return host.pass(value)
    const isKnown = host.consumer.flush()
    if (host.isClosed) return
    if (this.mayPass()) host.pass(value)
    else if (this.tally?.isGiving === true) this.push(value, this.weightOf(value))
    else this.keep(value, isKnown ? this.policy.capacity : Math.max(this.policy.capacity, SLACK_BYTES))
  }

  complete(): void {
    this.isCompleting = true
    if (!this.isHolding && !this.draining.isBusy) this.host.finish()
  }

  /** Drops the waiting values without notice. */
  clear(): void {
    this.queue = null
    this.weight = 0
  }

  /**
   * The consumer has left its source, or the source has ended for it. One that continues has other consumers (`share`),
   * which need not wait for this one.
   */
  left(): void {
    this.isLeft = true
    this.waiting?.notify(() => true)
  }

  private mayPass(): boolean {
    return this.queue === null && this.host.wanted() > 0
  }

  private keep(value: T, capacity: number): void {
    const { overflow } = this.policy
    const weight = this.weightOf(value)
    const isDroppingOldest = overflow === 'dropOldest'
    while (isDroppingOldest && this.queue !== null && this.weight + weight > capacity) {
      this.drop(this.shift(this.queue))
    }
    if (isDroppingOldest || this.weight + weight <= capacity) this.push(value, weight)
    else if (overflow === 'error') this.host.fail(this.overflowError(weight))
    else this.drop(value)
  }

  private drop(value: T): void {
    const { host } = this
    host.consumer.dropped(host.sizeOf(value))
    attempt(() => host.onDrop(value), error => { host.fail(error) })
  }

  private push(value: T, weight: number): void {
    this.queue ??= new ValueQueue()
    this.queue.push(value)
    this.weight += weight
  }

  private shift(queue: ValueQueue<T>): T {
    const value = queue.shift()
    this.weight -= this.weightOf(value)
    // The weight anew: bytes that were given away while they waited have lost theirs.
    if (queue.length === 0) this.clear()
    return value
  }

  /** An empty value counts 1, so that the number of empty values is bounded too. */
  private weightOf(value: T): number {
    return Math.max(1, this.host.sizeOf(value))
  }

  private overflowError(weight: number): BackpressureError {
    const waiting = this.weight + this.host.consumer.pending
    return new BackpressureError(
      `the source is faster than its consumer: ${waiting} bytes wait, and there is no room for ${weight} more. Use a `
      + 'source that can be paused (an iterable, a stream, pulled(), a function of ready$) or an overflow policy: '
      + "'latest', 'dropOldest' or 'dropNewest' where values may be lost, { bufferBytes } where more may wait",
      waiting,
    )
  }
}
