/**
 * The subscriber of a publisher whose items become values of an Observable.
 *
 * Strategy: each value of `ready$` sets the credit, each item costs its size. While credit is left and all that was
 * requested has come, one more batch is requested: from a loop, because a publisher may answer within the request.
 */
import type { Subscriber } from 'rxjs'
import { chunkSize } from './chunk.js'
import type { PublisherSubscriber, PublisherSubscription } from './publisher.js'

/** What {@link fromPublisher} subscribes with. Rules are cited as `RS §2.5`. */
export class Requester<T> implements PublisherSubscriber<T> {
  private readonly subscriber: Subscriber<T>
  private readonly batch: number
  private subscription: PublisherSubscription | null
  private credit: number
  /** How many items were requested and did not come yet. */
  private outstanding: number
  private isRequesting: boolean

  constructor(subscriber: Subscriber<T>, batch: number) {
    this.subscriber = subscriber
    this.batch = batch
    this.subscription = null
    this.credit = 0
    this.outstanding = 0
    this.isRequesting = false
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
    this.credit -= chunkSize(item)
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
      this.outstanding = this.batch
      this.subscription.request(this.batch)
    }
    this.isRequesting = false
  }

  private mayRequest(): boolean {
    return this.credit > 0 && this.outstanding <= 0 && !this.subscriber.closed
  }
}
