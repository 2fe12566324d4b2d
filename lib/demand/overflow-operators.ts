/**
 * Backpressure operators for sources that cannot be paused: they buffer or drop values, or fail, while there is no
 * demand.
 *
 * Strategy: one gate (gate.ts) in front of a subscriber with credit (credited-subscriber.ts) serves all of them. Each
 * value of `ready$` sets the credit, and a value passes as long as some of it is left. Nothing passes after `ready$`
 * completed, because the consumer is closed then; unsubscribing frees the waiting values.
 */
import { Observable, type Subscriber } from 'rxjs'
import { endSubscription } from '../application/discard.js'
import { checkOptions, checkValue, COUNT, FUNCTION, oneOf } from '../connection/option-check.js'
import { chunkSize } from './chunk.js'
import { CreditedSubscriber } from './credited-subscriber.js'
import { Gate, type BackpressurePolicy, type BufferOverflow, type GateHost } from './gate.js'
import { offering } from './offer.js'
import { SourceSubscriber } from './source-subscriber.js'

export type { BufferOverflow }

/** How {@link onBackpressureBuffer} keeps values. */
export interface BackpressureBufferOptions<T> {
  /** The most bytes that wait, counted by {@link chunkSize}; an empty value counts 1. */
  readonly bufferBytes: number
  /** 'error' unless given. */
  readonly overflow?: BufferOverflow
  /** Called with each value that is dropped. If it throws, the result fails with that error. */
  readonly onDrop?: (value: T) => void
}

/** The valid values of the options. */
const BUFFER_KINDS = { bufferBytes: COUNT, overflow: oneOf('error', 'dropOldest', 'dropNewest'), onDrop: FUNCTION }

/** The policy of a gate, with a hook. */
interface GateOptions<T> extends BackpressurePolicy {
  readonly onDrop?: ((value: T) => void) | undefined
}

/** An operator that keeps the type of its values. */
type SameTypeOperator<T> = (source: Observable<T>) => Observable<T>

/**
 * Returns the operator that buffers up to `bufferBytes` until there is demand. Beyond that, the result fails with a
 * {@link BackpressureError} ('error'), or the oldest values or the new one are dropped. With 'dropOldest' the newest
 * value is kept even where it alone is bigger than the whole buffer.
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

/** Returns the operator that drops each value for which there is no demand when it comes. */
export function onBackpressureDrop<T>(ready$: Observable<number>, onDrop?: (value: T) => void): SameTypeOperator<T> {
  return gated<T>(ready$, { capacity: 0, overflow: 'dropNewest', onDrop })
}

/** Returns the operator that keeps the newest value until there is demand, and drops older ones. */
export function onBackpressureLatest<T>(ready$: Observable<number>, onDrop?: (value: T) => void): SameTypeOperator<T> {
  return gated<T>(ready$, { capacity: 0, overflow: 'dropOldest', onDrop })
}

/** Returns the operator that fails with a {@link BackpressureError} when a value comes without demand. */
export function onBackpressureError<T>(ready$: Observable<number>): SameTypeOperator<T> {
  return gated<T>(ready$, { capacity: 0, overflow: 'error' })
}

/** Returns the operator of a policy. */
export function gated<T>(ready$: Observable<number>, options: GateOptions<T>): SameTypeOperator<T> {
  return source => new Observable<T>(subscriber => {
    const host = new GatedSubscriber(subscriber, ready$, options)
    const gate = new Gate(host, options)
    const input = new GateInput(gate, host)
    subscriber.add(() => gate.clear())
    subscriber.add(host.follow(ready$, () => { gate.drain() }, error => { subscriber.error(error) }))
    if (subscriber.closed) return
    // Before the source is subscribed, which may emit for ever within that call.
    subscriber.add(input)
    offering(gate, () => { input.follow(source) })
  })
}

/** The way from the source into the gate. */
class GateInput<T> extends SourceSubscriber<T> {
  protected readonly gate: Gate<T>
  private readonly host: GatedSubscriber<T>

  constructor(gate: Gate<T>, host: GatedSubscriber<T>) {
    super()
    this.gate = gate
    this.host = host
  }

  override next(value: T): void {
    if (!this.closed) this.gate.take(value)
  }

  override error(error: unknown): void {
    if (this.closed) return this.behindEnd(error)
    this.host.fail(error)
    this.end()
  }

  override complete(): void {
    if (this.closed) return
    this.gate.complete()
    this.end()
  }

  protected override reportLate(error: unknown): void {
    this.gate.reportLate(error)
  }

  private end(): void {
    endSubscription(this, error => { this.reportLate(error) })
  }
}

/** The subscriber of the operator. */
class GatedSubscriber<T> extends CreditedSubscriber<T> implements GateHost<T> {
  private readonly hook: ((value: T) => void) | undefined

  constructor(subscriber: Subscriber<T>, ready$: Observable<number>, { onDrop }: GateOptions<T>) {
    super(subscriber, ready$)
    this.hook = onDrop
  }

  sizeOf(value: T): number {
    return chunkSize(value)
  }

  pass(value: T): void {
    this.give(value, this.sizeOf(value))
  }

  onDrop(value: T): unknown {
    return this.hook?.(value)
  }
}
