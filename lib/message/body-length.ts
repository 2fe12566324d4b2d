/**
 * How long the body of a message is: RFC 9112 §6.3, the rules that decide where one message ends and the next begins.
 *
 * Strategy: a server that reads these rules differently from the proxy in front takes one client's body for another's
 * request (request smuggling). So every ambiguity is an error here, even where the RFC lets a recipient guess.
 */
import type { RemoteErrorCode } from '../errors.js'
import type { Headers } from './headers.js'
import type { Method } from './method.js'
import type { Request } from './request.js'
import type { Response } from './response.js'
import { listMembers, trimBlanks } from './list-value.js'
import { Status } from './status.js'
import { Version } from './version.js'

/** The length of a body, or the reason why it has none that can be relied on. */
export type BodyLength =
  /** Exactly `length` bytes, from 0 to `Number.MAX_SAFE_INTEGER`. */
  | { readonly type: 'fixed'; readonly length: number }
  /** Until the last chunk (RFC 9112 §7.1). */
  | { readonly type: 'chunked' }
  /** Until the connection ends; responses only. */
  | { readonly type: 'closeDelimited' }
  /** The message must be refused, or not sent. */
  | { readonly type: 'error'; readonly code: RemoteErrorCode }

/** No body: a fixed length of 0. */
export const NO_BODY: BodyLength = Object.freeze({ type: 'fixed', length: 0 })
/** The length of a chunked body. */
export const CHUNKED: BodyLength = Object.freeze({ type: 'chunked' })
/** The length of a body that ends with its connection. */
export const CLOSE_DELIMITED: BodyLength = Object.freeze({ type: 'closeDelimited' })

const AMBIGUOUS_LENGTH: BodyLength = Object.freeze({ type: 'error', code: 'ambiguousLength' })
const BAD_CONTENT_LENGTH: BodyLength = Object.freeze({ type: 'error', code: 'badContentLength' })
const BAD_TRANSFER_ENCODING: BodyLength = Object.freeze({ type: 'error', code: 'badTransferEncoding' })
const UNKNOWN_TRANSFER_CODING: BodyLength = Object.freeze({ type: 'error', code: 'unknownTransferCoding' })

const INVALID = -1

/**
 * The number of `1*DIGIT`; -1 for anything else and beyond the safe integers. By hand, because `Number` takes `0x3`,
 * `+3`, `3e2`, blanks and the empty string.
 */
function parseDecimal(text: string): number {
  if (text === '') return INVALID
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return INVALID
    value = 10 * value + digit
    if (value > Number.MAX_SAFE_INTEGER) return INVALID
  }
  return value
}

/**
 * The number that all Content-Length values agree on, whether in several fields or in one list; -1 if they do not
 * agree. The common case, one field with one number, takes 20 ns; a list takes 500.
 */
function onlyContentLength(headers: Headers): number {
  const length = soleContentLength(headers)
  return length === INVALID ? listedContentLength(headers) : length
}

/** The number in the one Content-Length field; -1 where there are several, or it is a list or no number. */
function soleContentLength(headers: Headers): number {
  const index = headers.indexOf('Content-Length', 0)
  const isOnly = headers.indexOf('Content-Length', index + 1) < 0
  return isOnly ? parseDecimal(headers.valueAt(index)) : INVALID
}

function listedContentLength(headers: Headers): number {
  const lengths = headers.getMulti('Content-Length').join().split(',').map(member => parseDecimal(trimBlanks(member)))
  const first = lengths[0]
  return lengths.every(length => length === first) ? first : INVALID
}

function fixedLength(length: number): BodyLength {
  if (length === INVALID) return BAD_CONTENT_LENGTH
  return length === 0 ? NO_BODY : { type: 'fixed', length }
}

/** Whether `chunked` is the last coding and was applied once. An empty list has no last coding. */
function endsInChunked(codings: readonly string[]): boolean {
  return codings.length > 0 && codings.indexOf('chunked') === codings.length - 1
}

