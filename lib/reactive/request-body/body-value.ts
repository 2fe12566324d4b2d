/**
 * One value that can be awaited or piped.
 */
import { firstValueFrom } from 'rxjs'
import { GuardedObservable } from '../../application/guarded-observable.js'

/**
 * An Observable of one value that is also a promise of it. Nothing happens before it is subscribed or awaited. As an
 * Observable it stays synchronous: the value is emitted within the event that completed it, in virtual time as well.
 *
 * Awaiting it again gives the same value. Each subscription starts anew, and one to a body that was read fails.
 *
 * @example
 * const order = await body.json<Order>()
 * const saved$ = body.json<Order>().pipe(concatMap(save))
 */
export class BodyValue<T> extends GuardedObservable<T> implements PromiseLike<T> {
  private promise: Promise<T> | undefined

  /** Subscribes, unless it was awaited before, and gives the value as a promise does. */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.promise ??= firstValueFrom(this)
    return this.promise.then(onFulfilled, onRejected)
  }
}
