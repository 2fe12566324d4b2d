/**
 * A reply: the value that describes a response, which a handler returns. Checks replies and converts their parts.
 */
import type { Observable, ObservableInput } from 'rxjs'
import { currentContext } from '../application/context.js'
import { checkValue, checkValues, FUNCTION, SIZE, TEXT } from '../connection/option-check.js'
import type { StreamingOptions } from '../connection/reqd.js'
import { isBytes, type Chunk } from '../demand/chunk.js'
import { OVERFLOW, type Overflow } from '../demand/overflow-policy.js'
import { settledMarks, type Marks } from '../demand/water-marks.js'
import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { Response } from '../message/response.js'
import { Status } from '../message/status.js'
import { Version } from '../message/version.js'
import { isPromise } from '../thrown.js'
import { headersOf, type HeadersInit } from './reply-fields.js'

/**
 * The source of a response body.
 *
 * - A chunk (text or bytes) is sent with its Content-Length. The server owns the bytes from then on.
 * - An iterable, an async iterable (such as a Node `Readable`) or a web stream is pulled, never ahead of demand.
 * - An Observable pushes and cannot be slowed, so `overflow` decides what happens when the client is slower.
 * - A function receives the demand in bytes and returns an Observable that respects it. Its second argument emits when
 *   the connection is asked to close, so that a long-lived body can end itself.
 */
export type BodySource =
  | Chunk
  | Iterable<Chunk>
  | AsyncIterable<Chunk>
  | ReadableStream<Chunk>
  | Observable<Chunk>
  | ((ready$: Observable<number>, closing$: Observable<void>) => Observable<Chunk>)

/** When the head of a streamed response is sent. */
export type HeadTiming = 'atOnce' | 'firstChunk'

/** A response. */
export interface Reply {
  /** Default: 200. */
  readonly status?: Status
  /** The reason phrase, which programs ignore. Default: the registered one. */
  readonly reason?: string
  /** The header fields. The server adds Date, Connection and the fields of the framing. */
  readonly headers?: HeadersInit
  /** Default: empty. */
  readonly body?: BodySource
  /** Trailer fields, sent after a chunked body (RFC 9110 §6.5); a function is called when the body is complete. */
  readonly trailers?: HeadersInit | (() => HeadersInit)
  /** The overflow policy of a body that is an Observable. Default: `{ bufferBytes: 1 MiB }`. */
  readonly overflow?: Overflow
  /** Called with each chunk of such a body that is dropped. An exception fails the body. */
  readonly onDrop?: (chunk: Chunk) => void
  /**
   * When the head of a streamed response is sent. `firstChunk` (the default) waits for the first chunk, so that an
   * earlier error can still become a status (500, or the error's own); `atOnce` is for clients that wait for the head.
   */
  readonly head?: HeadTiming
  /** The high-water mark of the body: how many of its bytes may be pending. Default: the server's `highWaterMark`. */
  readonly highWaterMark?: number
}

/** The result of a handler: a reply, a source of one (the first counts), or nothing if the handler responds itself. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a handler that responds itself returns nothing
export type HandlerResult = ObservableInput<Reply | void> | Reply | void

/** The error for a handler whose result, or the first emission of it, is not a reply. */
function noReply(): TypeError {
  return new TypeError('a handler must return a reply, a source that emits one, or nothing')
}

/** Returns a function that makes the trailer fields of a reply, in the current context; null if it has none. */
export function trailersOf({ trailers }: Reply): (() => Headers) | null {
  if (trailers === undefined) return null
  if (typeof trailers !== 'function') return () => headersOf(trailers)
  const context = currentContext()
  return () => headersOf(context.runInAsyncScope(trailers))
}

/** The valid values of the options of a streamed body. */
const STREAM_KINDS = { overflow: OVERFLOW, onDrop: FUNCTION, highWaterMark: SIZE }

/**
 * Returns the water marks of a reply's body; `marks` are the server's.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: an invalid `overflow`, `onDrop` or `highWaterMark`
 */
export function marksOf(reply: Reply, marks: Marks): Marks {
  checkValues(reply, STREAM_KINDS)
  const { highWaterMark } = reply
  if (highWaterMark === undefined || highWaterMark === marks.highWaterMark) return marks
  return settledMarks({ highWaterMark })
}

/** The response of a reply without a status, a reason and fields. */
const PLAIN_RESPONSE = Response.create(200)

/**
 * Returns the head of a reply as a response.
 *
 * @throws {@link LocalProtocolError} badStatus; badField; badOption: the reason is not a string
 */
export function responseOf(reply: Reply): Response {
  if (reply.status === undefined && reply.reason === undefined && reply.headers === undefined) return PLAIN_RESPONSE
  const status = reply.status ?? 200
  if (!Status.isValid(status)) throw new LocalProtocolError('badStatus', `${String(status)} is not a status code`)
  if (reply.reason !== undefined) checkValue('reason', reply.reason, TEXT)
  return new Response(status, reply.reason ?? Status.reasonPhrase(status), Version.HTTP_1_1, headersOf(reply.headers))
}

/** Whether a handler's result emits a reply: a promise, an Observable, a stream, or an iterable. */
export function isSource(result: unknown): result is ObservableInput<unknown> {
  return typeof result === 'object' && result !== null && (isPromise(result) || isStreamed(result))
}

/** Whether the object is an Observable, a stream or an iterable. */
function isStreamed(source: object): boolean {
  const candidate = source as { subscribe?: unknown; getReader?: unknown }
  return typeof candidate.subscribe === 'function' || Symbol.asyncIterator in source || Symbol.iterator in source
    || typeof candidate.getReader === 'function'
}

/** The keys of a reply. */
const KEYS: ReadonlySet<string> = new Set([
  'status', 'reason', 'headers', 'body', 'trailers', 'overflow', 'onDrop', 'head', 'highWaterMark',
])

/**
 * Checks that a handler's result is a reply.
 *
 * @throws {@link TypeError} not a reply, or an unknown key (in plain JavaScript a misspelt `header` would be ignored)
 */
export function checkedReply(reply: unknown): Reply {
  if (typeof reply !== 'object' || reply === null || isSource(reply)) throw noReply()
  for (const key in reply) if (!isUsualKey(key) && !KEYS.has(key)) throw unknownKey(reply, key)
  return reply
}

/** The set takes 40 instructions for a key, a comparison takes two. */
function isUsualKey(key: string): boolean {
  return key === 'body' || key === 'headers' || key === 'status'
}

function unknownKey(reply: object, key: string): TypeError {
  if (Object.prototype.toString.call(reply) === '[object Response]') {
    return new TypeError('a Response of the Fetch standard is no reply: give its status, headers and body')
  }
  return new TypeError(`a reply has no ${key}: it has ${[...KEYS].join(', ')}`)
}

/**
 * Returns the streaming options of a reply.
 *
 * @throws {@link TypeError} an invalid `head`
 */
export function streamingOf({ head = 'firstChunk' }: Reply): StreamingOptions {
  if (head !== 'atOnce' && (head as unknown) !== 'firstChunk') {
    throw new TypeError("the head of a reply is sent 'atOnce' or with the 'firstChunk'")
  }
  return { flushHeadersImmediately: head === 'atOnce' }
}

/**
 * Returns the body of a reply; undefined if it has none.
 *
 * @throws {@link TypeError} the body is not a {@link BodySource}
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
