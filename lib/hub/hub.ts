/**
 * `Hub`: one event to many subscribers, each at its own pace.
 *
 * Strategy: there is one bounded log of events (event-log.ts), and subscribers hold positions in it (fan-out.ts). So a
 * client that does not read costs no memory and delays no other client; one that reconnects resumes behind its last
 * event; and events that are no longer held are reported as a gap. Ids are the epoch of the hub and a number.
 */
import type { Observable } from 'rxjs'
import { checkOptions, SIZE, TEXT } from '../connection/option-check.js'
import { LocalProtocolError } from '../errors.js'
import { FanOut, HISTORY } from './fan-out.js'
import {
  eventTypeOf, type HubEvent, type HubGap, type HubOptions, type PublishOptions, type SubscribeOptions,
} from './hub-options.js'
import type { Start } from './subscription.js'

/**
 * Distributes events to any number of clients.
 *
 * @example
 * const hub = new Hub<Quote>()
 * serve(reqd => sse(hub.subscribe({ after: lastEventId(reqd) })))
 * hub.publish(quote)
 */
export class Hub<T> {
  /** Emits the number of subscribers, now and whenever it changes. */
  readonly size$: Observable<number>
  private readonly epoch: string
  private readonly fanOut: FanOut<T>

  /** @throws {@link LocalProtocolError} badRange: the history; badField: the epoch; badOption */
  constructor(options: HubOptions = {}) {
    checkOptions(options, { history: SIZE, epoch: TEXT })
    this.epoch = options.epoch ?? Date.now().toString(36)
    if (!/^[0-9A-Za-z]+$/.test(this.epoch)) throw new LocalProtocolError('badField', 'an epoch is letters and digits')
    this.fanOut = new FanOut(options.history ?? HISTORY)
    this.size$ = this.fanOut.size$
  }

  /** How many subscribers there are. */
  get size(): number {
    return this.fanOut.size
  }

  /** The id of the last event; null where none was published. */
  get latestId(): string | null {
    const { end } = this.fanOut.log
    return end === 0 ? null : this.idOf(end - 1)
  }

  /**
   * Publishes the value and returns its id. It belongs to the hub from then on: a later change reaches some subscribers
   * and not others.
   *
   * @throws {@link LocalProtocolError} badState: the hub is closed; badOption: an invalid event type
   */
  publish(data: T, options: PublishOptions = {}): string {
    this.fanOut.assertOpen()
    const event = eventTypeOf(options)
    const id = this.idOf(this.fanOut.log.end)
    this.fanOut.push(Object.freeze({ id, data, ...event !== undefined && { event } }))
    return id
  }

  /**
   * Publishes when every subscriber that must lose nothing (`overflow: 'wait'`) has room, in the order of the calls.
   * One that leaves is not waited for.
   *
   * @throws as {@link publish}, by rejecting
   */
  publishWhenReady(data: T, options?: PublishOptions): Promise<string> {
    return this.fanOut.whenRoom(() => this.publish(data, options))
  }

  /**
   * Returns the events from now on, or all events behind `after`. Each subscription begins anew. While a subscriber
   * that offers its demand (a response, `sse`, a WebSocket's `send`) has none, its events wait in the log.
   *
   * For an id that is not of this hub, or whose next event is no longer held, the first event is a {@link HubGap}; then
   * come all events that are held.
   *
   * @throws {@link LocalProtocolError} badRange: the queue; badOption
   */
  subscribe(options: SubscribeOptions = {}): Observable<HubEvent<T> | HubGap> {
    return this.fanOut.subscribe(options, after => this.startOf(after))
  }

  /** Completes all subscribers, each behind its last event, and refuses further events. */
  close(): void {
    this.fanOut.close()
  }

  private idOf(position: number): string {
    return `${this.epoch}-${position + 1}`
  }

  private startOf(after: string | null): Start {
    const { end, first } = this.fanOut.log
    if (after === null) return { position: end, lost: 0 }
    const position = this.positionBehind(after)
    if (position === null) return { position: first, lost: null }
    return { position: Math.max(position, first), lost: Math.max(0, first - position) }
  }

  /** Returns the position behind the event of an id; null where the id is not of this hub. */
  private positionBehind(id: string): number | null {
    const position = Number(id.slice(this.epoch.length + 1))
    const isInLog = Number.isInteger(position) && position > 0 && position <= this.fanOut.log.end
    const isOurs = isInLog && this.idOf(position - 1) === id
    return isOurs ? position : null
  }
}
