/**
 * One subscriber of a hub: its position in the log, and its pace.
 *
 * Strategy: a subscriber may offer its demand (offer.ts), as a response does. Then events are given while there is
 * demand; without demand the position stays, and nothing is queued here. The policy is applied to a subscriber that is
 * too far behind when the next event is published, or when it gets its next event.
 */
import type { Subscriber } from 'rxjs'
import { Reentry } from '../buffer/reentry.js'
import { giveComplete, giveError, giveNext, offeredDemand, type Offer } from '../demand/offer.js'
import { BackpressureError } from '../errors.js'
import type { EventLog } from './event-log.js'
import { isGap, type HubEvent, type HubGap, type HubOverflow } from './hub-options.js'

/** Receives the progress of a subscriber. */
export interface SubscriptionHost {
  /** It has room again, or is gone. */
  advanced(): void
}

/** Where a subscriber continues in the log. */
export interface Start {
  readonly position: number
  /** How many events it missed that are no longer held; null where that is not known. */
  readonly lost: number | null
}

/** Events from before the log, which a subscriber may get first. */
export interface Earlier<T> {
  /** Returns the next event, or the place in the log behind the last one; null: neither is known yet. */
  next(): HubEvent<T> | HubGap | Start | null
  /** The subscriber is gone: nothing more is asked for it. */
  stop(): void
}

/** The beginning of a subscription. */
export type Beginning<T> = Start | Earlier<T>

/** The options of a subscription. */
export interface SubscriptionPlan<T> {
  readonly beginning: Beginning<T>
  /** The id that it resumes behind. */
  readonly after: string | null
  readonly queue: number
  readonly overflow: HubOverflow
}

/** A subscriber at work. */
export class HubSubscription<T> {
  readonly overflow: HubOverflow
  private readonly log: EventLog<T>
  private readonly host: SubscriptionHost
  private readonly subscriber: Subscriber<HubEvent<T> | HubGap>
  private readonly offer: Offer | null
  private readonly queue: number
  /** The source of events from before the log; null: the subscriber reads from the log. */
  private earlier: Earlier<T> | null
  /** The position of the event that it gets next from the log. */
  private position: number
  private last: string | null
  /** How many missed events its next gap reports; 0: none; null: an unknown number. */
  private lost: number | null
  /** The end of the log when it subscribed: earlier events do not count as being behind. */
  private origin: number
  private readonly giving: Reentry
  private isCompleting: boolean

  constructor(
    log: EventLog<T>, host: SubscriptionHost, subscriber: Subscriber<HubEvent<T> | HubGap>,
    { after, beginning, queue, overflow }: SubscriptionPlan<T>,
  ) {
    this.overflow = overflow
    this.log = log
    this.host = host
    this.subscriber = subscriber
    this.offer = offeredDemand()
    this.queue = queue
    this.earlier = 'next' in beginning ? beginning : null
    this.position = log.end
    this.last = after
    this.lost = 0
    this.origin = log.end
    this.giving = new Reentry()
    if (this.earlier === null) this.enter(beginning as Start)
    this.isCompleting = false
    if (this.offer !== null) subscriber.add(this.offer.whenWanted(() => { this.give() }))
  }

  /** Whether one more event finds room. */
  get hasRoom(): boolean {
    return !this.isBehind(1)
  }

  /** Gives events while there are some and there is demand. */
  give(): void {
    if (!this.giving.enter()) return
    while (this.isWanted && this.step()) this.host.advanced()
    this.giving.leave()
    if (this.isCompleting && this.hasAll) giveComplete(this.offer, this.subscriber)
  }

  /** An event was published. */
  published(): void {
    this.give()
    if (this.overflow !== 'gap' && this.overflow !== 'latest' && this.isBehind(0)) this.leave()
  }

  /** The subscriber is gone. */
  stop(): void {
    this.earlier?.stop()
  }

  /** There will be no more events: completes behind the last one. */
  complete(): void {
    this.isCompleting = true
    this.give()
    // Events that are not there by now will not come.
    if (this.earlier !== null) giveComplete(this.offer, this.subscriber)
  }

  private get hasAll(): boolean {
    return this.earlier === null && this.position === this.log.end
  }

  private get isWanted(): boolean {
    return !this.subscriber.closed && (this.offer === null || this.offer.wanted > 0)
  }

  /** Whether it would be too far behind if there were that many more events. */
  private isBehind(more: number): boolean {
    if (this.earlier !== null) return false
    const end = this.log.end + more
    return end - Math.max(this.position, this.origin) > this.queue || end - this.position > this.log.capacity
  }

  /** Gives one event or gap. Returns whether there was one. */
  private step(): boolean {
    if (this.earlier !== null) return this.stepEarlier(this.earlier)
    if (this.isBehind(0)) this.skip()
    if (this.lost !== 0) {
      this.tellGap(this.lost)
      return true
    }
    if (this.position === this.log.end) return false
    this.tell(this.log.at(this.position++))
    return true
  }

  private stepEarlier(earlier: Earlier<T>): boolean {
    const item = earlier.next()
    if (item === null) return false
    if ('position' in item) this.enter(item)
    else this.tell(isGap(item) ? { event: 'gap', data: { ...item.data, after: this.last } } : item)
    return true
  }

  /** Continues in the log. */
  private enter({ position, lost }: Start): void {
    this.earlier = null
    this.position = position
    this.lost = lost
    this.origin = this.log.end
  }

  private tell(event: HubEvent<T> | HubGap): void {
    if ('id' in event) this.last = event.id
    giveNext(this.offer, this.subscriber, event)
  }

  /** Skips to the oldest event that it may get, or to the newest. */
  private skip(): void {
    const { end, first } = this.log
    const next = this.overflow === 'latest' ? end - 1 : Math.max(first, end - this.queue)
    if (this.lost !== null) this.lost += next - this.position
    this.position = next
  }

  private tellGap(missed: number | null): void {
    const { log, position } = this
    this.lost = 0
    this.tell({ event: 'gap', data: { after: this.last, next: log.idAt(position), missed } })
  }

  private leave(): void {
    if (this.subscriber.closed) return
    if (this.overflow === 'disconnect') return giveComplete(this.offer, this.subscriber)
    const behind = this.log.end - this.position
    giveError(this.offer, this.subscriber, new BackpressureError(
      `a subscriber of a hub is ${behind} events behind; its limit is ${this.queue}. Set its overflow policy: 'gap' or `
      + "'latest' where events may be lost, 'disconnect' where clients reconnect; with 'wait', use publishWhenReady",
      behind,
    ))
  }
}
