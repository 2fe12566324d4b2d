/**
 * The pace of a source that gives one value at a time: the chunks of a request's body, the messages of a WebSocket.
 *
 * Strategy: the source takes its next step when its subscriber is done with the last value and, if that has offered its
 * demand (offer.ts), when there is demand. A value that is projected is done with when its inner source has completed,
 * which is offered the same demand.
 */
import { takeWhile, type ObservableInput, type Subscriber } from 'rxjs'
import { fromInput } from './from-source.js'
import { giveComplete, giveNext, offeredDemand, offering, type Offer } from './offer.js'

/** Gives the values of one source to its subscriber. */
export class Pace<R> {
  /** The offer that the source took; null: there was none. */
  readonly offer: Offer | null
  private readonly subscriber: Subscriber<R>
  private readonly goOn: () => void
  private isWaiting: boolean

  /** Takes the current offer, if there is one, until the subscriber is closed. `goOn` takes the next step. */
  constructor(subscriber: Subscriber<R>, goOn: () => void) {
    this.offer = offeredDemand()
    this.subscriber = subscriber
    this.goOn = goOn
    this.isWaiting = false
    if (this.offer !== null) subscriber.add(this.offer.whenWanted(() => { if (this.isWaiting) this.next() }))
  }

  /** Takes the next step now, or when there is demand. */
  next(): void {
    this.isWaiting = this.offer !== null && this.offer.wanted <= 0
    if (!this.isWaiting) this.goOn()
  }

  /** Gives a value. */
  give(value: R): void {
    giveNext(this.offer, this.subscriber, value)
  }

  /** Completes: the next source of a `concat` finds the offer, too. */
  complete(): void {
    giveComplete(this.offer, this.subscriber)
  }

  /**
   * Gives the values of an inner source, and takes the next step when it has completed; its error goes to `failed`.
   *
   * @throws what cannot be subscribed
   */
  giveAll(inner: ObservableInput<R>, failed: (error: unknown) => void): void {
    const { offer, subscriber } = this
    // `takeWhile` stops an inner source that never pauses within its subscription.
    const values$ = fromInput(inner).pipe(takeWhile(() => !subscriber.closed))
    subscriber.add(offering(offer, () => values$.subscribe({
      next: value => { this.give(value) },
      error: failed,
      complete: () => { this.next() },
    })))
  }
}
