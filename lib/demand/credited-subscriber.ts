/**
 * A subscriber that keeps to a `ready$`, and the consumer whose `ready$` that is.
 *
 * Strategy: each value of `ready$` is a credit (credit.ts). It is spent before a value is passed on, because the
 * consumer may grant the next one from within. What an operator asks and tells its consumer beside that goes to the
 * consumer itself, which is found at the `ready$` (demanding.ts).
 */
import type { Observable, Subscriber, Subscription } from 'rxjs'
import { Credit } from './credit.js'
import { demanding, type Demanding } from './demanding.js'

/** The end of a chain of operators that is driven by demand. */
export class CreditedSubscriber<T> {
  readonly consumer: Demanding
  protected readonly subscriber: Subscriber<T>
  private readonly credit: Credit

  constructor(subscriber: Subscriber<T>, ready$: Observable<number>) {
    this.consumer = demanding(ready$)
    this.subscriber = subscriber
    this.credit = new Credit()
  }

  get isClosed(): boolean {
    return this.subscriber.closed
  }

  /** Whether all that was given was answered by a new demand. */
  get isIdle(): boolean {
    return this.credit.isWhole
  }

  /** How much is wanted. */
  wanted(): number {
    return this.credit.left
  }

  /** Takes each demand of the `ready$`, and calls `drained` behind it. */
  follow(ready$: Observable<number>, drained: () => void, failed: (error: unknown) => void): Subscription {
    return ready$.subscribe({
      next: wanted => {
        this.credit.grant(wanted)
        drained()
      },
      error: failed,
    })
  }

  /** Gives a value of that size. */
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
