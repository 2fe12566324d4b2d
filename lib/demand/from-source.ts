/**
 * Sources of any kind as Observables.
 *
 * Strategy: what can be pulled is, one value at a time while something is wanted (giver.ts). RxJS's `from` takes all of
 * an iterable at once, and of an asynchronous one whatever it gives.
 */
import { from, NEVER, Observable, takeWhile, type ObservableInput, type Subscriber } from 'rxjs'
import { isPromise, type ReportError } from '../application/discard.js'
import { onRejection } from '../errors.js'
import { ControlledSubject, DEFAULT_HIGH_WATER_MARK, type ControlledSink } from './controlled-subject.js'
import { Giver } from './giver.js'
import { offeredDemand, type Offer } from './offer.js'
import { isObservable, pullableOf, type Pullable, type PulledSource } from './pullable.js'

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
  return new Observable(subscriber => { new Puller(subscriber, source).run() })
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

/** Pulls value by value. */
class Puller<T> extends Giver<T> {
  private readonly source: Pullable<T>
  private readonly take: (result: IteratorResult<T, unknown>) => void
  private readonly fail: (error: unknown) => void
  private isOver: boolean

  constructor(subscriber: Subscriber<T>, source: PulledSource<T>) {
    super(subscriber)
    const report: ReportError = error => { this.reportLate(error) }
    this.source = pullableOf(source, report)
    this.take = result => { this.takeLater(result) }
    this.fail = error => { this.failLater(error) }
    this.isOver = false
    subscriber.add(() => { if (!this.isOver) this.release(report) })
  }

  protected override step(): boolean {
    const result = this.source.next()
    if (!isPromise(result)) {
      this.accept(result)
      return true
    }
    result.then(this.take, this.fail)
    return false
  }

  private takeLater(result: IteratorResult<T, unknown>): void {
    this.accept(result)
    this.stepped()
  }

  private failLater(error: unknown): void {
    const isLate = this.subscriber.closed
    this.isOver = true
    if (isLate) this.reportLate(error)
    else this.error(error)
  }

  private accept(result: IteratorResult<T, unknown>): void {
    if (result.done === true) {
      this.isOver = true
      this.complete()
    } else this.next(result.value)
  }

  private release(report: ReportError): void {
    this.isOver = true
    try {
      onRejection(this.source.return?.(), report)
    } catch (error) {
      report(error)
    }
  }
}
