/**
 * The errors of httprx. The classes answer the operator's question: whose fault was it? {@link RemoteProtocolError} is
 * the peer's, {@link LocalProtocolError} the application's; any other error of a handler stays unchanged.
 *
 * Messages are for people and may change. Codes are API.
 */

import { brand } from './brand.js'
import { isFieldValue, isToken } from './field-syntax.js'

/** The protocol faults of a peer. Each code has one status and one RFC section. */
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
 * For each {@link RemoteErrorCode}: the status that answers it, the RFC section of the broken rule, and the message.
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
  ambiguousLength: [400, 'RFC 9112 §6.1', 'Content-Length and Transfer-Encoding are both present'],
  badTransferEncoding: [400, 'RFC 9112 §6.1', 'chunked is not the last transfer coding, applied once'],
  badChunk: [400, 'RFC 9112 §7.1', 'a chunk is malformed'],
  badContent: [400, 'RFC 9110 §15.5.1', 'the content is not in the expected format'],
  unexpectedEof: [400, 'RFC 9112 §8', 'the connection ended before the message did'],
  requestTimeout: [408, 'RFC 9110 §15.5.9', 'the request did not arrive in time'],
  contentTooLarge: [413, 'RFC 9110 §15.5.14', 'the content is larger than the server accepts'],
  targetTooLong: [414, 'RFC 9110 §15.5.15', 'the request target is too long'],
  expectationFailed: [417, 'RFC 9110 §10.1.1', 'the expectation is not 100-continue'],
  misdirected: [421, 'RFC 9110 §7.4', 'the scheme of the target is not that of the connection'],
  headTooLarge: [431, 'RFC 6585 §5', 'the header section is too large'],
  tooManyFields: [431, 'RFC 6585 §5', 'the header section has too many fields'],
  methodTooLong: [501, 'RFC 9112 §3', 'the method is longer than any known method'],
  unknownTransferCoding: [501, 'RFC 9112 §6.1', 'the transfer coding is not supported'],
  unknownVersion: [505, 'RFC 9110 §15.6.6', 'the major HTTP version is not 1'],
} as const satisfies Record<RemoteErrorCode, readonly [status: number, section: string, sentence: string]>

/**
 * The peer broke the protocol. It is never thrown by the connection: it reaches the error handler, the body's `onError`
 * and `errorCode`.
 */
export class RemoteProtocolError extends Error {
  override readonly name = 'RemoteProtocolError'
  /** The fault. Stable, unlike the message. */
  readonly code: RemoteErrorCode
  /** The status to answer with: 400, 408, 413, 414, 417, 421, 431, 501 or 505. */
  readonly status: number
  /** The section of the broken rule, in the form `RFC 9112 §6.3`. */
  readonly section: string
  /** The number of valid bytes of the message (head or body) before the fault. */
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

/** The kinds of misuse by the application. */
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

/** The application misused the library. Thrown by the offending call. */
export class LocalProtocolError extends Error {
  override readonly name = 'LocalProtocolError'
  /** The misuse. Stable, unlike the message. */
  readonly code: LocalErrorCode

