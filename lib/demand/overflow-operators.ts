/**
 * Operators for sources that cannot be slowed: what becomes of values that nobody wants yet.
 *
 * Strategy: one gate (gate.ts) in front of a subscriber with credit (credited-subscriber.ts) serves all of them. Each
 * value of `ready$` sets the credit, and a value passes as long as something is left of it. Nothing passes after
 * `ready$` completed, because nobody is there to take it; what waits then is freed by unsubscribing.
 */
import { Observable, type Subscriber, takeWhile } from 'rxjs'
import { checkOptions, checkValue, COUNT, FUNCTION, oneOf } from '../connection/option-check.js'
import { chunkSize } from './chunk.js'
import { CreditedSubscriber } from './credited-subscriber.js'
import { Gate, type BackpressurePolicy, type BufferOverflow, type GateHost } from './gate.js'
import { offering } from './offer.js'

export type { BufferOverflow }

/** How {@link onBackpressureBuffer} keeps values. */
export interface BackpressureBufferOptions<T> {
  /** The most bytes that wait, counted by {@link chunkSize}; an empty value counts 1. */
  readonly bufferBytes: number
  /** 'error' unless given. */
  readonly overflow?: BufferOverflow
  /** Sees each value that is dropped. What it throws is the error of the result. */
  readonly onDrop?: (value: T) => void
}

/** What the options take. */
const BUFFER_KINDS = { bufferBytes: COUNT, overflow: oneOf('error', 'dropOldest', 'dropNewest'), onDrop: FUNCTION }

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
  checkOptions(options, BUFFER_KINDS)
  const { bufferBytes, overflow = 'error', onDrop } = options
  checkValue('bufferBytes', bufferBytes, COUNT)
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
    const host = new GatedSubscriber(subscriber, ready$, options)
    const gate = new Gate(host, options)
    // A source that never pauses within its subscription has nothing to unsubscribe yet: the gate tells it to stop.
    const whileOpen = takeWhile<unknown>(() => !subscriber.closed)
    subscriber.add(() => gate.clear())
    subscriber.add(host.follow(ready$, () => { gate.drain() }, error => { subscriber.error(error) }))
    if (subscriber.closed) return
    subscriber.add(offering(gate, () => source.pipe(whileOpen as SameTypeOperator<T>).subscribe({
      next: value => gate.take(value),
      error: error => subscriber.error(error),
      complete: () => gate.complete(),
    })))
  })
}

/** The subscriber of the operator. */
class GatedSubscriber<T> extends CreditedSubscriber<T> implements GateHost<T> {
  readonly sizeOf: (value: T) => number
  private readonly hook: ((value: T) => void) | undefined

  constructor(subscriber: Subscriber<T>, ready$: Observable<number>, { sizeOf = chunkSize, onDrop }: GateOptions<T>) {
    super(subscriber, ready$)
    this.sizeOf = sizeOf
    this.hook = onDrop
  }

  pass(value: T): void {
    this.give(value, this.sizeOf(value))
  }

  onDrop(value: T): unknown {
    return this.hook?.(value)
  }
}
