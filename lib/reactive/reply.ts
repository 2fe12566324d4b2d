/**
 * What a handler returns: a response as a value.
 */
import { Observable, type ObservableInput } from 'rxjs'
import { isPromise } from '../application/discard.js'
import { checkValue, checkValues, FUNCTION, SIZE, TEXT } from '../connection/option-check.js'
import type { StreamingOptions } from '../connection/reqd.js'
import { isBytes, type Chunk } from '../demand/chunk.js'
import { OVERFLOW, type Overflow } from '../demand/overflow-policy.js'
import { lowWaterMarkOf, type Marks } from '../demand/water-marks.js'
import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { Response } from '../message/response.js'
import { Status } from '../message/status.js'
import { Version } from '../message/version.js'
import { headersOf, type HeadersInit } from './reply-fields.js'

/**
 * Where the body of a response comes from.
 *
 * - A chunk: sent with its Content-Length. Bytes belong to the server from then on.
 * - An iterable, an async iterable (a Node `Readable` is one) or a web stream: pulled, never ahead of demand.
 * - An Observable: it pushes and cannot be slowed, so `overflow` says what happens when the client is slower.
 * - A function: it gets the demand in bytes and returns an Observable that keeps to it. Its second argument emits when
 *   the connection is asked to close: a body that would go on for long ends itself then.
 */
export type BodySource =
  | Chunk
  | Iterable<Chunk>
  | AsyncIterable<Chunk>
  | ReadableStream<Chunk>
  | Observable<Chunk>
  | ((ready$: Observable<number>, closing$: Observable<void>) => Observable<Chunk>)

/** When the head of a response is sent, if its body is streamed. */
export type HeadTiming = 'atOnce' | 'firstChunk'

/** A response. */
export interface Reply {
  /** 200 unless given. */
  readonly status?: Status
  /** The reason phrase: the registered one unless given. It tells a person something, and a program nothing. */
  readonly reason?: string
  /** None unless given. Date, framing and Connection are added. */
  readonly headers?: HeadersInit
  /** Empty unless given. */
  readonly body?: BodySource
  /** Trailer fields, sent behind a chunked body (RFC 9110 §6.5); a function is called when the body is complete. */
  readonly trailers?: HeadersInit | (() => HeadersInit)
  /** For a body that is an Observable whose client is slower: `{ bufferBytes: 1 MiB }` unless given. */
  readonly overflow?: Overflow
  /** Sees each chunk of such a body that is dropped. What it throws fails the body. */
  readonly onDrop?: (chunk: Chunk) => void
  /**
   * When the head of a streamed body is sent: with its `firstChunk`, which is the default, so that an error before it
   * is a status (500, or what the error asks for); or `atOnce`, for a client that waits for the head alone.
   */
  readonly head?: HeadTiming
  /** How many bytes of the body may wait in the server: the server's `highWaterMark` unless given. */
  readonly highWaterMark?: number
}

/** What a handler may return: a reply now, later (the first one counts), or nothing, because it responds itself. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a handler that responds itself returns nothing
export type HandlerResult = ObservableInput<Reply | void> | Reply | void

/** What a handler hears that returns something else, or of whose emissions the first is something else. */
function noReply(): TypeError {
  return new TypeError('a handler returns a reply, something that emits one, or nothing')
}

/** Makes the trailer fields of a reply; null where it has none. */
export function trailersOf({ trailers }: Reply): (() => Headers) | null {
  if (trailers === undefined) return null
  return () => headersOf(typeof trailers === 'function' ? trailers() : trailers)
}

/** What goes with a body that is neither text nor bytes takes this. */
const STREAM_KINDS = { overflow: OVERFLOW, onDrop: FUNCTION, highWaterMark: SIZE }

/**
 * How much of a reply's body may wait, where `marks` are the server's.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: what goes with the body is none of what it takes
 */
export function marksOf(reply: Reply, marks: Marks): Marks {
  checkValues(reply, STREAM_KINDS)
  const { highWaterMark } = reply
  if (highWaterMark === undefined || highWaterMark === marks.highWaterMark) return marks
  return { highWaterMark, lowWaterMark: lowWaterMarkOf(highWaterMark) }
}

/**
 * The head of a reply.
 *
 * @throws {@link LocalProtocolError} badStatus; badField; badOption: a reason that is no text
 */
export function responseOf(reply: Reply): Response {
  const status = reply.status ?? 200
  if (!Status.isValid(status)) throw new LocalProtocolError('badStatus', `${String(status)} is not a status code`)
  if (reply.reason !== undefined) checkValue('reason', reply.reason, TEXT)
  return new Response(status, reply.reason ?? Status.reasonPhrase(status), Version.HTTP_1_1, headersOf(reply.headers))
}

/** Whether a handler's result emits a reply: a promise, an Observable, a stream, or an iterable. */
export function isSource(result: unknown): result is ObservableInput<unknown> {
  return typeof result === 'object' && result !== null && (isPromise(result) || isStreamed(result))
}

/** Whether it gives values: an Observable, a stream, or an iterable. */
function isStreamed(source: object): boolean {
  if (source instanceof Observable) return true
  const candidate = source as { subscribe?: unknown; getReader?: unknown }
  return typeof candidate.subscribe === 'function' || Symbol.asyncIterator in source || Symbol.iterator in source
    || typeof candidate.getReader === 'function'
}

/** The keys of a reply. */
const KEYS: ReadonlySet<string> = new Set([
  'status', 'reason', 'headers', 'body', 'trailers', 'overflow', 'onDrop', 'head', 'highWaterMark',
])

/**
 * The reply that a handler gave.
 *
 * @throws {@link TypeError} it is none, or has a key that no reply has: without types `header` would be an answer
 *   without fields
 */
export function checkedReply(reply: unknown): Reply {
  if (typeof reply !== 'object' || reply === null || isSource(reply)) throw noReply()
  for (const key in reply) if (!KEYS.has(key)) throw unknownKey(reply, key)
  return reply
}

function unknownKey(reply: object, key: string): TypeError {
  if (Object.prototype.toString.call(reply) === '[object Response]') {
    return new TypeError('a Response of the Fetch standard is no reply: give its status, headers and body')
  }
  return new TypeError(`a reply has no ${key}: it has ${[...KEYS].join(', ')}`)
}

/**
 * How the body of a reply begins.
 *
 * @throws {@link TypeError} `head` is neither of the two
 */
export function streamingOf({ head = 'firstChunk' }: Reply): StreamingOptions {
  if (head !== 'atOnce' && (head as unknown) !== 'firstChunk') {
    throw new TypeError("the head of a reply is sent 'atOnce' or with the 'firstChunk'")
  }
  return { flushHeadersImmediately: head === 'atOnce' }
}

/**
 * The body of a reply; undefined where it has none.
 *
 * @throws {@link TypeError} it is nothing that a body can be made of
 */
export function bodyOf(reply: Reply): BodySource | undefined {
  const body: unknown = reply.body
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string' || typeof body === 'function') return body as BodySource
  const isSourced = typeof body === 'object' && (ArrayBuffer.isView(body) ? isBytes(body) : isStreamed(body))
  if (isSourced) return body as BodySource
  const hint = isPromise(body) ? '; a promise is awaited by the handler' : ''
  throw new TypeError(`a body is a string, bytes, an iterable, a stream, an Observable or a function${hint}`)
}
