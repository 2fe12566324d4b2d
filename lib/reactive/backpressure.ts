/**
 * Operators for sources that cannot be slowed: what becomes of values that nobody wants yet.
 *
 * Strategy: one gate with credit serves all of them. Each value of `ready$` sets the credit; a value that passes
 * costs its size, and may cost more than is left, as long as something is left. What does not pass waits in a queue
 * of bounded weight; the operators differ in that bound and in what happens beyond it. Credit is taken before a value
 * is passed on, because its consumer may grant the next credit from within.
 *
 * A value that finds no credit is not judged before the consumer has offered what waits to its transport: a burst
 * within one turn costs a client that keeps up nothing. Where the transport cannot say at once what it took, the queue
 * may hold {@link SLACK_BYTES}; the policy holds again for the first value that comes when that is known.
 *
 * A source that can wait is offered the demand (offer.ts). What it gives waits, however much that becomes on its way:
 * it gives no more until all of it has passed. The policy judges what comes from elsewhere, or later.
 *
 * The end of the source waits for the queue, its error does not. Nothing passes after `ready$` completed, because
 * nobody is there to take it; what waits then is freed by unsubscribing.
 */
import { Observable, type Subscriber, takeWhile } from 'rxjs'
import { BackpressureError, chunkSize } from './chunk.js'
import { demanding, type Demanding } from './demand.js'
import { Tally, type Ahead } from './drops.js'
import { offering, Waiting, type Offer } from './offer.js'
import { ValueQueue } from './value-queue.js'

/** What happens to a value that finds no room. */
export type BufferOverflow = 'error' | 'dropOldest' | 'dropNewest'

/** How {@link onBackpressureBuffer} keeps values. */
export interface BackpressureBufferOptions<T> {
  /** The most bytes that wait, counted by {@link chunkSize}; an empty value counts 1. */
  readonly bufferBytes: number
  /** 'error' unless given. */
  readonly overflow?: BufferOverflow
  /** Sees each value that is dropped. What it throws is the error of the result. */
  readonly onDrop?: (value: T) => void
}

/** How many bytes wait for a client of which it cannot be said yet whether it is slow. */
const SLACK_BYTES = 1024 * 1024

/** How much may wait, and what happens beyond. With `dropOldest` the newest value is kept, however large it is. */
export interface BackpressurePolicy {
  readonly capacity: number
  readonly overflow: BufferOverflow
}

/** What else a gate is told. */
interface GateOptions<T> extends BackpressurePolicy {
  readonly onDrop?: ((value: T) => void) | undefined
  /** What a value costs: {@link chunkSize} unless given. */
  readonly sizeOf?: ((value: T) => number) | undefined
}

/** An operator that keeps the type of its values. */
type SameTypeOperator<T> = (source: Observable<T>) => Observable<T>

/**
 * Returns the operator that keeps up to `bufferBytes` until they are wanted. Beyond that, the result fails with a
 * {@link BackpressureError} ('error'), or loses its oldest values, or the new one. With 'dropOldest' the newest value
 * is kept even where it alone is bigger than the whole buffer.
 */
export function onBackpressureBuffer<T>(
  ready$: Observable<number>,
  options: BackpressureBufferOptions<T>,
): SameTypeOperator<T> {
  const { bufferBytes, overflow = 'error', onDrop } = options
  return gated<T>(ready$, { capacity: bufferBytes, overflow, onDrop })
}

/** Returns the operator that drops each value that is not wanted when it comes. */
export function onBackpressureDrop<T>(ready$: Observable<number>, onDrop?: (value: T) => void): SameTypeOperator<T> {
  return gated<T>(ready$, { capacity: 0, overflow: 'dropNewest', onDrop })
}

/** Returns the operator that keeps the last value until it is wanted, and drops those before it. */
export function onBackpressureLatest<T>(ready$: Observable<number>, onDrop?: (value: T) => void): SameTypeOperator<T> {
  return gated<T>(ready$, { capacity: 0, overflow: 'dropOldest', onDrop })
}

/** Returns the operator that fails with a {@link BackpressureError} when a value comes that is not wanted. */
export function onBackpressureError<T>(ready$: Observable<number>): SameTypeOperator<T> {
  return gated<T>(ready$, { capacity: 0, overflow: 'error' })
}

/** Returns the operator of a policy. */
export function gated<T>(ready$: Observable<number>, options: GateOptions<T>): SameTypeOperator<T> {
  return source => new Observable<T>(subscriber => {
    const gate = new Gate(subscriber, options, demanding(ready$))
    // A source that never pauses within its subscription has nothing to unsubscribe yet: the gate tells it to stop.
    const whileOpen = takeWhile<unknown>(() => !subscriber.closed)
    subscriber.add(() => gate.clear())
    subscriber.add(ready$.subscribe({
      next: wanted => gate.grant(wanted),
      error: error => subscriber.error(error),
    }))
    if (subscriber.closed) return
    subscriber.add(offering(gate, () => source.pipe(whileOpen as SameTypeOperator<T>).subscribe({
      next: value => gate.take(value),
      error: error => subscriber.error(error),
      complete: () => gate.complete(),
    })))
  })
}

