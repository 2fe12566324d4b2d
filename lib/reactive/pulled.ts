/**
 * A source made of "give me the next page".
 *
 * Strategy: a demand is credit, and each value of a page costs its size. As long as credit is left, the next page is
 * asked for, one at a time; a page is passed on whole, so the source runs ahead of its demand by at most one page. An
 * empty page costs nothing and is asked again. Pages are asked in a loop, never from within the answer to the last,
 * and the loop rests after a number of pages, so that a source which has much or nothing to say cannot hold up all
 * others. The number counts on over pages that are promised: promises come before any socket has its turn.
 */
import {
  asyncScheduler, defaultIfEmpty, from, Observable, type ObservableInput, type Subscriber, take,
} from 'rxjs'
import { chunkSize } from './chunk.js'

/** The next values in order, or null: there are no more. */
export type Page<T> = readonly T[] | null

/**
 * Gives the next page. `wanted` is how many bytes (or items) there is room for, more than 0; a page may be smaller,
 * empty or bigger. An array is a page, and never a list of pages; of any other input, the first value is the page,
 * and none is an empty one. What it throws or fails with is the error of the source.
 */
export type NextPage<T> = (wanted: number) => Page<T> | ObservableInput<Page<T>>

/** How many pages are taken for one demand before others have their turn. */
const PAGES_PER_TURN = 1_000

/**
 * Returns a body source that asks `next` for a page when there is demand, once at a time. After the end, an error, or
 * when it is unsubscribed it asks no more; a page under way is unsubscribed.
 *
 * @example
 * body: pulled(wanted => rows.read(wanted))
 */
export function pulled<T>(next: NextPage<T>): (ready$: Observable<number>) => Observable<T> {
  return ready$ => new Observable<T>(subscriber => {
    const reader = new PageReader(subscriber, next)
    return ready$.subscribe({
      next: wanted => reader.grant(wanted),
      error: error => subscriber.error(error),
    })
  })
}

class PageReader<T> {
  private readonly subscriber: Subscriber<T>
  private readonly nextPage: NextPage<T>
  private credit: number
  /** How many pages are asked for before the loop rests. */
  private pagesLeft: number
  /** Whether a page is asked for or passed on, or the loop rests. */
  private isBusy: boolean
  /** The page that came within the asking; undefined if it is still to come. */
  private answer: Page<T> | undefined
  private isAsking: boolean

  constructor(subscriber: Subscriber<T>, nextPage: NextPage<T>) {
    this.subscriber = subscriber
    this.nextPage = nextPage
    this.credit = 0
    this.pagesLeft = PAGES_PER_TURN
    this.isBusy = false
    this.answer = undefined
    this.isAsking = false
  }

  grant(credit: number): void {
    this.credit = credit
    this.pagesLeft = PAGES_PER_TURN
    if (!this.isBusy) this.run()
  }

  private run(): void {
    this.isBusy = true
    while (this.credit > 0 && !this.subscriber.closed) {
      if (this.pagesLeft === 0) return this.rest()
      this.pagesLeft--
      const page = this.ask()
      if (page === undefined) return
      this.pass(page)
    }
    this.isBusy = false
  }

  private rest(): void {
    this.pagesLeft = PAGES_PER_TURN
    // Not `asapScheduler`, whose turn comes before that of any socket.
    this.subscriber.add(asyncScheduler.schedule(() => this.run()))
  }

  /** Returns the page if it is there at once. */
  private ask(): Page<T> | undefined {
    try {
      const result = this.nextPage(this.credit)
      return result === null || isPage(result) ? result : this.await(result)
    } catch (error) {
      this.subscriber.error(error)
      return undefined
    }
  }

  private await(input: ObservableInput<Page<T>>): Page<T> | undefined {
    this.answer = undefined
    this.isAsking = true
    this.subscriber.add(from(input).pipe(take(1), defaultIfEmpty([])).subscribe({
      next: page => this.receive(page),
      error: error => this.subscriber.error(error),
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
    this.run()
  }

  private pass(page: Page<T>): void {
    if (page === null) {
      this.subscriber.complete()
      return
    }
    for (let i = 0; i < page.length && !this.subscriber.closed; i++) {
      this.credit -= chunkSize(page[i])
      this.subscriber.next(page[i])
    }
  }
}

// Array.isArray does not narrow a readonly array out of a union.
function isPage<T>(result: Page<T> | ObservableInput<Page<T>>): result is readonly T[] {
  return Array.isArray(result)
}
