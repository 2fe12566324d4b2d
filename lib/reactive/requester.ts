/**
 * The subscriber of a publisher whose items become values of an Observable.
 *
 * Strategy: each value of `ready$` sets the credit, each item costs its size. While credit is left and all that was
 * requested has come, one more batch is requested: from a loop, because a publisher may answer within the request. One
 * that answers with nothing (empty text or bytes), again and again, is asked again after others had their turn.
 */
import { asyncScheduler, type Subscriber } from 'rxjs'
import { chunkSize } from './chunk.js'
import type { PublisherSubscriber, PublisherSubscription } from './publisher.js'

/** How many empty items are taken in a row before others have their turn. */
const EMPTY_ITEMS_PER_TURN = 1_000

/** What {@link fromPublisher} subscribes with. Rules are cited as `RS §2.5`. */
export class Requester<T> implements PublisherSubscriber<T> {
  private readonly subscriber: Subscriber<T>
  private readonly batch: number
  private subscription: PublisherSubscription | null
  private credit: number
  /** How many items were requested and did not come yet. */
  private outstanding: number
  private isRequesting: boolean
  /** How many empty items came since the last that was not. */
  private emptyItems: number

  constructor(subscriber: Subscriber<T>, batch: number) {
    this.subscriber = subscriber
    this.batch = batch
    this.subscription = null
    this.credit = 0
    this.outstanding = 0
    this.isRequesting = false
    this.emptyItems = 0
  }

  grant(credit: number): void {
    this.credit = credit
    this.request()
  }

  cancel(): void {
    this.subscription?.cancel()
  }

  // RS §2.5: a second subscription is cancelled; so is one that comes after the end.
  onSubscribe(subscription: PublisherSubscription): void {
    if (this.subscription !== null || this.subscriber.closed) {
      subscription.cancel()
      return
    }
    this.subscription = subscription
    this.request()
  }

  // RS §2.8: items may still come after the end; a closed subscriber ignores them.
  onNext(item: T): void {
    this.outstanding--
    const size = chunkSize(item)
    this.credit -= size
    this.emptyItems = size > 0 ? 0 : this.emptyItems + 1
    this.subscriber.next(item)
    this.request()
  }

  // RS §2.4: after the end the subscription counts as cancelled.
  onError(error: unknown): void {
    this.subscription = null
    this.subscriber.error(error)
  }

  onComplete(): void {
    this.subscription = null
    this.subscriber.complete()
  }

  private request(): void {
    if (this.isRequesting) return
    this.isRequesting = true
    while (this.subscription !== null && this.mayRequest()) {
      if (this.emptyItems >= EMPTY_ITEMS_PER_TURN) return this.rest()
      this.outstanding = this.batch
      this.subscription.request(this.batch)
    }
    this.isRequesting = false
  }

  /** The loop counts as running meanwhile. */
  private rest(): void {
    this.subscriber.add(asyncScheduler.schedule(() => {
      this.emptyItems = 0
      this.isRequesting = false
      this.request()
    }))
  }

  private mayRequest(): boolean {
    return this.credit > 0 && this.outstanding <= 0 && !this.subscriber.closed
  }
}