function codedRequestLength(request: Request, length: string | null): BodyLength {
  if (length !== null) return AMBIGUOUS_LENGTH
  // HTTP/1.0 does not define the field, so a forwarder in front may have framed the message otherwise (RFC 9112 §6.1).
  if (request.version.compare(Version.HTTP_1_1) < 0) return BAD_TRANSFER_ENCODING
  const codings = listMembers(request.headers, 'Transfer-Encoding')
  // Not chunked at the end is 400 whatever the coding is: a MUST, where the 501 for an unknown one is a SHOULD.
  if (!endsInChunked(codings)) return BAD_TRANSFER_ENCODING
  return codings.length === 1 ? CHUNKED : UNKNOWN_TRANSFER_CODING
}

/**
 * The length of a request's body; never close-delimited.
 *
 * | Transfer-Encoding | Content-Length | length |
 * |---|---|---|
 * | absent | absent | {@link NO_BODY} |
 * | absent | one number, perhaps repeated | fixed |
 * | absent | anything else | error badContentLength |
 * | any | present | error ambiguousLength |
 * | any, in HTTP/1.0 | absent | error badTransferEncoding |
 * | `chunked` | absent | {@link CHUNKED} |
 * | others, then `chunked` once | absent | error unknownTransferCoding |
 * | anything else | absent | error badTransferEncoding |
 *
 * @see RFC 9112 §6.3
 */
export function requestBodyLength(request: Request): BodyLength {
  const { headers } = request
  if (headers.parsed?.saysNoBody === true) return NO_BODY
  if (headers.mem('Transfer-Encoding')) return codedRequestLength(request, headers.get('Content-Length'))
  return headers.mem('Content-Length') ? fixedLength(onlyContentLength(headers)) : NO_BODY
}

/**
 * Whether a response of this status to a request of this method never has a body, whatever its fields say. 205 is the
 * only such status whose framing must say so, too.
 *
 * @see RFC 9110 §6.4.1, §15.3.6
 * @internal
 */
export function isBodiless(method: Method, status: Status): boolean {
  if (method === 'HEAD' || Status.isInformational(status)) return true
  if (status === Status.NO_CONTENT || status === Status.RESET_CONTENT || status === Status.NOT_MODIFIED) return true
  return method === 'CONNECT' && Status.isSuccessful(status)
}

/**
 * The length of a response's body according to its fields: {@link CLOSE_DELIMITED} if they do not say. An error means
 * that they must not be sent. Codings that the application applied itself (`gzip, chunked`) are not checked: only the
 * place of `chunked` counts.
 *
 * The only place that decides this, for callers that ask and for the bytes sent.
 *
 * @internal
 */
export function announcedLength(headers: Headers): BodyLength {
  const hasLength = headers.mem('Content-Length')
  // A sender sends one number, once; only a recipient may accept a list of equal ones (RFC 9110 §8.6).
  const length = hasLength ? fixedLength(soleContentLength(headers)) : CLOSE_DELIMITED
  if (!headers.mem('Transfer-Encoding')) return length
  if (hasLength) return AMBIGUOUS_LENGTH
  return endsInChunked(listMembers(headers, 'Transfer-Encoding')) ? CHUNKED : BAD_TRANSFER_ENCODING
}

/**
 * The length of the body of a response to a request of the given method, by the response's own fields. With an error
 * the response is not sent: Content-Length is not one number or stands beside Transfer-Encoding, or `chunked` is not
 * the last coding, is applied twice, or is sent as HTTP/1.0.
 *
 * - HEAD, 1xx, 204, 205, 304 and 2xx to CONNECT: {@link NO_BODY}
 * - neither field: {@link CLOSE_DELIMITED}; the connection may choose to send it in chunks
 *
 * @see RFC 9112 §6.3
 */
export function responseBodyLength(requestMethod: Method, response: Response): BodyLength {
  const length = announcedLength(response.headers)
  if (length.type === 'error') return length
  if (length.type === 'chunked' && response.version.compare(Version.HTTP_1_1) < 0) return BAD_TRANSFER_ENCODING
  return isBodiless(requestMethod, response.status) ? NO_BODY : length
}