  constructor(code: LocalErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/**
 * The connection ended during an exchange. The peer closed or reset it, or stopped accepting output (`ECONNRESET`); or
 * the server cut it (`ECONNABORTED`): `graceMs` was over, or a response was cut. The transport's error, if there was
 * one, is the `cause`.
 */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError'
  /** Node's codes for a reset by the peer, and for an end by this side. */
  readonly code: 'ECONNRESET' | 'ECONNABORTED'

  constructor(cause?: unknown, code: 'ECONNRESET' | 'ECONNABORTED' = 'ECONNRESET') {
    const closer = code === 'ECONNRESET' ? 'peer' : 'server'
    super(`the ${closer} closed the connection`, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** The handler did not begin its response within `handlerTimeout`. The client gets 503 (RFC 9110 §15.6.4). */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError'
  /** The status to answer with. */
  readonly status = 503

  constructor() {
    super('the handler did not respond in time')
  }
}

/** The source of a response in flight emitted nothing for `sourceTimeout`. The response is cut. */
export class SourceTimeoutError extends Error {
  override readonly name = 'SourceTimeoutError'

  constructor() {
    super('the source of the response emitted nothing in time')
  }
}

/** A source was faster than its consumer, and its overflow policy is to fail. */
export class BackpressureError extends Error {
  override readonly name = 'BackpressureError'
  /** The fault. Stable, unlike the message. */
  readonly code: 'overflow'
  /** The number of bytes (or items) that were pending when the next value did not fit. */
  readonly waiting: number

  constructor(message = 'the source is faster than its consumer', waiting = 0) {
    super(message)
    this.code = 'overflow'
    this.waiting = waiting
  }
}

/** The handler completed without a response. The client gets 500. */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError'
  constructor() {
    super('the handler completed without a response')
  }
}

/** The server cannot listen. `code` is that of Node's error, which is the `cause`. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  /** Node's code: EADDRINUSE, EACCES, EADDRNOTAVAIL, ERR_OSSL_…, …; or ERR_CLOSED. */
  readonly code: string

  constructor(code: string, message: string, cause: Error) {
    super(message, { cause })
    this.code = code
  }
}

/** The server gave up a TLS handshake. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError'
  /** The option whose limit was reached, or `closing` if the server was closed. */
  readonly code: 'handshakeTimeout' | 'maxConnections' | 'closing'

  constructor(code: HandshakeError['code']) {
    super(MESSAGES[code])
    this.code = code
  }
}

const MESSAGES: Record<HandshakeError['code'], string> = {
  handshakeTimeout: 'the client did not complete the TLS handshake in time',
  maxConnections: 'the server has reached its limit of connections',
  closing: 'the server was closed during the TLS handshake',
}

/** Header fields of an error. */
type ErrorFields = Readonly<Record<string, string | number | readonly string[]>>

/** The options of an {@link HttpError}. */
export interface HttpErrorOptions extends ErrorOptions {
  /** Fields of the response, such as Retry-After or WWW-Authenticate. Framing fields are ignored. */
  readonly headers?: ErrorFields
  /** Whether the client may see the message. Default: true for 400 to 499. */
  readonly expose?: boolean
}

/**
 * An error that a handler throws to choose the status: `throw new HttpError(404, 'no such book')`. Errors of other
 * packages that have a `status` or `statusCode` of 400 to 599, and optionally `expose`, are treated alike.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  /** The status to answer with: 400 to 599. */
  readonly status: number
  /** Whether the client sees the message. */
  readonly expose: boolean
  /** Fields that the default error handler adds to its response. */
  readonly headers: ErrorFields

  /** @throws {@link LocalProtocolError} badStatus: not 400 to 599; badField: a header field that cannot be sent */
  constructor(status: number, message?: string, options: HttpErrorOptions = {}) {
    super(message ?? '', options)
    if (!isErrorStatus(status)) throw new LocalProtocolError('badStatus', `${String(status)} is no error status`)
    this.status = status
    this.expose = options.expose ?? status < 500
    this.headers = options.headers ?? {}
    for (const name of Object.keys(this.headers)) checkField(name, this.headers[name])
  }
}

/** @throws {@link LocalProtocolError} badField: the field cannot be sent. @internal */
export function checkField(name: string, value: unknown): void {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  const areFit = values.every(each => typeof each === 'number' || (typeof each === 'string' && isFieldValue(each)))
  if (!isToken(name) || !areFit) throw new LocalProtocolError('badField', `${name} is not a valid field`)
}

/** Whether the value is an error status, 400 to 599. @internal */
export function isErrorStatus(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 400 && (value as number) <= 599
}

brand(RemoteProtocolError, 'RemoteProtocolError')
brand(LocalProtocolError, 'LocalProtocolError')
brand(HandlerTimeoutError, 'HandlerTimeoutError')
brand(SourceTimeoutError, 'SourceTimeoutError')
brand(HttpError, 'HttpError')
brand(BackpressureError, 'BackpressureError')
brand(ConnectionClosedError, 'ConnectionClosedError')
