/**
 * What a handler returns: a response as a value.
 */
import { Observable, type ObservableInput } from 'rxjs'
import { LocalProtocolError } from '../errors.js'
import { Headers } from '../message/headers.js'
import { Response } from '../message/response.js'
import { Status } from '../message/status.js'
import { Version } from '../message/version.js'
import type { Marks } from './body-subject.js'
import type { Chunk } from './chunk.js'
import type { Overflow } from './overflow.js'

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

/** Fields as a handler may give them. A `Headers` that is used again and again is checked and written only once. */
export type HeadersInit = Headers | Readonly<Record<string, string | number | readonly string[]>>

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

/** The fields as `Headers`. */
export function headersOf(init: HeadersInit | undefined): Headers {
  if (init === undefined) return Headers.empty
  return init instanceof Headers ? init : Headers.of(init)
}

/** Makes the trailer fields of a reply; null where it has none. */
export function trailersOf({ trailers }: Reply): (() => Headers) | null {
  if (trailers === undefined) return null
  return () => headersOf(typeof trailers === 'function' ? trailers() : trailers)
}

/** How much of a reply's body may wait, where `marks` are the server's. */
export function marksOf({ highWaterMark }: Reply, marks: Marks): Marks {
  if (highWaterMark === undefined || highWaterMark === marks.highWaterMark) return marks
  return { highWaterMark, lowWaterMark: highWaterMark >> 1 }
}

/**
 * The head of a reply.
 *
 * @throws {@link LocalProtocolError} badStatus
 */
export function responseOf(reply: Reply): Response {
  const status = reply.status ?? 200
  if (!Status.isValid(status)) throw new LocalProtocolError('badStatus', `${status} is not a status code`)
  return new Response(status, reply.reason ?? Status.reasonPhrase(status), Version.HTTP_1_1, headersOf(reply.headers))
}

/** Whether a handler's result emits a reply: an Observable, a stream, or an iterable. */
export function isSource(result: unknown): result is ObservableInput<unknown> {
  if (typeof result !== 'object' || result === null) return false
  if (result instanceof Observable) return true
  const candidate = result as { then?: unknown; subscribe?: unknown; getReader?: unknown }
  if (typeof candidate.then === 'function' || typeof candidate.subscribe === 'function') return true
  return Symbol.asyncIterator in result || Symbol.iterator in result || typeof candidate.getReader === 'function'
}

/** The keys of a reply, the usual ones first. */
const KEYS = ['body', 'status', 'headers', 'trailers', 'overflow', 'highWaterMark']

/**
 * The reply that a handler gave.
 *
 * @throws {@link TypeError} it is none, or has keys and none of a reply's: without types it would pass for a reply that
 *   says nothing
 */
export function checkedReply(reply: unknown): Reply {
  if (typeof reply !== 'object' || reply === null || isSource(reply)) throw noReply()
  for (const key of KEYS) if (key in reply) return reply
  const others = Object.keys(reply)
  if (others.length === 0) return reply
  throw new TypeError(`a reply has ${KEYS.join(', ')}; here is only ${others.join(', ')}`)
}
