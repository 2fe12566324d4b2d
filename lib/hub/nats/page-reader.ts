/**
 * Reads what the stream holds from before the log: page by page, one at a time, for all subscribers of the process.
 *
 * Strategy: many clients come back at once, from about the same place. The last pages are kept, so the first of them
 * has a page read, and the others find it. What a page says stays true: events between two sequences do not change.
 */
import type { HubEvent } from '../hub-options.js'
import { isPassing, Pause } from './retry.js'
import type { Read, StreamAccess } from './stream-access.js'
import type { StreamLog } from './stream-log.js'

/** How many messages a page has. */
const PAGE = 100
/** How many pages are kept. */
const KEPT = 4
/** How long the broker may take for a page. */
const PAGE_MS = 5_000

/** What the stream held between two sequences. */
export interface Page<T> {
  readonly from: number
  /** The last sequence that it tells of. */
  readonly to: number
  /** The oldest sequence that the stream held. */
  readonly first: number
  readonly events: readonly { readonly seq: number; readonly event: HubEvent<T> }[]
}

/** Reads pages of a stream. */
export class PageReader<T> {
  private readonly access: StreamAccess<T>
  private readonly log: StreamLog<T>
  private readonly pause: Pause
  private pages: Page<T>[]
  private era: number
  /** The last sequence that the stream is known to have. */
  private known: number
  private turn: Promise<unknown>
  private isStopped: boolean

  constructor(access: StreamAccess<T>, log: StreamLog<T>) {
    this.access = access
    this.log = log
    this.pause = new Pause()
    this.pages = []
    this.era = 0
    this.known = 0
    this.turn = Promise.resolve()
    this.isStopped = false
  }

  /** A page that begins at that sequence, or tells of it; null where there will be none: the hub is closed. */
  page(from: number): Promise<Page<T> | null> {
    return this.next(() => this.pages.find(page => page.from <= from && from <= page.to), () => this.read(from))
  }

  /** Whether the stream has that sequence by now. */
  async has(seq: number): Promise<boolean> {
    return await this.next(() => seq <= this.known || undefined, async () => {
      this.known = (await this.access.state()).last
      return seq <= this.known
    }) ?? false
  }

  /** Ends it. */
  stop(): void {
    this.isStopped = true
    this.pause.end()
  }

  /** Looks for what is known when its turn has come, and asks the broker else, until it answers. */
  private next<R>(find: () => R | undefined, ask: () => Promise<R>): Promise<R | null> {
    const result = this.turn.then(() => this.answer(find, ask))
    this.turn = result
    return result
  }

  private async answer<R>(find: () => R | undefined, ask: () => Promise<R>): Promise<R | null> {
    while (!this.isStopped) {
      this.forgetOtherEras()
      const found = find()
      if (found !== undefined) return found
      try {
        const answer = await ask()
        this.pause.reset()
        return answer
      } catch (error) {
        if (!isPassing(error)) this.access.onError(error)
        await this.pause.wait()
      }
    }
    return null
  }

  private forgetOtherEras(): void {
    if (this.era === this.log.era) return
    this.era = this.log.era
    this.pages = []
    this.known = 0
  }

  private async read(from: number): Promise<Page<T>> {
    // What the log has by now, the stream had before it was asked.
    const { lastSeq, epoch } = this.log
    const { epoch: now, first: held, isSole } = await this.access.state()
    if (now !== epoch) throw new Error('the stream was made anew')
    const { isLast, reads } = await this.messages(from, epoch)
    const to = Math.max(isLast ? lastSeq : 0, reads.at(-1)?.seq ?? 0)
    const events = reads.flatMap(({ seq, event }) => event === null ? [] : [{ seq, event }])
    // What was deleted since then shows in the sequences.
    const first = isSole ? reads.at(0)?.seq ?? held : held
    const page = { from, to, first, events }
    this.pages = [page, ...this.pages.slice(0, KEPT - 1)]
    return page
  }

  private async messages(from: number, epoch: string): Promise<{ isLast: boolean; reads: Read<T>[] }> {
    const { consumer, count } = await this.access.consumer(from)
    const asked = Math.min(count, PAGE)
    const reads: Read<T>[] = []
    try {
      if (count === 0) return { isLast: true, reads }
      const messages = await consumer.fetch({ max_messages: asked, expires: PAGE_MS })
      for await (const message of messages) reads.push(this.access.read(message, epoch))
      if (reads.length < asked) throw new Error(`the broker gave ${reads.length} messages of ${asked}`)
      return { isLast: count === asked, reads }
    } finally {
      this.access.forget(consumer)
    }
  }
}
