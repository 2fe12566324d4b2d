/**
 * A source made of "give me the next page".
 *
 * Strategy: while something is wanted, the next page is asked for, one at a time (source-loop.ts); a page is passed on
 * whole, so the source runs ahead of its demand by at most one page. After an empty page the next one is asked for.
 * Pages are asked for in a loop, never from within the answer to the last.
 */
import { defaultIfEmpty, from, Observable, type ObservableInput, take } from 'rxjs'
import type { Subscriber } from 'rxjs'
import { SourceLoop } from './source-loop.js'
import { OfferTaker } from './taker.js'

/** The next values in order, or null: there are no more. */
export type Page<T> = readonly T[] | null

/**
 * Gives the next page. `wanted` is how many bytes (or items) there is room for, more than 0, and Infinity where nobody
 * said; a page may be smaller, empty or bigger. An array is a page, and never a list of pages; of any other input, the
 * first value is the page, and none is an empty one. What it throws or fails with is the error of the source.
 */
export type NextPage<T> = (wanted: number) => Page<T> | ObservableInput<Page<T>>

/**
 * Returns an Observable that asks `next` for a page while something is wanted, once at a time. As a body, or as what
 * `sse` or a WebSocket sends, it asks for no more than the client takes, also through operators that work at once.
 * After the end, an error, or when it is unsubscribed it asks no more; a page under way is unsubscribed.
 *
 * @example
 * body: pulled(wanted => rows.read(wanted)).pipe(map(row => JSON.stringify(row) + '\n'))
 */
export function pulled<T>(next: NextPage<T>): Observable<T> {
  return new Observable<T>(subscriber => { new PageReader(subscriber, next).run() })
}

class PageReader<T> extends SourceLoop<T> {
  private readonly subscriber: Subscriber<T>
  private readonly nextPage: NextPage<T>
  /** The page that came within the asking; undefined if it is still to come. */
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
      next: page => { this.receive(page) },
      error: error => { this.taker.error(error) },
    }))
    this.isAsking = false
    return this.answer
  }

  private receive(page: Page<T>): void {
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
