/**
 * The Observables that the library gives to the application.
 *
 * Strategy: RxJS rethrows a consumer's exception, or an unhandled error, in a timer, which ends the process. Because a
 * client decides when a body fails and what a message contains, both go to a report function instead. Operators on such
 * an Observable return another guarded one; combinations (`merge`, `combineLatest`) and Subjects are plain RxJS.
 *
 * A consumer is called in the asynchronous context in which it subscribed.
 */

import { Observable, type Observer, type Operator, type Subscriber, type Subscription, type TeardownLogic } from 'rxjs'
import { attempt, isPromise } from '../thrown.js'
import { inContext } from './context.js'

/** Receives what a consumer throws, with the value that it was given, and the errors that no consumer handles. */
export type Report = (error: unknown, kind: 'thrown' | 'unhandled', value?: unknown) => void

type Next<T> = (value: T) => unknown

/** An Observable whose consumers cannot end the process. */
export class GuardedObservable<T> extends Observable<T> {
  protected readonly report: Report

  /** With `isInPlace` consumers are called in the emitter's context instead of their own. */
  constructor(
    subscribe: ((subscriber: Subscriber<T>) => TeardownLogic) | undefined, report: Report, isInPlace = false,
  ) {
    super(isInPlace ? subscribe : subscribe && (subscriber => subscribe(inContext(subscriber))))
    this.report = report
  }

  /** Returns a guarded Observable with the notifications of `source`. */
  static from<T>(source: Observable<T>, report: Report): GuardedObservable<T> {
    return new GuardedObservable(subscriber => source.subscribe(subscriber), report)
  }

  /* eslint-disable @typescript-eslint/no-deprecated -- the only way to make operators return this class */
  /** @internal Called by operators; the name is RxJS's. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new GuardedObservable<R>(undefined, this.report)
    lifted.source = this
    lifted.operator = operator
    return lifted
  }
  /* eslint-enable @typescript-eslint/no-deprecated */

  override subscribe(observerOrNext?: Partial<Observer<T>> | ((value: T) => void)): Subscription
  /** @deprecated As in RxJS: an observer object says which function is which. */
  override subscribe(
    next?: ((value: T) => void) | null, error?: ((error: unknown) => void) | null, complete?: (() => void) | null,
  ): Subscription
  override subscribe(
    first?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null, complete?: (() => void) | null,
  ): Subscription {
    if (isSubscriber(first)) return super.subscribe(first)
    const observer = typeof first === 'object' && first !== null
      ? first
      : { ...first && { next: first }, ...error && { error }, ...complete && { complete } }
    return this.consumedBy(super.subscribe(new GuardedObserver(observer, this.report)))
  }

  /** Called with the subscription of each consumer at the end of a pipeline. */
  protected consumedBy(subscription: Subscription): Subscription {
    return subscription
  }
}

/** Calls a consumer and reports what it throws or rejects with. */
class GuardedObserver<T> implements Observer<T> {
  private readonly observer: Partial<Observer<T>>
  private readonly report: Report

  constructor(observer: Partial<Observer<T>>, report: Report) {
    this.observer = observer
    this.report = report
  }

  next(value: T): void {
    try {
      const result = (this.observer.next as Next<T> | undefined)?.call(this.observer, value)
      if (isPromise(result)) result.then(undefined, (error: unknown) => { this.report(error, 'thrown', value) })
    } catch (error) {
      this.report(error, 'thrown', value)
    }
  }

  error(error: unknown): void {
    if (this.observer.error === undefined) return this.report(error, 'unhandled')
    this.call(() => this.observer.error?.(error))
  }

  complete(): void {
    this.call(() => this.observer.complete?.())
  }

  private call(f: () => unknown): void {
    attempt(f, error => { this.report(error, 'thrown') })
  }
}

/** Whether the value is a Subscriber, from any copy of RxJS: operators and Subjects subscribe with one. */
function isSubscriber<T>(value: object | null | undefined): value is Subscriber<T> {
  const candidate = value as Partial<Subscriber<T>> | null | undefined
  return typeof candidate?.next === 'function' && typeof candidate.unsubscribe === 'function' && 'closed' in candidate
}
