/**
 * `sse`: a source of events as the body of a response.
 *
 * Strategy: events become text before the overflow policy sees them, so a policy counts what is sent and never parts an
 * event. Comments keep the stream alive (WHATWG HTML §9.2.7): one at the start, which brings the client its head, and
 * heartbeats. A heartbeat is dropped unless the body wants more: a client that stopped reading does not pile them up.
 *
 * When the connection is asked to close, the stream ends with a `retry:` field: the client comes back by itself, with
 * the id of its last event. Events that a policy still holds then are not sent.
 */
import {
  catchError, defer, EMPTY, endWith, filter, ignoreElements, interval, map, merge, mergeMap,
  NEVER, type Observable, type SchedulerLike, startWith, take, takeWhile, tap, throwError,
} from 'rxjs'
import { checkNumbers, SIZE, TIME } from '../connection/option-check.js'
import { Headers } from '../message/headers.js'
import { BackpressureError, chunkSize } from '../reactive/chunk.js'
import { DEFAULT_HIGH_WATER_MARK } from '../reactive/controlled-subject.js'
import { controlled, DEFAULT_OVERFLOW, type Overflow } from '../reactive/overflow.js'
import { fromSource, type Source } from '../reactive/from-source.js'
import type { HeadTiming, Reply } from '../reactive/reply.js'
import { runtimeScheduler } from '../reactive/runtime-scheduler.js'
import { formatEvent, type SseEvent } from './event.js'

/** How events are sent. Times are in milliseconds. */
export interface SseOptions {
  /** How long the client waits before it comes back. Sent at the start where it is given; 3 s at shutdown where not. */
  readonly retry?: number
  /** How often a comment is sent, so that nothing on the way takes the connection for dead: 15 s. 0 for never. */
  readonly heartbeatMs?: number
  /**
   * What happens to events that the client is too slow for: as {@link Overflow} says of chunks, event by event. With
   * `disconnect` the stream ends after the last event that was taken, and the client comes back by itself.
   */
  readonly overflow?: Overflow
  /** Sees each event that is dropped. What it throws fails the stream. */
  readonly onDrop?: (event: SseEvent | string) => void
  /**
   * When the head is sent: `atOnce`, with a comment, so that the client knows that the stream is open; or with the
   * first event (`firstChunk`), so that an error before it is a status. Heartbeats begin behind the head.
   */
  readonly head?: HeadTiming
  /** How many bytes may wait in the server: 16 KiB. */
  readonly highWaterMark?: number
  /** Whose time it is: real time, whatever a test runner fakes. A test gives its own. */
  readonly scheduler?: SchedulerLike
}

/** A reply that is an event stream. */
export interface SseReply extends Reply {
  /** More can be added: `{ ...reply, headers: reply.headers.add('access-control-allow-origin', '*') }`. */
  readonly headers: Headers
}

/** The source completed: there is no text after it. */
const END = null
const COMMENT = ':\n\n'
const HEARTBEAT_MS = 15_000
const RETRY_MS = 3_000

// `x-accel-buffering` asks nginx, and those that learned it from there, to pass events on as they come.
const HEADERS = Headers.of({
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
})

/**
 * Returns the reply that sends each event of the source as it comes; a string is the data of a `message`. An iterable
 * (the tokens of a language model, a cursor) or a stream is pulled as the client takes events, and loses none; to an
 * Observable that cannot be slowed, `overflow` applies. The source is subscribed when the response starts and
 * unsubscribed, or told to end, when the client goes away. When it completes, the response does, and a browser comes
 * back: what tells it to stay away is a response with status 204.
 *
 * An event that the format cannot carry is an error of the source ({@link formatEvent}): the response is cut.
 *
 * @example
 * serve(() => sse(interval(1000).pipe(map(n => ({ id: `${n}`, data: { n } }))), { overflow: 'latest' }))
 *
 * @throws {@link LocalProtocolError} badRange: a number among the options that is none, or out of its range
 */
export function sse(source: Source<SseEvent | string>, options: SseOptions = {}): SseReply {
  checkNumbers(options, { heartbeatMs: TIME, highWaterMark: SIZE })
  const { highWaterMark, retry } = options
  const greeting = retry === undefined ? COMMENT : formatEvent({ retry })
  const farewell = formatEvent({ retry: retry ?? RETRY_MS })
  const events$ = fromSource(source).pipe(map(event => ({ event, text: formatEvent(event) })))
  return {
    headers: HEADERS,
    body: (ready$, closing$) => stream(events$, { ...options, greeting, farewell, ready$, closing$ }),
    ...(highWaterMark !== undefined && { highWaterMark }),
  }
}

interface StreamOptions extends SseOptions {
  readonly greeting: string
  readonly farewell: string
  readonly ready$: Observable<number>
  readonly closing$: Observable<void>
}

/** An event, and what is sent of it. */
interface FormattedEvent {
  readonly event: SseEvent | string
  readonly text: string
}

function stream(events$: Observable<FormattedEvent>, options: StreamOptions): Observable<string> {
  const { ready$, closing$, greeting, farewell } = options
  return defer(() => {
    let isWanted = false
    let isOpen = options.head !== 'firstChunk'
    return merge(
      closing$.pipe(take(1), mergeMap(() => [farewell, END])),
      ready$.pipe(tap(() => { isWanted = true }), ignoreElements()),
      keptToDemand(events$, options).pipe(endWith(END)),
      heartbeats(options).pipe(filter(() => isWanted && isOpen)),
    ).pipe(
      takeWhile(text => text !== END),
      // Before the text is written: that may make the next demand.
      tap(() => { isWanted = false }),
      isOpen ? startWith(greeting) : map(text => {
        const before = isOpen ? '' : greeting
        isOpen = true
        return before + text
      }),
    )
  })
}

function heartbeats({ heartbeatMs = HEARTBEAT_MS, scheduler = runtimeScheduler }: SseOptions): Observable<string> {
  return heartbeatMs === 0 ? NEVER : interval(heartbeatMs, scheduler).pipe(map(() => COMMENT))
}

function keptToDemand(events$: Observable<FormattedEvent>, options: StreamOptions): Observable<string> {
  const { ready$, overflow = DEFAULT_OVERFLOW, highWaterMark = DEFAULT_HIGH_WATER_MARK, onDrop } = options
  const sent$ = controlled(events$, ready$, {
    overflow, highWaterMark, sizeOf: sizeOfText, onDrop: onDrop && (({ event }) => { onDrop(event) }),
  }).pipe(map(({ text }) => text))
  return overflow === 'disconnect' ? sent$.pipe(catchError(endOfSlowClient)) : sent$
}

function sizeOfText({ text }: FormattedEvent): number {
  return chunkSize(text)
}

/** A client that was too slow is no error of the source. */
function endOfSlowClient(error: unknown): Observable<never> {
  return error instanceof BackpressureError ? EMPTY : throwError(() => error)
}
