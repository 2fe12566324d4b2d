/**
 * `Hub`: one event to many subscribers, each at its own pace.
 *
 * Strategy: there is one bounded log of events (event-log.ts), and subscribers hold positions in it (subscription.ts).
 * So a client that does not read costs nothing and holds nobody up; one that comes back goes on where it left off; and
 * what is held no more is told, never passed over in silence. Ids are the epoch of the hub and a number.
 */
import { BehaviorSubject, Observable } from 'rxjs'
import { checkOptions, oneOf, SIZE, TEXT, type Shape } from '../connection/option-check.js'
import { LocalProtocolError } from '../errors.js'
import { keepPrepared } from '../sse/prepared-event.js'
import { EventLog } from './event-log.js'
import type { HubEvent, HubGap, HubOptions, PublishOptions, SubscribeOptions } from './hub-options.js'
import { HubSubscription, type Start } from './subscription.js'

const HISTORY = 1_000

const ID: Shape = { what: 'a string or null', isFit: value => typeof value === 'string' || value === null }

const SUBSCRIBE_KINDS = {
  after: ID, queue: SIZE, overflow: oneOf('gap', 'latest', 'disconnect', 'error', 'wait'),
}

/**
 * A place where events are published, and from which any number of clients get them.
 *
 * @example
 * const hub = new Hub<Quote>()
 * serve(reqd => sse(hub.subscribe({ after: lastEventId(reqd) })))
 * hub.publish(quote)
 */
export class Hub<T> {
  /** How many subscribers there are: now, and whenever that changes. */
  readonly size$: Observable<number>
  private readonly log: EventLog<T>
  private readonly history: number
  private readonly epoch: string
  private readonly sizes: BehaviorSubject<number>
  private readonly subscriptions: Set<HubSubscription<T>>
  /** Publishers that wait for room, in their order. */
  private readonly waiting: (() => void)[]
  /** Whether one of them is about to publish. */
  private isReleasing: boolean
  private isClosed: boolean

  /** @throws {@link LocalProtocolError} badRange: the history; badField: the epoch; badOption */
  constructor(options: HubOptions = {}) {
    checkOptions(options, { history: SIZE, epoch: TEXT })
    this.history = options.history ?? HISTORY
    this.epoch = options.epoch ?? Date.now().toString(36)
    if (!/^[0-9A-Za-z]+$/.test(this.epoch)) throw new LocalProtocolError('badField', 'an epoch is letters and digits')
    this.log = new EventLog(this.history)
    this.sizes = new BehaviorSubject(0)
    this.size$ = this.sizes.asObservable()
    this.subscriptions = new Set()
    this.waiting = []
    this.isReleasing = false
    this.isClosed = false
  }

  /** How many subscribers there are. */
  get size(): number {
    return this.subscriptions.size
  }

  /** The id of the last event; null where none was published. */
  get latestId(): string | null {
    return this.log.end === 0 ? null : this.idOf(this.log.end - 1)
  }

  /**
   * Publishes the value and returns its id. It belongs to the hub from then on: what is changed later is seen by some
   * subscribers and not by others.
   *
   * @throws {@link LocalProtocolError} badState: the hub is closed
   */
  publish(data: T, { event }: PublishOptions = {}): string {
    if (this.isClosed) throw new LocalProtocolError('badState', 'the hub is closed')
    const id = this.idOf(this.log.end)
    const published: HubEvent<T> = Object.freeze({ id, data, ...event !== undefined && { event } })
    keepPrepared(published)
    this.log.push(published)
    for (const subscription of this.subscriptions) subscription.published()
    return id
  }

  /**
   * Publishes when every subscriber that must lose nothing (`overflow: 'wait'`) has room, in the order of the calls.
   * One that leaves is not waited for.
   *
   * @throws as {@link publish}, by rejecting
   */
  async publishWhenReady(data: T, options?: PublishOptions): Promise<string> {
    if (this.isReleasing || this.waiting.length > 0 || !this.isReady) {
      await new Promise<void>(resolve => { this.waiting.push(resolve) })
    }
    try {
      return this.publish(data, options)
    } finally {
      this.isReleasing = false
      this.advanced()
    }
  }

  /**
   * The events from now on, or those behind `after` and from then on. Each subscription begins anew. Where the
   * subscriber offers its demand (a response, `sse`, a WebSocket's `send`), events wait here while it wants none.
   *
   * An id that is none of this hub's, or whose successors are held no more, is answered with a {@link HubGap}, and then
   * with all events that are held.
   *
   * @throws {@link LocalProtocolError} badRange: the queue; badOption
   */
  subscribe(options: SubscribeOptions = {}): Observable<HubEvent<T> | HubGap> {
    checkOptions(options, SUBSCRIBE_KINDS)
    const { overflow = 'gap' } = options
    const queue = Math.min(options.queue ?? this.history, this.history)
    return new Observable(subscriber => {
      const start = this.startOf(options.after ?? null)
      const subscription = new HubSubscription(this.log, this, subscriber, { ...start, queue, overflow })
      this.add(subscription)
      subscriber.add(() => { this.remove(subscription) })
      subscription.give()
      if (this.isClosed) subscription.complete()
    })
  }

  /** Completes all subscribers, each when it got what was published, and takes no more. */
  close(): void {
    this.isClosed = true
    for (const subscription of this.subscriptions) subscription.complete()
    this.advanced()
  }

  /** @internal A subscriber has room again, or is gone. */
  advanced(): void {
    if (this.isReleasing || this.waiting.length === 0 || !(this.isClosed || this.isReady)) return
    this.isReleasing = true
    this.waiting.shift()?.()
  }

  private get isReady(): boolean {
    for (const { overflow, hasRoom } of this.subscriptions) if (overflow === 'wait' && !hasRoom) return false
    return true
  }

  private idOf(position: number): string {
    return `${this.epoch}-${position + 1}`
  }

  private startOf(after: string | null): Start {
    const { end, first } = this.log
    if (after === null) return { position: end, after, lost: 0 }
    const position = this.positionBehind(after)
    if (position === null) return { position: first, after, lost: null }
    return { position: Math.max(position, first), after, lost: Math.max(0, first - position) }
  }

  /** The position behind the event of that id; null where it is none of this hub's. */
  private positionBehind(id: string): number | null {
    const position = Number(id.slice(this.epoch.length + 1))
    const isOurs = position > 0 && position <= this.log.end && this.idOf(position - 1) === id
    return isOurs ? position : null
  }

  private add(subscription: HubSubscription<T>): void {
    this.subscriptions.add(subscription)
    this.sizes.next(this.size)
  }

  private remove(subscription: HubSubscription<T>): void {
    this.subscriptions.delete(subscription)
    this.sizes.next(this.size)
    this.advanced()
  }
}
