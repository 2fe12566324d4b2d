/**
 * Events on their way to many clients: each becomes text once, however many get it.
 *
 * Strategy: a Subject gives one event to all its subscribers, one after the other. So the last event is kept with its
 * text until the current task ends: after that, the application may have changed the object. For the same reason an
 * object that comes to the same stream a second time within the task counts as another event.
 */
import { PreparedText } from '../connection/prepared-text.js'
import { queueMicrotask } from '../node/runtime.js'
import { formatEvent, type SseEvent } from './event.js'

/** An event and its text. */
export class PreparedEvent extends PreparedText {
  readonly event: SseEvent | string
  /** Streams remember the number: to keep the event itself costs V8's note that an old object refers to a new one. */
  readonly number: number

  /** It throws as {@link formatEvent} does. */
  constructor(event: SseEvent | string) {
    super(formatEvent(event))
    this.event = event
    this.number = ++count
  }
}

let count = 0
let last: PreparedEvent | null = null
/** The texts of immutable events; null: not made yet. */
const kept = new WeakMap<SseEvent, PreparedEvent | null>()

/**
 * Returns the event as text. `previous` is the number of the last event of this stream; 0 if there was none. It throws
 * as {@link formatEvent} does.
 */
export function prepared(event: SseEvent | string, previous: number): PreparedEvent {
  if (last !== null && last.event === event && (typeof event === 'string' || last.number !== previous)) return last
  if (last === null) queueMicrotask(() => { last = null })
  last = typeof event === 'string' ? new PreparedEvent(event) : preparedOf(event)
  return last
}

/** Keeps the text of an immutable event as long as the event exists. */
export function keepPrepared(event: SseEvent): void {
  kept.set(event, null)
}

function preparedOf(event: SseEvent): PreparedEvent {
  const known = kept.get(event)
  if (known === undefined) return new PreparedEvent(event)
  if (known !== null) return known
  const made = new PreparedEvent(event)
  kept.set(event, made)
  return made
}
