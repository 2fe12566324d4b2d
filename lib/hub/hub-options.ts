/**
 * The options of a hub and of its subscribers, and what these get.
 */

/** What becomes of a subscriber that falls so far behind that an event it did not get is held no more. */
export type HubOverflow =
  /** It is told of the gap, and goes on with the oldest event that is held. */
  | 'gap'
  /** It is told of the gap, and goes on with the newest event. */
  | 'latest'
  /** It is completed: an SSE client comes back by itself, and asks for what it missed. */
  | 'disconnect'
  /** It fails with a `BackpressureError`. */
  | 'error'
  /** It loses nothing as long as the publisher waits for it (`publishWhenReady`); else as `error`. */
  | 'wait'

/** How a hub works. */
export interface HubOptions {
  /** How many events are held for those who come back and for those who are slow: 1,000. */
  readonly history?: number
  /**
   * What the ids begin with, so that those of an earlier life of the process are known as such: the time when the hub
   * was made, unless given. Letters and digits.
   */
  readonly epoch?: string
}

/** What is published beside the value. */
export interface PublishOptions {
  /** The type that a client listens to: `message` unless given. */
  readonly event?: string
}

/** How somebody subscribes. */
export interface SubscribeOptions {
  /**
   * The id of the last event that the subscriber got: those behind it come first. Null or undefined: it gets what is
   * published from now on.
   */
  readonly after?: string | null | undefined
  /** How many events it may be behind: as many as are held, unless given. */
  readonly queue?: number
  /** What happens beyond: `gap` unless given. */
  readonly overflow?: HubOverflow
}

/** An event of a hub. It is an event of `httprx/sse` as it stands. */
export interface HubEvent<T> {
  /** What a client sends as `Last-Event-ID` when it comes back. */
  readonly id: string
  readonly event?: string
  readonly data: T
}

/** What a subscriber gets in place of events that are held no more. It has no id: the client keeps its last one. */
export interface HubGap {
  readonly event: 'gap'
  readonly data: {
    /** The last event that the subscriber got, as far as it said. */
    readonly after: string | null
    /** The event that comes next; null where there is none yet. */
    readonly next: string | null
    /** How many events are missing; null where that is not known: the id is none of this hub's. */
    readonly missed: number | null
  }
}

/** Whether the subscriber missed something. */
export function isGap<T>(event: HubEvent<T> | HubGap): event is HubGap {
  return event.event === 'gap' && !('id' in event)
}
