/**
 * The interfaces of Reactive Streams (version 1.0.4), as they are on the JVM. Rules are cited as `RS §1.3`.
 */

/** What may be subscribed to: it signals only as many items as were requested. */
export interface Publisher<T> {
  subscribe(subscriber: Subscriber<T>): void
}

/** Who is signalled: `onSubscribe` once and first, then items, then at most one of `onError` and `onComplete`. */
export interface Subscriber<T> {
  onSubscribe(subscription: Subscription): void
  onNext(item: T): void
  onError(error: unknown): void
  onComplete(): void
}

/** What one subscriber has of its publisher. */
export interface Subscription {
  /** Asks for `count` more items, 1 or more. Infinity is without bound. */
  request(count: number): void
  /** Asks for no more signals. */
  cancel(): void
}
