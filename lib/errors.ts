/**
 * The errors of httprx. The split answers the one question an operator asks: whose fault was it? {@link
 * RemoteProtocolError} is the peer's, {@link LocalProtocolError} is the application's, and everything else that a
 * handler throws stays what it is.
 *
 * Messages are for people and may change. Codes are API.
 */

import { brand } from './brand.js'

/** What the peer did wrong. Each code has one status and one section of the RFC. */
export type RemoteErrorCode =
  | 'badMethod'
  | 'badTarget'
  | 'badVersion'
  | 'badRequestLine'
  | 'badFieldName'
  | 'badFieldValue'
  | 'badLineEnd'
  | 'obsoleteFold'
  | 'badHost'
  | 'badContentLength'
  | 'ambiguousLength'
  | 'badTransferEncoding'
  | 'badChunk'
  | 'badContent'
  | 'unexpectedEof'
  | 'requestTimeout'
  | 'contentTooLarge'
  | 'targetTooLong'
  | 'expectationFailed'
  | 'misdirected'
  | 'headTooLarge'
  | 'tooManyFields'
  | 'methodTooLong'
  | 'unknownTransferCoding'
  | 'unknownVersion'

/**
 * What the peer can do wrong: for each code the status that answers it, the rule that it breaks, and a sentence for
 * people.
 *
 * @internal
 */
export const REMOTE_FAULTS = {
  badMethod: [400, 'RFC 9112 §3.1', 'the method is not a token'],
  badTarget: [400, 'RFC 9112 §3.2', 'the request target is not valid for this method'],
  badVersion: [400, 'RFC 9112 §2.3', 'the HTTP version is malformed'],
  badRequestLine: [400, 'RFC 9112 §3', 'the request line is malformed'],
  badFieldName: [400, 'RFC 9110 §5.1', 'a field name is not a token followed by a colon'],
  badFieldValue: [400, 'RFC 9110 §5.5', 'a field value has a control character'],
  badLineEnd: [400, 'RFC 9112 §2.2', 'a line does not end in CR LF'],
  obsoleteFold: [400, 'RFC 9112 §5.2', 'a field value is folded over two lines'],
  badHost: [400, 'RFC 9112 §3.2', 'an HTTP/1.1 request needs exactly one valid Host'],
  badContentLength: [400, 'RFC 9112 §6.3', 'Content-Length is not one decimal number'],
  ambiguousLength: [400, 'RFC 9112 §6.1', 'Content-Length and Transfer-Encoding came together'],
  badTransferEncoding: [400, 'RFC 9112 §6.1', 'chunked is not the last transfer coding, applied once'],
  badChunk: [400, 'RFC 9112 §7.1', 'a chunk is malformed'],
  badContent: [400, 'RFC 9110 §15.5.1', 'the content is not of the form that was asked for'],
  unexpectedEof: [400, 'RFC 9112 §8', 'the connection ended before the message did'],
  requestTimeout: [408, 'RFC 9110 §15.5.9', 'the request did not arrive in time'],
  contentTooLarge: [413, 'RFC 9110 §15.5.14', 'the content is larger than the server takes'],
  targetTooLong: [414, 'RFC 9110 §15.5.15', 'the request target is too long'],
  expectationFailed: [417, 'RFC 9110 §10.1.1', 'the expectation is not 100-continue'],
  misdirected: [421, 'RFC 9110 §7.4', 'the target has another scheme than the connection'],
  headTooLarge: [431, 'RFC 6585 §5', 'the header section is too large'],
  tooManyFields: [431, 'RFC 6585 §5', 'the header section has too many fields'],
  methodTooLong: [501, 'RFC 9112 §3', 'the method is longer than any that is known here'],
  unknownTransferCoding: [501, 'RFC 9112 §6.1', 'the transfer coding is not known here'],
  unknownVersion: [505, 'RFC 9110 §15.6.6', 'the major HTTP version is not 1'],
} as const satisfies Record<RemoteErrorCode, readonly [status: number, section: string, sentence: string]>

/**
 * The peer broke the protocol. It is never thrown by the connection: it reaches the error handler, the body's `onError`
 * and `errorCode`.
 */
export class RemoteProtocolError extends Error {
  override readonly name = 'RemoteProtocolError'
  /** Which rule was broken: stable, unlike the message. */
  readonly code: RemoteErrorCode
  /** The status to answer with: 400, 408, 413, 414, 417, 421, 431, 501 or 505. */
  readonly status: number
  /** The rule's place, in the form `RFC 9112 §6.3`. */
  readonly section: string
  /** How many bytes of the message (head or body) were good before the fault. */
  readonly offset: number

  constructor(code: RemoteErrorCode, offset = 0) {
    const [status, section, sentence] = REMOTE_FAULTS[code]
    super(`${sentence} (${section})`)
    this.code = code
    this.status = status
    this.section = section
    this.offset = offset
  }
}

/** What the application can do wrong. */
export type LocalErrorCode =
  | 'alreadyResponded'
  | 'alreadyScheduled'
  | 'alreadyYielded'
  | 'badField'
  | 'badFraming'
  | 'badOption'
  | 'badRange'
  | 'badState'
  | 'badStatus'
  | 'bodyClosed'
  | 'bodyTooLong'
  | 'bodyTooShort'
  | 'badUpgrade'

/** The application misused the library. It is thrown at the call that was wrong. */
export class LocalProtocolError extends Error {
  override readonly name = 'LocalProtocolError'
  /** Which misuse it was: stable, unlike the message. */
  readonly code: LocalErrorCode

