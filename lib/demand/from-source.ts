/**
 * Sources of any kind as Observables.
 *
 * Strategy: an iterable or a stream is pulled, one value at a time while there is demand (puller.ts). RxJS's `from`
 * takes all of an iterable at once, and an asynchronous iterable as fast as it goes. A function gets a `ready$` that
 * emits the demand that the subscriber offered.
 */
import { from, NEVER, Observable, takeWhile, type ObservableInput, type Subscriber } from 'rxjs'
import { ControlledSubject, type ControlledSink } from './controlled-subject.js'
import { offeredDemand, type Offer } from './offer.js'
import { isObservable, isPulled, pullableOf, type PulledSource } from './pullable.js'
import { Puller } from './puller.js'
import { OfferTaker } from './taker.js'
import { DEFAULT_HIGH_WATER_MARK } from './water-marks.js'

/**
 * A source of values: an iterable, an async iterable, a web stream or a Node `Readable`, which are pulled; an
 * Observable; or a function that gets the demand and returns an Observable.
 */
export type Source<T> =
  | PulledSource<T>
  | Observable<T>
  | ((ready$: Observable<number>, closing$: Observable<void>) => Observable<T>)

/**
 * Returns the values of the source as an Observable. A pulled source respects the demand of its subscriber: of a body,
 * of `sse` and of a WebSocket, also through synchronous operators. Any other subscriber gets its values as fast as they
 * come. Unsubscribing tells the source to stop (`return`, `cancel`, `destroy`).
 *
 * A response to HEAD, or one for a client that is gone, does not subscribe to its body. A source that holds a resource
 * before it is read (an open file, the cursor of a database) is therefore made by `defer`.
 *
 * @example
 * body: defer(() => fromSource(openCursor())).pipe(map(row => JSON.stringify(row) + '\n'))
 *
 * @throws {@link TypeError} it is no source
 */
export function fromSource<T>(source: Source<T>): Observable<T> {
  if (typeof source === 'function') return fromFunction(source)
  if (isPulled(source)) return fromPulled(source as PulledSource<T>)
  if (typeof source === 'object' && (source as unknown) !== null && isObservable(source)) return from(source)
  // Not when it is subscribed: to pass something else is a mistake of the caller.
  throw new TypeError('a source is an iterable, a stream, an Observable or a function')
}

function fromPulled<T>(source: PulledSource<T>): Observable<T> {
  return new Observable(subscriber => {
    const puller = new Puller(wake => new OfferTaker(subscriber, wake), report => pullableOf(source, report))
    subscriber.add(() => { puller.stop() })
    puller.run()
  })
}

/**
 * As RxJS's `from`, but an iterable or a stream respects the demand.
 * @internal
 */
export function fromInput<T>(input: ObservableInput<T>): Observable<T> {
  return isPulled(input) ? fromPulled(input as PulledSource<T>) : from(input)
}

/** The function gets the demand of the current offer; without an offer, there is always room. */
function fromFunction<T>(source: Extract<Source<T>, (...args: never[]) => unknown>): Observable<T> {
  return new Observable(subscriber => {
    const subject = new ControlledSubject<T>(new OfferSink(subscriber, offeredDemand()), MARKS)
    // A source that emits for ever within its subscription must be stopped as soon as the subscriber is closed.
    return source(subject.ready$, NEVER).pipe(takeWhile(() => !subscriber.closed)).subscribe(subject)
  })
}

/** Any demand of the offer is passed on, up to the mark. */
const MARKS = { highWaterMark: DEFAULT_HIGH_WATER_MARK, lowWaterMark: DEFAULT_HIGH_WATER_MARK - 1 }

/** A sink whose room is the demand of an offer. */
class OfferSink<T> implements ControlledSink<T> {
  private readonly subscriber: Subscriber<T>
  private readonly offer: Offer | null
  private onWanted: (() => void) | null

  constructor(subscriber: Subscriber<T>, offer: Offer | null) {
    this.subscriber = subscriber
    this.offer = offer
    this.onWanted = null
    subscriber.add(offer?.whenWanted(() => { this.notify() }))
  }

  get pending(): number {
    return this.offer === null ? 0 : MARKS.highWaterMark - Math.max(0, Math.min(this.offer.wanted, MARKS.highWaterMark))
  }

  write(value: T): void {
    this.subscriber.next(value)
  }

  complete(): void {
    this.subscriber.complete()
  }

  error(error: unknown): void {
    this.subscriber.error(error)
  }

  whenDrained(_mark: number, callback: () => void): void {
    this.onWanted = callback
  }

  private notify(): void {
    const callback = this.onWanted
    this.onWanted = null
    callback?.()
  }
}
