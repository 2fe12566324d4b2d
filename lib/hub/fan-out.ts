/**
 * The common part of all hubs: the log of the last events, the subscribers with their positions in it, and the
 * publishers that wait until those have room.
 *
 * Strategy: a hub gives each event its id and pushes it here once. A subscriber that falls behind delays no other.
 */
import { BehaviorSubject, Observable } from 'rxjs'
import { Reentry } from '../buffer/reentry.js'
import { checkOptions, oneOf, SIZE, type Shape } from '../connection/option-check.js'
import { LocalProtocolError } from '../errors.js'
import { keepPrepared } from '../sse/prepared-event.js'
import { EventLog } from './event-log.js'
import type { HubEvent, HubGap, SubscribeOptions } from './hub-options.js'
import { HubSubscription, type Beginning } from './subscription.js'

/** How many events a hub holds unless given. */
export const HISTORY = 1_000

const ID: Shape = { what: 'a string or null', isFit: value => typeof value === 'string' || value === null }

const SUBSCRIBE_KINDS = {
  after: ID, queue: SIZE, overflow: oneOf('gap', 'latest', 'disconnect', 'error', 'wait'),
}

/** The log of a hub and its subscribers. */
export class FanOut<T> {
  readonly log: EventLog<T>
  readonly size$: Observable<number>
  isClosed: boolean
  private readonly sizes: BehaviorSubject<number>
  private readonly subscriptions: Set<HubSubscription<T>>
  /** What waits for room, in the order of the calls. */
  private readonly waiting: (() => void)[]
  private readonly releasing: Reentry
  /** The subscriber without room that was found last; null: there was none. */
  private full: HubSubscription<T> | null
  /** Continues the search for one, so that a wait takes one pass over the subscribers, in whatever order they drain. */
  private search: Iterable<HubSubscription<T>>

  constructor(history: number) {
    this.log = new EventLog(history)
    this.sizes = new BehaviorSubject(0)
    this.size$ = this.sizes.asObservable()
    this.isClosed = false
    this.subscriptions = new Set()
    this.waiting = []
    this.releasing = new Reentry()
    this.full = null
    this.search = []
  }

  get size(): number {
    return this.subscriptions.size
  }

  /** Adds the event to the log, and gives it to all subscribers that have demand. */
  push(event: HubEvent<T> | HubGap): void {
    if ('id' in event) keepPrepared(event)
    this.log.push(event)
    for (const subscription of this.subscriptions) subscription.published()
  }

  /** Whether an event may be published now: nothing waits, and every subscriber that must lose nothing has room. */
  get hasRoom(): boolean {
    return this.waiting.length === 0 && this.mayPublish
  }

  /**
   * Calls `act`, which may push one event, as soon as there is room for it, in the order of the calls. In a closed hub
   * that is at once: a subscriber without room is not waited for. Resolves or rejects as `act` returns or throws.
   */
  whenRoom<R>(act: () => R | Promise<R>): Promise<R> {
    const attempt = async (): Promise<R> => act()
    return new Promise(resolve => {
      this.waiting.push(() => { resolve(attempt()) })
      this.advanced()
    })
  }

  /**
   * Subscribers of these options. At each subscription `begin` returns where it begins; it gets a function that
   * continues a subscription whose beginning is not in the log yet.
   *
   * @throws {@link LocalProtocolError} badRange: the queue; badOption
   */
  subscribe(
    options: SubscribeOptions, begin: (after: string | null, goOn: () => void) => Beginning<T>,
  ): Observable<HubEvent<T> | HubGap> {
    checkOptions(options, SUBSCRIBE_KINDS)
    const { overflow = 'gap', after = null } = options
    const queue = Math.min(options.queue ?? this.log.capacity, this.log.capacity)
    return new Observable(subscriber => {
      const goOn = (): void => { subscription.give() }
      const beginning = begin(after, goOn)
      const subscription = new HubSubscription(this.log, this, subscriber, { after, beginning, queue, overflow })
      this.add(subscription)
      subscriber.add(() => { this.remove(subscription) })
      subscription.give()
      if (this.isClosed) subscription.complete()
    })
  }

  /** Completes all subscribers, each behind its last event, and refuses further events. */
  close(): void {
    this.isClosed = true
    for (const subscription of this.subscriptions) subscription.complete()
    this.advanced()
  }

  /** @throws {@link LocalProtocolError} badState: the hub is closed */
  assertOpen(): void {
    if (this.isClosed) throw new LocalProtocolError('badState', 'the hub is closed')
  }

  /** A subscriber has room again, or is gone. */
  advanced(): void {
    if (this.waiting.length === 0 || !this.releasing.enter()) return
    // At once, and not in a promise's job: until then a subscriber without room might come.
    while (this.waiting.length > 0 && this.mayPublish) this.waiting.shift()?.()
    this.releasing.leave()
  }

  /** Whether the next publisher need not wait. One of a closed hub is refused instead. */
  private get mayPublish(): boolean {
    return this.isClosed || this.isReady
  }

  private get isReady(): boolean {
    const { full, subscriptions } = this
    if (full !== null && isFull(full) && subscriptions.has(full)) return false
    this.full = firstFull(this.search) ?? firstFull(this.search = subscriptions.values())
    return this.full === null
  }

  private add(subscription: HubSubscription<T>): void {
    this.subscriptions.add(subscription)
    this.sizes.next(this.size)
  }

  private remove(subscription: HubSubscription<T>): void {
    this.subscriptions.delete(subscription)
    subscription.stop()
    this.sizes.next(this.size)
    this.advanced()
  }
}

/** Whether a publisher has to wait for the subscriber. */
function isFull<T>({ overflow, hasRoom }: HubSubscription<T>): boolean {
  return overflow === 'wait' && !hasRoom
}

/** Returns the first full subscriber. An iterator of a set continues behind it the next time. */
function firstFull<T>(subscriptions: Iterable<HubSubscription<T>>): HubSubscription<T> | null {
  for (const subscription of subscriptions) if (isFull(subscription)) return subscription
  return null
}