  constructor(code: LocalErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * The peer left in the middle of something, by an end, a reset, or because it took nothing any more. What broke the
 * transport, as far as it said so, is the `cause`.
 */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError'
  /** The code that Node gives to a reset. */
  readonly code = 'ECONNRESET'

  constructor(cause?: unknown) {
    super('the peer closed the connection', cause === undefined ? undefined : { cause })
  }
}

/**
 * What was thrown, for where null says that nothing was: null and undefined, which can be thrown as well, become an
 * error.
 *
 * @internal
 */
export function thrownError(exn: unknown): unknown {
  return exn ?? new Error(`${String(exn)} was thrown`, { cause: exn })
}

/**
 * Has `failed` called where a function of the application, which returned `result`, was asynchronous and fails: nobody
 * else would hear of it, and it would end the process.
 *
 * @internal
 */
export function onRejection(result: unknown, failed: (exn: unknown) => void): void {
  const promise = result as PromiseLike<unknown> | null | undefined
  if (typeof promise?.then === 'function') promise.then(undefined, failed)
}

/** The handler took longer than it may until its response began. The client gets 503 (RFC 9110 §15.6.4). */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError'
  /** The status to answer with. */
  readonly status = 503

  constructor() {
    super('the handler did not respond in time')
  }
}

/** The source of a response that had begun gave nothing for longer than it may. The response is cut. */
export class SourceTimeoutError extends Error {
  override readonly name = 'SourceTimeoutError'

  constructor() {
    super('the source of the response gave nothing in time')
  }
}

/** A source was faster than its consumer, and its policy is to fail then. */
export class BackpressureError extends Error {
  override readonly name = 'BackpressureError'
  /** Which fault it was: stable, unlike the message. */
  readonly code: 'overflow'
  /** How many bytes (or items) waited for the consumer when the next value found no room. */
  readonly waiting: number

  constructor(message = 'the source is faster than its consumer', waiting = 0) {
    super(message)
    this.code = 'overflow'
    this.waiting = waiting
  }
}

/** The handler finished and there is no response. The client gets 500. */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError'
  constructor() {
    super('the handler completed without a response')
  }
}

/** The server can't listen. `code` is that of Node's error, which is the `cause`. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  /** Node's code: EADDRINUSE, EACCES, EADDRNOTAVAIL, ERR_OSSL_…, …; or ERR_CLOSED. */
  readonly code: string

  constructor(code: string, message: string, cause: Error) {
    super(message, { cause })
    this.code = code
  }
}

/** Why a TLS handshake was given up by the server. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError'
  /** The option whose limit was reached, or `closing` where the server was closed. */
  readonly code: 'handshakeTimeout' | 'maxConnections' | 'closing'

  constructor(code: HandshakeError['code']) {
    super(MESSAGES[code])
    this.code = code
  }
}

const MESSAGES: Record<HandshakeError['code'], string> = {
  handshakeTimeout: 'the client did not complete the TLS handshake in time',
  maxConnections: 'there are as many connections as there may be',
  closing: 'the server was closed within the TLS handshake',
}

/** Header fields of an error. */
type ErrorFields = Readonly<Record<string, string | number | readonly string[]>>

/** What else an {@link HttpError} can be told. */
export interface HttpErrorOptions extends ErrorOptions {
  /** Fields of the response, such as Retry-After or WWW-Authenticate. Those of its framing are not taken. */
  readonly headers?: ErrorFields
  /** Whether the client may see the message: for 400 to 499 unless given. */
  readonly expose?: boolean
}

/**
 * What a handler throws that wants a certain status: `throw new HttpError(404, 'no such book')`. Errors of other
 * packages that have a `status` or `statusCode` of 400 to 599, and perhaps `expose`, are taken in the same way.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  /** The status to answer with: 400 to 599. */
  readonly status: number
  /** Whether the client sees the message. */
  readonly expose: boolean
  /** Fields of the response that the default error handler sends. */
  readonly headers: ErrorFields

  /** @throws {@link LocalProtocolError} badStatus: not 400 to 599; badField: a header field that cannot be sent */
  constructor(status: number, message?: string, options: HttpErrorOptions = {}) {
    super(message ?? '', options)
    if (!isErrorStatus(status)) throw new LocalProtocolError('badStatus', `${String(status)} is no error's status`)
    this.status = status
    this.expose = options.expose ?? status < 500
    this.headers = options.headers ?? {}
    for (const name of Object.keys(this.headers)) checkField(name, this.headers[name])
  }
}

const FIELD_NAME = /^[\w!#$%&'*+.^`|~-]+$/
/** Tabs, and all latin-1 characters that are no controls. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

function checkField(name: string, value: unknown): void {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  const areFit = values.every(each => typeof each === 'number' || (typeof each === 'string' && FIELD_VALUE.test(each)))
  if (!FIELD_NAME.test(name) || !areFit) throw new LocalProtocolError('badField', `${name} is no field of an error`)
}

/** Whether the value is the status of an error. @internal */
export function isErrorStatus(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 400 && (value as number) <= 599
}

brand(RemoteProtocolError, 'RemoteProtocolError')
brand(LocalProtocolError, 'LocalProtocolError')
brand(HandlerTimeoutError, 'HandlerTimeoutError')
brand(SourceTimeoutError, 'SourceTimeoutError')
brand(HttpError, 'HttpError')
brand(BackpressureError, 'BackpressureError')
