/**
 * Operators for sources that cannot be slowed: what becomes of values that nobody wants yet.
 *
 * Strategy: one gate with credit serves all of them. Each value of `ready$` sets the credit; a value that passes
 * costs its size, and may cost more than is left, as long as something is left. What does not pass waits in a queue
 * of bounded weight; the operators differ in that bound and in what happens beyond it. Credit is taken before a value
 * is passed on, because its consumer may grant the next credit from within.
 *
 * The end of the source waits for the queue, its error does not. Nothing passes after `ready$` completed, because
 * nobody is there to take it; what waits then is freed by unsubscribing.
 */
import { Observable, type Subscriber, takeWhile } from 'rxjs'
import { BackpressureError, chunkSize } from './chunk.js'
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

interface GatePolicy<T> {
  readonly capacity: number
  readonly overflow: BufferOverflow
  weigh(value: T): number
  onDrop?(value: T): void
}

/** An operator that keeps the type of its values. */
type SameTypeOperator<T> = (source: Observable<T>) => Observable<T>

/**
 * Returns the operator that keeps up to `bufferBytes` until they are wanted. Beyond that, the result fails with a
 * {@link BackpressureError} ('error'), or loses its oldest values, or the new one. A value that is bigger than the
 * whole buffer is the one to be lost.
 */
export function onBackpressureBuffer<T>(
  ready$: Observable<number>,
  options: BackpressureBufferOptions<T>,
): SameTypeOperator<T> {
  const { bufferBytes, overflow = 'error', onDrop } = options
  return gated<T>(ready$, { capacity: bufferBytes, overflow, weigh: weightOf, ...(onDrop && { onDrop }) })
}

/** Returns the operator that drops each value that is not wanted when it comes. */
export function onBackpressureDrop<T>(ready$: Observable<number>, onDrop?: (value: T) => void): SameTypeOperator<T> {
  return gated<T>(ready$, { capacity: 0, overflow: 'dropNewest', weigh: weightOf, ...(onDrop && { onDrop }) })
}

/** Returns the operator that keeps the last value until it is wanted, and drops those before it. */
export function onBackpressureLatest<T>(ready$: Observable<number>): SameTypeOperator<T> {
  return gated<T>(ready$, { capacity: 1, overflow: 'dropOldest', weigh: () => 1 })
}

/** Returns the operator that fails with a {@link BackpressureError} when a value comes that is not wanted. */
export function onBackpressureError<T>(ready$: Observable<number>): SameTypeOperator<T> {
  return gated<T>(ready$, { capacity: 0, overflow: 'error', weigh: weightOf })
}

// Empty values count, or there could be any number of them.
function weightOf(value: unknown): number {
  return Math.max(1, chunkSize(value))
}

function gated<T>(ready$: Observable<number>, policy: GatePolicy<T>): SameTypeOperator<T> {
  return source => new Observable<T>(subscriber => {
    const gate = new Gate(subscriber, policy)
    // A source that never pauses within its subscription has nothing to unsubscribe yet: the gate tells it to stop.
    const whileOpen = takeWhile<unknown>(() => !subscriber.closed)
    subscriber.add(() => gate.clear())
    subscriber.add(ready$.subscribe({
      next: wanted => gate.grant(wanted),
      error: error => subscriber.error(error),
    }))
    subscriber.add(source.pipe(whileOpen as SameTypeOperator<T>).subscribe({
      next: value => gate.offer(value),
      error: error => subscriber.error(error),
      complete: () => gate.complete(),
    }))
  })
}

class Gate<T> {
  private readonly subscriber: Subscriber<T>
  private readonly policy: GatePolicy<T>
  private credit: number
  private readonly queue: ValueQueue<T>
  private weight: number
  private isDraining: boolean
  private isCompleting: boolean

  constructor(subscriber: Subscriber<T>, policy: GatePolicy<T>) {
    this.subscriber = subscriber
    this.policy = policy
    this.credit = 0
    this.queue = new ValueQueue()
    this.weight = 0
    this.isDraining = false
    this.isCompleting = false
  }

  grant(credit: number): void {
    this.credit = credit
    if (this.isDraining) return
    this.isDraining = true
    while (this.credit > 0 && this.isHolding) this.pass(this.shift())
    this.isDraining = false
    if (this.isCompleting && !this.isHolding) this.subscriber.complete()
  }

  offer(value: T): void {
    if (this.credit > 0 && !this.isHolding) this.pass(value)
    else this.keep(value)
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

  private pass(value: T): void {
    this.credit -= chunkSize(value)
    this.subscriber.next(value)
  }

  private keep(value: T): void {
    const { capacity, overflow } = this.policy
    const weight = this.policy.weigh(value)
    if (overflow === 'dropOldest' && weight <= capacity) {
      while (this.weight + weight > capacity) this.drop(this.shift())
    }
    if (this.weight + weight <= capacity) this.push(value, weight)
    else if (overflow === 'error') this.subscriber.error(new BackpressureError())
    else this.drop(value)
  }

  private push(value: T, weight: number): void {
    this.queue.push(value)
    this.weight += weight
  }

  private shift(): T {
    const value = this.queue.shift()
    this.weight -= this.policy.weigh(value)
    return value
  }

  private drop(value: T): void {
    try {
      this.policy.onDrop?.(value)
    } catch (error) {
      this.subscriber.error(error)
    }
  }
}
