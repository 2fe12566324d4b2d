/**
 * `pulled`: a source made of a function that returns the next page.
 *
 * Strategy: while there is demand, the function is called for one page at a time (source-loop.ts). A page is passed on
 * whole, so the source runs ahead of its demand by at most one page. After an empty page the next one is requested. The
 * calls come from a loop, never from within the delivery of the last page.
 */
import { defaultIfEmpty, from, Observable, take, type ObservableInput, type Subscriber } from 'rxjs'
import { SourceLoop } from './source-loop.js'
import { OfferTaker } from './taker.js'

/** The next values in order; null: there are no more. */
export type Page<T> = readonly T[] | null

/**
 * Returns the next page. `wanted` is the demand in bytes (or items): more than 0, and Infinity where the consumer has
 * no limit. A page may be smaller, empty or bigger. An array is always a page, never a list of pages; the first value
 * of any other input is the page, and an input without a value is an empty page. If it throws or fails, the source
 * fails with that error; it fails also if a page is neither an array nor null (of a function that forgot to return).
 */
export type NextPage<T> = (wanted: number) => Page<T> | ObservableInput<Page<T>>

/**
 * Returns an Observable that calls `next` for a page while there is demand, one call at a time. As the source of a
 * body, of `sse` or of a WebSocket it requests no more than the client takes, also through synchronous operators. After
 * the end, an error, or unsubscription there are no more calls; a page that is under way is unsubscribed.
 *
 * @example
 * body: pulled(wanted => rows.read(wanted)).pipe(map(row => JSON.stringify(row) + '\n'))
 */
export function pulled<T>(next: NextPage<T>): Observable<T> {
  return new Observable<T>(subscriber => { new PageLoop(subscriber, next).run() })
}

class PageLoop<T> extends SourceLoop<T> {
  private readonly subscriber: Subscriber<T>
  private readonly nextPage: NextPage<T>
  /** The page that came within the call; undefined if it is still to come. */
  private answer: Page<T> | undefined
  private isAsking: boolean

  constructor(subscriber: Subscriber<T>, nextPage: NextPage<T>) {
    super(wake => new OfferTaker(subscriber, wake))
    this.subscriber = subscriber
    this.nextPage = nextPage
    this.answer = undefined
    this.isAsking = false
  }

  protected override step(): boolean {
    const result = this.nextPage(this.taker.wanted)
    const page = result === null || isPage(result) ? result : this.await(result)
    if (page === undefined) return this.subscriber.closed
    this.pass(page)
    return true
  }

  private await(input: ObservableInput<Page<T>>): Page<T> | undefined {
    this.answer = undefined
    this.isAsking = true
    this.subscriber.add(from(input).pipe(take(1), defaultIfEmpty([])).subscribe({
      next: page => { this.receiveSafely(page) },
      error: error => { this.taker.error(error) },
    }))
    this.isAsking = false
    return this.answer
  }

  /** RxJS would rethrow an exception in a later turn, which ends the process. */
  private receiveSafely(page: Page<T>): void {
    try {
      this.receive(page)
    } catch (error) {
      this.failed(error)
    }
  }

  private receive(page: Page<T>): void {
    if (page !== null && !isPage(page)) throw new TypeError('a page is an array of values, or null for the end')
    if (this.isAsking) {
      this.answer = page
      return
    }
    this.pass(page)
    this.stepped()
  }

  private pass(page: Page<T>): void {
    if (page === null) return this.taker.complete()
    for (let i = 0; i < page.length && !this.subscriber.closed; i++) this.taker.next(page[i])
  }
}

// Array.isArray does not narrow a readonly array out of a union.
function isPage<T>(result: Page<T> | ObservableInput<Page<T>>): result is readonly T[] {
  return Array.isArray(result)
}
