/**
 * A single value of a request body that can be awaited or piped.
 *
 * Strategy: an Observable with a promise's methods. As an Observable it stays lazy and synchronous; the first `await`
 * subscribes and keeps the promise, because a body can be read only once.
 */
import { firstValueFrom } from 'rxjs'
import { GuardedObservable } from '../../application/guarded-observable.js'

/**
 * An Observable of one value that can also be awaited. Nothing is read before it is subscribed or awaited. As an
 * Observable it is synchronous: the value is emitted within the event that completes the body, also in virtual time.
 *
 * Awaiting it again returns the same value. Each subscription reads anew, so one to a body that was already read fails.
 *
 * @example
 * const order = await body.json<Order>()
 * const saved$ = body.json<Order>().pipe(concatMap(save))
 */
export class BodyValue<T> extends GuardedObservable<T> implements PromiseLike<T> {
  private promise: Promise<T> | undefined

  /** Subscribes at the first call, and settles with the value as a promise does. */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.promise ??= firstValueFrom(this)
    return this.promise.then(onFulfilled, onRejected)
  }

  /** As `catch` of a promise: `await body.json().catch(() => null)`. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(null, onRejected)
  }

  /** As `finally` of a promise. */
  finally(onSettled?: (() => void) | null): Promise<T> {
    return this.then().finally(onSettled)
  }
}
