/**
 * Sources of any kind as Observables.
 *
 * Strategy: what can be pulled is, one value at a time while something is wanted (giver.ts). RxJS's `from` takes all of
 * an iterable at once, and of an asynchronous one whatever it gives.
 */
import { from, NEVER, Observable, type ObservableInput, of, type Subscriber } from 'rxjs'
import { isPromise, type ReportError } from './discard.js'
import { Giver } from './giver.js'
import { offeredDemand, type Offer } from './offer.js'
import { isObservable, pullableOf, type Pullable, type PulledSource } from './pull.js'

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
  if (typeof source === 'function') return new Observable(subscriber => fromFunction(source).subscribe(subscriber))
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

function fromFunction<T>(source: Extract<Source<T>, (...args: never[]) => unknown>): Observable<T> {
  const offer = offeredDemand()
  return source(offer === null ? of(Infinity) : demandsOf(offer), NEVER)
}

function demandsOf(offer: Offer): Observable<number> {
  return new Observable(subscriber => {
    const tell = (): void => { subscriber.next(offer.wanted) }
    subscriber.add(offer.whenWanted(tell))
    if (offer.wanted > 0) tell()
  })
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
      const returned = this.source.return?.()
      if (isPromise(returned)) returned.then(undefined, report)
    } catch (error) {
      report(error)
    }
  }
}
