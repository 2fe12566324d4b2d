/**
 * The options of a hub and of its subscribers, and the events that subscribers get.
 */

import { checkValue, type Shape } from '../connection/option-check.js'
import { LINE_END } from '../sse/event.js'

/** What happens to a subscriber that falls so far behind that its next event is no longer held. */
export type HubOverflow =
  /** It gets a gap, and continues with the oldest event that is held. */
  | 'gap'
  /** It gets a gap, and continues with the newest event. */
  | 'latest'
  /** It is completed: an SSE client reconnects by itself, and resumes behind its last event. */
  | 'disconnect'
  /** It fails with a `BackpressureError`. */
  | 'error'
  /** It loses nothing as long as the publisher waits for it (`publishWhenReady`); else as `error`. */
  | 'wait'

/** The options of a hub. */
export interface HubOptions {
  /** How many events are held for reconnecting and slow subscribers: 1,000. */
  readonly history?: number
  /**
   * The beginning of all ids, which tells them from ids of an earlier process: the time when the hub was made, unless
   * given. Letters and digits.
   */
  readonly epoch?: string
}

/** The options of `publish`. */
export interface PublishOptions {
  /** The event type that a client listens to: `message` unless given. Without line ends. */
  readonly event?: string
}

const EVENT_TYPE: Shape = {
  what: 'a string without line ends', isFit: value => typeof value === 'string' && !LINE_END.test(value),
}

/**
 * Returns the type of an event; undefined unless given. An event that no stream can carry would fail each client again
 * and again.
 *
 * @throws {@link LocalProtocolError} badOption: not a string without line ends
 */
export function eventTypeOf({ event }: PublishOptions): string | undefined {
  if (event !== undefined) checkValue('event', event, EVENT_TYPE)
  return event
}

/** The options of a subscription. */
export interface SubscribeOptions {
  /**
   * The id of the last event that the subscriber got: it resumes behind that. Null or undefined: it begins with the
   * next event that is published.
   */
  readonly after?: string | null | undefined
  /** How many events the subscriber may be behind: as many as are held, unless given. */
  readonly queue?: number
  /** What happens when it is further behind: `gap` unless given. */
  readonly overflow?: HubOverflow
}

/** An event of a hub. It is also an event of `httprx/sse`. */
export interface HubEvent<T> {
  /** A client sends it as `Last-Event-ID` when it reconnects. */
  readonly id: string
  readonly event?: string
  readonly data: T
}

/** Stands for events that are no longer held. It has no id: the client keeps its last one. */
export interface HubGap {
  readonly event: 'gap'
  readonly data: {
    /** The id of the last event that the subscriber got; null where it named none. */
    readonly after: string | null
    /** The id of the next event; null where there is none yet. */
    readonly next: string | null
    /** How many events are missing; null where that is not known, because the id is not of this hub. */
    readonly missed: number | null
  }
}

/** Whether the event is a gap. */
export function isGap<T>(event: HubEvent<T> | HubGap): event is HubGap {
  return event.event === 'gap' && !('id' in event)
}
