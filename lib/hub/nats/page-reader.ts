/**
 * Reads the stream's events from before the log: page by page, one at a time, for all subscribers of the process.
 *
 * Strategy: many clients reconnect at once, from about the same position. The last pages are cached, so the first
 * client causes a read and the others find the page. A cached page stays valid: events between two sequences do not
 * change.
 */
import type { HubEvent } from '../hub-options.js'
import { isPassing, Pause } from './retry.js'
import type { Read, StreamAccess } from './stream-access.js'
import type { StreamLog } from './stream-log.js'

/** The most messages of a page. */
const PAGE = 100
/** How many pages are cached. */
const KEPT = 4
/** How long the broker may take for a page, in milliseconds. */
const PAGE_MS = 5_000

/** The events of the stream between two sequences. */
export interface Page<T> {
  readonly from: number
  /** The last sequence that the page covers. */
  readonly to: number
  /** The oldest sequence that the stream held when the page was read. */
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
  /** Those that wait for their turn, in their order. */
  private readonly waiting: Map<object, () => void>
  private isBusy: boolean
  private isStopped: boolean

  constructor(access: StreamAccess<T>, log: StreamLog<T>) {
    this.access = access
    this.log = log
    this.pause = new Pause()
    this.pages = []
    this.era = 0
    this.known = 0
    this.waiting = new Map()
    this.isBusy = false
    this.isStopped = false
  }

  /** Returns a page that covers that sequence; null if the hub is closed. */
  page(from: number, asker: object): Promise<Page<T> | null> {
    return this.next(asker, () => this.pages.find(page => page.from <= from && from <= page.to), () => this.read(from))
  }

  /** Whether the stream has reached that sequence. */
  async has(seq: number, asker: object): Promise<boolean> {
    return await this.next(asker, () => seq <= this.known || undefined, async () => {
      this.known = (await this.access.state()).last
      return seq <= this.known
    }) ?? false
  }

  /** The asker is gone. It gets no answer if it still waits for its turn, and nothing is held or asked for it. */
  withdraw(asker: object): void {
    this.waiting.delete(asker)
  }

  /** Stops reading; pending calls return null. */
  stop(): void {
    this.isStopped = true
    this.pause.end()
  }

  /** Waits for its turn, then returns what `find` finds, or else asks the broker until it answers. */
  private async next<R>(asker: object, find: () => R | undefined, ask: () => Promise<R>): Promise<R | null> {
    if (this.isBusy) await new Promise<void>(resolve => { this.waiting.set(asker, resolve) })
    this.isBusy = true
    const answer = await this.answer(find, ask)
    this.release()
    return answer
  }

  /** Gives the turn to the next one. */
  private release(): void {
    for (const [asker, begin] of this.waiting) {
      this.waiting.delete(asker)
      return begin()
    }
    this.isBusy = false
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
    // Read before the stream is asked: every sequence that the log has now is in the stream then.
    const { lastSeq, epoch } = this.log
    const { epoch: now, first: held, isSole } = await this.access.state()
    if (now !== epoch) throw new Error('the stream was made anew')
    const { isLast, reads } = await this.messages(from, epoch)
    const to = Math.max(isLast ? lastSeq : 0, reads.at(-1)?.seq ?? 0)
    const events = reads.flatMap(({ seq, event }) => event === null ? [] : [{ seq, event }])
    // Messages deleted since then show as missing sequences.
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
