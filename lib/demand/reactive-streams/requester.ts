/**
 * The subscriber of a publisher whose items become values of an Observable.
 *
 * Strategy: while there is demand and all requested items have come, one more batch is requested: from a loop
 * (source-loop.ts), because a publisher may emit within `request`.
 */
import type { Subscriber } from 'rxjs'
import { Reentry } from '../../buffer/reentry.js'
import { SourceLoop } from '../source-loop.js'
import { OfferTaker } from '../taker.js'
import type { Subscriber as PublisherSubscriber, Subscription as PublisherSubscription } from './types.js'

/** The subscriber of {@link fromPublisher}. Rules are cited as `RS §2.5`. */
export class Requester<T> extends SourceLoop<T> implements PublisherSubscriber<T> {
  private readonly batch: number
  private subscription: PublisherSubscription | null
  /** How many items were requested and did not come yet. */
  private outstanding: number
  /** Busy during `request`: items may come within that call. */
  private readonly requesting: Reentry

  constructor(subscriber: Subscriber<T>, batch: number) {
    super(wake => new OfferTaker(subscriber, wake))
    this.batch = batch
    this.subscription = null
    this.outstanding = 0
    this.requesting = new Reentry()
  }

  cancel(): void {
    this.subscription?.cancel()
  }

  // RS §2.5: a second subscription is cancelled; so is one that comes after the end.
  onSubscribe(subscription: PublisherSubscription): void {
    // RS §2.13: the only reason for a subscriber to throw.
    if ((subscription as unknown) === null || (subscription as unknown) === undefined) {
      throw new TypeError('a subscription is needed (RS §2.13)')
    }
    if (this.subscription !== null || this.taker.isClosed) {
      subscription.cancel()
      return
    }
    this.subscription = subscription
    this.stepped()
  }

  // RS §2.8: items may still come after the end; a closed subscriber ignores them.
  onNext(item: T): void {
    this.outstanding--
    this.taker.next(item)
    if (this.outstanding <= 0 && !this.requesting.isBusy) this.stepped()
  }

  // RS §2.4: after the end the subscription counts as cancelled.
  onError(error: unknown): void {
    this.subscription = null
    this.taker.error(error)
  }

  onComplete(): void {
    this.subscription = null
    this.taker.complete()
  }

  protected override step(): boolean {
    if (this.subscription === null) return false
    this.requesting.enter()
    this.outstanding = this.batch
    try {
      this.subscription.request(this.batch)
    } finally {
      this.requesting.leave()
    }
    return this.outstanding <= 0
  }
}