class Gate<T> implements Offer {
  private readonly subscriber: Subscriber<T>
  private readonly options: GateOptions<T>
  private readonly sizeOf: (value: T) => number
  private readonly consumer: Demanding | null
  private credit: number
  private readonly queue: ValueQueue<T>
  private weight: number
  private isDraining: boolean
  private isCompleting: boolean
  /** How many sources that took the offer are giving. */
  private giving: number
  private readonly tally: Tally
  private readonly waiting: Waiting

  constructor(subscriber: Subscriber<T>, options: GateOptions<T>, consumer: Demanding | null) {
    this.subscriber = subscriber
    this.options = options
    this.sizeOf = options.sizeOf ?? chunkSize
    this.consumer = consumer
    this.credit = 0
    this.queue = new ValueQueue()
    this.weight = 0
    this.isDraining = false
    this.isCompleting = false
    this.giving = 0
    this.tally = new Tally()
    this.waiting = new Waiting()
  }

  get wanted(): number {
    return this.isHolding || this.subscriber.closed ? 0 : this.credit
  }

  whenWanted(callback: () => void): () => void {
    return this.waiting.add(callback)
  }

  enter(): number {
    this.giving++
    return this.tally.arrivals
  }

  leave(before: number): void {
    this.giving--
    const ahead = before < 0 ? null : this.tally.given(before)
    if (ahead !== null) this.ahead(ahead)
  }

  ahead(ahead: Ahead): void {
    this.consumer?.ahead(ahead)
  }

  reportLate(error: unknown): void {
    this.consumer?.reportLate(error)
  }

  grant(credit: number): void {
    this.credit = credit
    if (this.isDraining) return
    this.isDraining = true
    while (this.credit > 0 && this.isHolding) this.pass(this.shift())
    this.isDraining = false
    if (this.isCompleting && !this.isHolding) this.subscriber.complete()
    else this.waiting.notify(() => this.wanted > 0)
  }

  take(value: T): void {
    this.tally.arrive(this.giving === 0)
    if (this.mayPass()) return this.pass(value)
    const isKnown = this.consumer?.flush() ?? true
    if (this.subscriber.closed) return
    if (this.mayPass()) this.pass(value)
    else if (this.giving > 0) this.push(value, this.weightOf(value))
    else this.keep(value, isKnown ? this.options.capacity : Math.max(this.options.capacity, SLACK_BYTES))
  }

  complete(): void {
    this.isCompleting = true
    if (!this.isHolding && !this.isDraining) this.subscriber.complete()
  }

  clear(): void {
    this.queue.clear()
    this.weight = 0
  }

  private get isHolding(): boolean {
    return this.queue.length > 0
  }

  private mayPass(): boolean {
    return this.credit > 0 && !this.isHolding
  }

  private pass(value: T): void {
    this.credit -= this.sizeOf(value)
    this.subscriber.next(value)
  }

  private keep(value: T, capacity: number): void {
    const { overflow } = this.options
    const weight = this.weightOf(value)
    const isDroppingOldest = overflow === 'dropOldest'
    while (isDroppingOldest && this.isHolding && this.weight + weight > capacity) this.drop(this.shift())
    if (isDroppingOldest || this.weight + weight <= capacity) this.push(value, weight)
    else if (overflow === 'error') this.subscriber.error(this.overflowError(weight))
    else this.drop(value)
  }

  private push(value: T, weight: number): void {
    this.queue.push(value)
    this.weight += weight
  }

  private shift(): T {
    const value = this.queue.shift()
    this.weight -= this.weightOf(value)
    return value
  }

  private drop(value: T): void {
    this.consumer?.dropped(this.sizeOf(value))
    try {
      this.options.onDrop?.(value)
    } catch (error) {
      this.subscriber.error(error)
    }
  }

  /** Empty values count, or there could be any number of them. */
  private weightOf(value: T): number {
    return Math.max(1, this.sizeOf(value))
  }

  private overflowError(weight: number): BackpressureError {
    const waiting = this.weight + (this.consumer?.pending ?? 0)
    return new BackpressureError(
      `the source is faster than its consumer: ${waiting} bytes wait, and ${weight} more found no room. A source that `
      + 'can wait is an iterable, a stream, pulled() or a function of ready$; one that cannot has a policy: '
      + "'latest', 'dropOldest' or 'dropNewest' where values may be lost, { bufferBytes } where more may wait",
      waiting,
    )
  }
}
