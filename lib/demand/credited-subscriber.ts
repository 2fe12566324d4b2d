/**
 * A subscriber that gets no more than a `ready$` demands, and the consumer that `ready$` belongs to.
 *
 * Strategy: each value of `ready$` is a credit (credit.ts). A value is charged before it is passed on, because the
 * consumer may grant the next credit while it takes the value. All other questions and notifications go to the consumer
 * directly, which is attached to its `ready$` (consumer.ts).
 */
import type { Observable, Subscriber, Subscription } from 'rxjs'
import { LocalProtocolError } from '../errors.js'
import { consumerOf, type Consumer } from './consumer.js'
import { Credit } from './credit.js'

/** The subscriber at the end of a demand-driven chain of operators. */
export class CreditedSubscriber<T> {
  readonly consumer: Consumer
  protected readonly subscriber: Subscriber<T>
  private readonly credit: Credit

  constructor(subscriber: Subscriber<T>, ready$: Observable<number>) {
    this.consumer = consumerOf(ready$)
    this.subscriber = subscriber
    this.credit = new Credit()
  }

  get isClosed(): boolean {
    return this.subscriber.closed
  }

  /** Whether a new demand has come since the last value. */
  get isIdle(): boolean {
    return this.credit.isWhole
  }

  /** The demand. */
  wanted(): number {
    return this.credit.left
  }

  /** Subscribes to `ready$`; calls `drained` after each demand. */
  follow(ready$: Observable<number>, drained: () => void, failed: (error: unknown) => void): Subscription {
    return ready$.subscribe({
      next: wanted => {
        // An exception here would end the process, and NaN would be a demand that is never met.
        if (typeof wanted !== 'number' || Number.isNaN(wanted)) return failed(noDemand(wanted))
        this.credit.grant(wanted)
        drained()
      },
      error: failed,
    })
  }

  /** Passes on a value of that size. */
  give(value: T, size: number): void {
    this.credit.spend(size)
    this.subscriber.next(value)
  }

  finish(): void {
    this.subscriber.complete()
  }

  fail(error: unknown): void {
    this.subscriber.error(error)
  }
}

function noDemand(wanted: unknown): LocalProtocolError {
  const kind = typeof wanted === 'number' ? 'NaN' : `a ${typeof wanted}`
  return new LocalProtocolError('badRange', `ready$ emits numbers, not ${kind}`)
}
