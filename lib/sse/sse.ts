/**
 * `sse`: a source of events as the body of a response.
 *
 * Strategy: an event stream writes to the response itself (event-stream.ts): one observer for each client, and no other
 * Observable. Where the body is called as a function, it returns the same stream as an Observable.
 *
 * When the connection is asked to close, the stream ends with a `retry:` field: the client reconnects by itself, with
 * the id of its last event. Events that wait in a buffer of the overflow policy are not sent.
 */
import { Observable, type SchedulerLike } from 'rxjs'
import { DISCARD, discard } from '../application/discard.js'
import { checkOptions, COUNT, FUNCTION, oneOf, SCHEDULER, SIZE, TIME } from '../connection/option-check.js'
import { PreparedText } from '../connection/prepared-text.js'
import { fromSource, type Source } from '../demand/from-source.js'
import { DEFAULT_OVERFLOW, OVERFLOW, type Overflow } from '../demand/overflow-policy.js'
import { Headers } from '../message/headers.js'
import type { HeadTiming, Reply } from '../reactive/reply.js'
import type { BodySubject } from '../reactive/response-body/body-subject.js'
import { FEEDS, type FedConnection, type Feeding, type SelfFeeding } from '../reactive/response-body/feed.js'
import type { Clock } from '../runtime/clock.js'
import { Repeating } from '../runtime/repeating.js'
import type { ReportError } from '../thrown.js'
import { EventStream, type StreamPlan } from './event-stream.js'
import { formatEvent, type SseEvent } from './event.js'
import { BodyOutlet, SubscriberOutlet } from './outlet.js'

/** How events are sent. Times are in milliseconds. */
export interface SseOptions {
  /**
   * How long the client waits before it reconnects. Sent at the start if given; at shutdown 3 s are sent where it is
   * not.
   */
  readonly retry?: number
  /** How often a comment is sent, so that no proxy closes the connection as idle: 15 s. 0 for never. */
  readonly heartbeatMs?: number
  /**
   * What happens to events when the client is too slow: {@link Overflow} applied to whole events. With `disconnect` the
   * stream ends behind the last complete event, and the client reconnects by itself.
   */
  readonly overflow?: Overflow
  /** Called with each event that is dropped. If it throws, the stream fails. */
  readonly onDrop?: (event: SseEvent | string) => void
  /**
   * When the head is sent: `atOnce`, with a comment, so that the client knows that the stream is open; or with the
   * first event (`firstChunk`), so that an earlier error can still be a status. Heartbeats begin after the head.
   */
  readonly head?: HeadTiming
  /** How many bytes may wait in the server: 16 KiB. */
  readonly highWaterMark?: number
  /**
   * Provides the time: real time unless given, even where a test runner fakes timers. Tests pass their own scheduler.
   */
  readonly scheduler?: SchedulerLike
}

/** The valid values of the options. */
const SSE_KINDS = {
  retry: COUNT, heartbeatMs: TIME, overflow: OVERFLOW, onDrop: FUNCTION, head: oneOf('atOnce', 'firstChunk'),
  highWaterMark: SIZE, scheduler: SCHEDULER,
}

/** A reply that is an event stream. */
export interface SseReply extends Reply {
  /** More can be added: `{ ...reply, headers: reply.headers.add('access-control-allow-origin', '*') }`. */
  readonly headers: Headers
}

const HEARTBEAT_MS = 15_000
const RETRY_MS = 3_000
/** The texts of streams without a `retry` of their own: all of them share these. */
const GREETING = new PreparedText(':\n\n')
const FAREWELL = new PreparedText(formatEvent({ retry: RETRY_MS }))

// `x-accel-buffering` tells nginx, and proxies that adopted the field, not to buffer the events.
const HEADERS = Headers.of({
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
})

/**
 * Returns the reply that sends each event of the source as it comes; a string is the data of a `message`. An iterable
 * (the tokens of a language model, a cursor) or a stream is pulled as the client takes events, and loses none;
 * `overflow` applies to an Observable that cannot be paused. The source is subscribed when the response starts and
 * unsubscribed, or told to stop, when the client goes away. When it completes, the response does, and a browser
 * reconnects; a response with status 204 would stop it. An iterator or a stream is also told to stop if the response is
 * never sent, or has no body.
 *
 * An event that the format cannot carry ({@link formatEvent}) fails as an error of the source does: the response is
 * cut.
 *
 * @example
 * serve(() => sse(interval(1000).pipe(map(n => ({ id: `${n}`, data: { n } }))), { overflow: 'latest' }))
 *
 * @throws {@link LocalProtocolError} badRange, badOption: an invalid value, or a misspelt name of an option
 */
export function sse(source: Source<SseEvent | string>, options: SseOptions = {}): SseReply {
  checkOptions(options, SSE_KINDS)
  const { highWaterMark, retry } = options
  const plan: StreamPlan = {
    events$: fromSource(source),
    greeting: retry === undefined ? GREETING : new PreparedText(formatEvent({ retry })),
    isGreetingLate: options.head === 'firstChunk',
    farewell: retry === undefined ? FAREWELL : new PreparedText(formatEvent({ retry })),
    overflow: options.overflow ?? DEFAULT_OVERFLOW,
    highWaterMark,
    onDrop: options.onDrop,
  }
  return {
    headers: HEADERS,
    body: Object.assign(bodyOf(plan, options), { [DISCARD]: (report: ReportError) => { discard(source, report) } }),
    ...(highWaterMark !== undefined && { highWaterMark }),
  }
}

/** Returns the body: a function of the demand, which can also feed a response directly. */
function bodyOf(plan: StreamPlan, times: SseOptions): SelfFeeding {
  const body: Extract<Reply['body'], (...args: never[]) => unknown> =
    (ready$, closing$) => new Observable(subscriber => {
      const outlet = new SubscriberOutlet(subscriber, ready$)
      const stream = new EventStream(plan, () => outlet)
      subscriber.add(() => { stream.unsubscribe() })
      stream.start(() => {
        subscriber.add(closing$.subscribe(() => { stream.close() }))
        subscriber.add(outlet.follow(ready$, () => { stream.drained() }, error => { stream.fail(error) }))
        return beating(stream, times, null)
      })
    })
  return Object.assign(body, {
    [FEEDS]: (subject: BodySubject, connection: FedConnection) => feed(plan, times, subject, connection),
  })
}

function feed(plan: StreamPlan, times: SseOptions, subject: BodySubject, connection: FedConnection): Feeding {
  const stream = new EventStream(plan, drained => new BodyOutlet(subject, connection, drained))
  stream.start(() => {
    const forget = connection.whenClosing(() => { stream.close() })
    const stopBeating = beating(stream, times, connection.clock)
    return () => {
      forget()
      stopBeating()
    }
  })
  return stream
}

/** The heartbeats of one stream. */
class Heartbeat extends Repeating {
  private readonly stream: EventStream

  constructor(stream: EventStream, intervalMs: number) {
    super(intervalMs)
    this.stream = stream
  }

  protected override repeat(): void {
    this.stream.beat()
  }
}

/** Starts the heartbeats, and returns a function that stops them. */
function beating(stream: EventStream, times: SseOptions, clock: Clock | null): () => void {
  const { heartbeatMs = HEARTBEAT_MS, scheduler = null } = times
  const heartbeat = new Heartbeat(stream, heartbeatMs)
  heartbeat.start(clock, scheduler)
  return () => { heartbeat.stop() }
}
