/**
 * The interfaces of Reactive Streams (version 1.0.4), as they are on the JVM. Rules are cited as `RS §1.3`.
 */

/** A source of items. It signals at most as many as were requested. */
export interface Publisher<T> {
  subscribe(subscriber: Subscriber<T>): void
}

/**
 * The receiver of signals: `onSubscribe` once and first, then items, then at most one of `onError` and `onComplete`.
 */
export interface Subscriber<T> {
  onSubscribe(subscription: Subscription): void
  onNext(item: T): void
  onError(error: unknown): void
  onComplete(): void
}

/** The link from one subscriber to its publisher. */
export interface Subscription {
  /** Requests `count` more items: 1 or more, or Infinity. */
  request(count: number): void
  /** Requests that no more signals come. */
  cancel(): void
}
