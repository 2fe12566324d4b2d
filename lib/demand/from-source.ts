/**
 * Sources of any kind as Observables.
 *
 * Strategy: what can be pulled is pulled, one value at a time while something is wanted (puller.ts). RxJS's `from`
 * takes all of an iterable at once, and of an asynchronous one whatever it gives. A function gets a `ready$` that says
 * what the subscriber offered to take.
 */
import { from, NEVER, Observable, takeWhile, type ObservableInput, type Subscriber } from 'rxjs'
import { ControlledSubject, type ControlledSink } from './controlled-subject.js'
import { offeredDemand, type Offer } from './offer.js'
import { isObservable, pullableOf, type PulledSource } from './pullable.js'
import { Puller } from './puller.js'
import { OfferTaker } from './taker.js'
import { DEFAULT_HIGH_WATER_MARK } from './water-marks.js'

/**
 * Where values come from: an iterable, an async iterable, a web stream or a Node `Readable`, which are pulled; an
 * Observable, or a function from the demand to one.
 */
export type Source<T> =
  | PulledSource<T>
  | Observable<T>
  | ((ready$: Observable<number>, closing$: Observable<void>) => Observable<T>)

/**
 * Returns the values of the source as an Observable. What is pulled keeps to the demand of who subscribes: as a body,
 * or as what `sse` or a WebSocket sends, also through operators that work at once. Elsewhere it is pulled freely. When
 * it is unsubscribed, the source is told to end (`return`, `cancel`, `destroy`).
 *
 * @example
 * body: fromSource(cursor).pipe(map(row => JSON.stringify(row) + '\n'))
 *
 * @throws {@link TypeError} it is no source
 */
export function fromSource<T>(source: Source<T>): Observable<T> {
  if (typeof source === 'function') return fromFunction(source)
  if (typeof source === 'object' && isObservable(source)) return from(source)
  // Before it is subscribed: what is no source is a mistake of who calls.
  if (!isPullable(source)) throw new TypeError('a source is an iterable, a stream, an Observable or a function')
  return new Observable(subscriber => {
    const puller = new Puller(wake => new OfferTaker(subscriber, wake), report => pullableOf(source, report))
    subscriber.add(() => { puller.stop() })
    puller.run()
  })
}

/**
 * As RxJS's `from`, but what can be pulled keeps to the demand.
 * @internal
 */
export function fromInput<T>(input: ObservableInput<T>): Observable<T> {
  const source = input as Source<T>
  return isPullable(source) && !isObservable(source) ? fromSource(source) : from(input)
}

/** A function gets the demand of the offer that stands; where none does, there is always room. */
function fromFunction<T>(source: Extract<Source<T>, (...args: never[]) => unknown>): Observable<T> {
  return new Observable(subscriber => {
    const subject = new ControlledSubject<T>(new OfferSink(subscriber, offeredDemand()), MARKS)
    // What never pauses within its subscription has to hear at once that nobody listens any more.
    return source(subject.ready$, NEVER).pipe(takeWhile(() => !subscriber.closed)).subscribe(subject)
  })
}

/** Whatever is wanted is demanded, up to the mark. */
const MARKS = { highWaterMark: DEFAULT_HIGH_WATER_MARK, lowWaterMark: DEFAULT_HIGH_WATER_MARK - 1 }

/** Room is what the offer wants. */
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

function isPullable<T>(source: Source<T>): source is PulledSource<T> {
  if (typeof source !== 'object' || (source as unknown) === null) return false
  return Symbol.asyncIterator in source || Symbol.iterator in source
    || typeof (source as Partial<ReadableStream<T>>).getReader === 'function'
}
