/**
 * Replays a stream to a subscriber that resumes before the beginning of the log: the events after its last one, on
 * demand, up to the log.
 *
 * Strategy: it holds at most one page. A subscriber can also be ahead of this process: another process already gave it
 * an event that has not arrived here. It then waits until the log reaches that event, and gets no event twice.
 */
import type { HubEvent, HubGap } from '../hub-options.js'
import type { Earlier, Start } from '../subscription.js'
import type { Page, PageReader } from './page-reader.js'
import type { StreamLog } from './stream-log.js'

/** The events after one sequence. */
export class EarlierEvents<T> implements Earlier<T> {
  private readonly log: StreamLog<T>
  private readonly pages: PageReader<T>
  private readonly goOn: () => void
  private readonly era: number
  /** The last sequence that is done: the subscriber has its event, or it has none for the subscriber. */
  private seq: number
  private page: Page<T> | null
  /** The index of the page's next event. */
  private index: number
  private isAsking: boolean
  /** Whether the stream has reached {@link seq}; null: not asked yet. */
  private isThere: boolean | null

  constructor(log: StreamLog<T>, pages: PageReader<T>, seq: number, goOn: () => void) {
    this.log = log
    this.pages = pages
    this.goOn = goOn
    this.era = log.era
    this.seq = seq
    this.page = null
    this.index = 0
    this.isAsking = false
    this.isThere = null
  }

  next(): HubEvent<T> | HubGap | Start | null {
    if (this.era !== this.log.era) return this.log.start
    if (this.page !== null) return this.turn(this.page)
    const start = this.log.startBehind(this.seq)
    if (start !== null || this.isAsking) return start
    if (this.seq <= this.log.lastSeq) this.ask(this.pages.page(this.seq + 1, this), page => { this.open(page) })
    else if (this.isThere === null) this.ask(this.pages.has(this.seq, this), isThere => { this.isThere = isThere })
    else if (!this.isThere) return { position: this.log.fanOut.log.first, lost: null }
    return null
  }

  stop(): void {
    this.pages.withdraw(this)
  }

  /** Returns the next event of the page, or after its last event what follows the page. */
  private turn(page: Page<T>): HubEvent<T> | HubGap | Start | null {
    if (this.seq + 1 < page.first) {
      const missed = this.log.isSole ? page.first - this.seq - 1 : null
      this.seq = page.first - 1
      return { event: 'gap', data: { after: null, next: page.events.at(this.index)?.event.id ?? null, missed } }
    }
    const next = page.events.at(this.index++)
    this.seq = next?.seq ?? Math.max(this.seq, page.to)
    if (next !== undefined) return next.event
    this.page = null
    return this.next()
  }

  private open(page: Page<T> | null): void {
    this.page = page
    this.index = page?.events.findIndex(({ seq }) => seq > this.seq) ?? 0
    if (page !== null && this.index < 0) this.index = page.events.length
  }

  private ask<R>(question: Promise<R>, hear: (answer: R) => void): void {
    this.isAsking = true
    void question.then(answer => {
      this.isAsking = false
      hear(answer)
      this.goOn()
    })
  }
}
