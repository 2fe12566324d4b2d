/**
 * The log of a hub: its last events by their positions. A gap in the input of the hub itself takes a position, too.
 *
 * Strategy: subscribers share the log and hold positions in it, so that a slow one costs no memory. Old events are
 * removed in batches.
 */
import type { HubEvent, HubGap } from './hub-options.js'

/** A bounded log. */
export class EventLog<T> {
  /** How many events are held. */
  readonly capacity: number
  private events: (HubEvent<T> | HubGap)[]
  /** The position of the first event in {@link events}. */
  private offset: number

  constructor(capacity: number) {
    this.capacity = capacity
    this.events = []
    this.offset = 0
  }

  /** The position that the next event gets. */
  get end(): number {
    return this.offset + this.events.length
  }

  /** The position of the oldest event in the log. */
  get first(): number {
    return Math.max(this.offset, this.end - this.capacity)
  }

  /** Adds an event at {@link end}. */
  push(event: HubEvent<T> | HubGap): void {
    this.events.push(event)
    if (this.events.length < 2 * this.capacity) return
    const { first } = this
    this.events = this.events.slice(first - this.offset)
    this.offset = first
  }

  /** The event at a position from {@link first} up to {@link end}. */
  at(position: number): HubEvent<T> | HubGap {
    return this.events[position - this.offset]
  }

  /** The id of the first event from this position on; null where there is none. */
  idAt(position: number): string | null {
    for (let at = position; at < this.end; at++) {
      const event = this.at(at)
      if ('id' in event) return event.id
    }
    return null
  }
}
