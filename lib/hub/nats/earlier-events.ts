/**
 * What a subscriber gets that comes back from before the log: the events of the stream behind its last one, as it takes
 * them, until the log goes on.
 *
 * Strategy: it holds one page at most. A subscriber may be ahead of this process, too: it has seen an event at another
 * one that did not come here yet. Then it waits until the log is there, and gets nothing twice.
 */
import type { HubEvent, HubGap } from '../hub-options.js'
import type { Earlier, Start } from '../subscription.js'
import type { Page, PageReader } from './page-reader.js'
import type { StreamLog } from './stream-log.js'

/** The events behind one sequence. */
export class EarlierEvents<T> implements Earlier<T> {
  private readonly log: StreamLog<T>
  private readonly pages: PageReader<T>
  private readonly goOn: () => void
  private readonly era: number
  /** The last sequence that the subscriber has, or that is not one of its events. */
  private seq: number
  private page: Page<T> | null
  /** What comes next of the page. */
  private index: number
  private isAsking: boolean
  /** Whether the stream is known to have that sequence; null: not asked yet. */
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
    if (this.seq <= this.log.lastSeq) this.ask(this.pages.page(this.seq + 1), page => { this.open(page) })
    else if (this.isThere === null) this.ask(this.pages.has(this.seq), isThere => { this.isThere = isThere })
    else if (!this.isThere) return { position: this.log.fanOut.log.first, lost: null }
    return null
  }

  /** The next event of the page; what comes behind the page, where that is over. */
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
