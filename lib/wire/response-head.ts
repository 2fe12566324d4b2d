/**
 * The serializer of response heads, with the framing that they announce (RFC 9112 §4, §6).
 *
 * Strategy: {@link responseHead} decides how the body is framed and whether the connection persists, and returns both
 * decisions with the text of the head: the caller frames the body by them, so that they can't differ from the text. The
 * text is one string of latin-1 characters.
 */
import { inOnePiece } from '../buffer/latin1.js'
import { LocalProtocolError } from '../errors.js'
import { isFieldValue } from '../field-syntax.js'
import { isBodiless } from '../message/body-length.js'
import { listMembers } from '../message/list-value.js'
import type { Headers } from '../message/headers.js'
import { Response } from '../message/response.js'
import { Status } from '../message/status.js'
import { Version } from '../message/version.js'
import { serializeFields, SerializedFields } from './field-serializer.js'

/**
 * How a response body is framed: none is sent, Content-Length, chunks, or the end of the connection.
 */
export type BodyEncoding = 'none' | 'fixed' | 'chunked' | 'close'

/** The context that the head depends on besides the response. A head is kept for further calls with the same object. */
export interface HeadContext {
  /** The method of the request, '' where it is not known. Heads differ for HEAD and CONNECT only. */
  readonly method: string
  /** Whether the client speaks HTTP/1.1 and so understands chunks. */
  readonly isHttp11: boolean
  /** Whether the connection could go on after this response. */
  readonly isPersistent: boolean
  /** The value of Date, '' for none. */
  readonly date: string
  /** How many seconds an idle connection is kept, as Keep-Alive says; 0 for no such field. */
  readonly keepAlive: number
}

/** A head, and the framing and persistence that it announces. */
export interface ResponseHead {
  readonly text: string
  readonly encoding: BodyEncoding
  /** The length of a 'fixed' body in bytes. */
  readonly length: number
  readonly isPersistent: boolean
}

/** The length of a body that is not known in advance. */
export const UNKNOWN_LENGTH = -1

/**
 * Makes the head of a final response with a body of `length` bytes, or {@link UNKNOWN_LENGTH}.
 *
 * @throws {@link LocalProtocolError} badStatus: not a final status, a reason phrase that would break the line, or a
 *   version that is not sent
 * @throws {@link LocalProtocolError} badField, badFraming: as {@link serializeFields}; or `length` is not the field's
 */
export function responseHead(response: Response, client: HeadContext, length: number): ResponseHead {
  const { serialized } = response.headers
  const kept = serialized instanceof SerializedFields ? serialized.kept as KeptHead | null : null
  if (kept?.isFor(response, client, length) === true) return kept.ofLength(length)
  const { status } = response
  if (!isFinal(status)) throw new LocalProtocolError('badStatus', `${status} is not a final status`)
  const context = response.version === Version.HTTP_1_1 ? client : asHttp10(response, client)
  const fields = fieldsOf(response, context)
  const encoding = bodyEncoding(status, context, fields, length)
  // RFC 9110 §9.3.6: what follows CONNECT is no HTTP to a client that does not wait, so it is not read as a request.
  const mayPersist = context.isPersistent && context.method !== 'CONNECT'
  const isPersistent = mayPersist && encoding !== 'close' && !fields.closes
  const announced = encoding === 'none' ? headLength(status, context, length) : length
  const framing = framingOf(encoding, announced, fields)
  const start = inOnePiece(statusLine(response) + dateLine(context.date, fields) + fields.text)
  const connection = connectionLine(isPersistent, context, fields)
  const text = start + headEnd(framing, connection)
  const head = { text, encoding, length: fields.contentLength >= 0 ? fields.contentLength : length, isPersistent }
  if (context === client && fields === response.headers.serialized) {
    const isFlexible = context.isHttp11 && encoding !== 'none' && framing !== NOTHING
    fields.kept = new KeptHead(response, client, { head, length, start, connection, isFlexible })
  }
  return head
}

/** A head, the length that it was made for, and its parts besides the framing. */
interface HeadParts {
  readonly head: ResponseHead
  readonly length: number
  /** Status line, Date and the handler's fields. */
  readonly start: string
  /** The lines about the connection, or ''. */
  readonly connection: string
  /** Whether the server chose the framing, for a client that understands chunks: it then serves any length. */
  readonly isFlexible: boolean
}

/**
 * The last head with some fields. Kept with them: most responses of a second that have them differ in the length of
 * their body at most.
 */
class KeptHead {
  private readonly status: Status
  private readonly reason: string
  private readonly client: HeadContext
  private readonly parts: HeadParts
  private head: ResponseHead
  /** The length that {@link head} was made for. */
  private length: number

  constructor({ status, reason }: Response, client: HeadContext, parts: HeadParts) {
    this.status = status
    this.reason = reason
    this.client = client
    this.parts = parts
    this.head = parts.head
    this.length = parts.length
  }

  /** Whether it serves this response, which has the same fields, for a body of this length. */
  isFor({ status, reason, version }: Response, client: HeadContext, length: number): boolean {
    return client === this.client && status === this.status && (length === this.length || this.parts.isFlexible)
      && reason === this.reason && version === Version.HTTP_1_1
  }

  /** The head for a body of this length. */
  ofLength(length: number): ResponseHead {
    if (length !== this.length) {
      this.head = framedHead(this.parts, length)
      this.length = length
    }
    return this.head
  }
}

function framedHead({ start, connection, head: { isPersistent } }: HeadParts, length: number): ResponseHead {
  const isChunked = length === UNKNOWN_LENGTH
  const text = start + headEnd(isChunked ? CHUNKED : length, connection)
  return { text, encoding: isChunked ? 'chunked' : 'fixed', length, isPersistent }
}

/** The head of a switch of protocols: a 101, or a 2xx to CONNECT. @throws as {@link responseHead} */
export function upgradeHead(response: Response, date: string): string {
  // RFC 9112 §6.1, RFC 9110 §8.6: a 101 and a 2xx to CONNECT have neither field.
  const fields = serializeFields(response.headers.remove('Content-Length').remove('Transfer-Encoding'))
  const connection = response.status === 101 && !fields.hasConnection ? 'Connection: upgrade\r\n' : ''
  return statusLine(response) + dateLine(date, fields) + fields.text + connection + '\r\n'
}

/**
 * The head of an informational response, which is all of it (RFC 9110 §15.2).
 *
 * @throws {@link LocalProtocolError} badStatus: not a 1xx, or 101, which only an upgrade is
 * @throws {@link LocalProtocolError} badField, badFraming: as {@link serializeFields}
 */
export function interimHead(status: Status, headers: Headers): string {
  if (!Status.isInformational(status) || !Status.isValid(status) || status === Status.SWITCHING_PROTOCOLS) {
    throw new LocalProtocolError('badStatus', `${status} is not an informational status`)
  }
  // RFC 9112 §6.1, RFC 9110 §8.6, §7.6.1: it has no content to frame, and says nothing about the connection.
  const fields = headers.remove('Content-Length').remove('Transfer-Encoding').remove('Connection')
  return statusLine(Response.create(status)) + serializeFields(fields).text + '\r\n'
}

/** A response that the handler makes in HTTP/1.0 follows the rules of HTTP/1.0, whatever the client's version. */
function asHttp10(response: Response, client: HeadContext): HeadContext {
  if (response.version !== Version.HTTP_1_0) {
    throw new LocalProtocolError('badStatus', `no response is sent in ${response.version.toString()}`)
  }
  if (response.headers.mem('Transfer-Encoding')) {
    throw new LocalProtocolError('badFraming', 'there is no Transfer-Encoding in HTTP/1.0')
  }
  return { ...client, isHttp11: false }
}

function isFinal(status: number): boolean {
  return Status.isValid(status) && status >= 200
}

function statusLine({ status, reason, version }: Response): string {
  if (!isFieldValue(reason)) throw new LocalProtocolError('badStatus', 'a reason phrase has no controls')
  return `${version.toString()} ${status} ${reason}\r\n`
}

function isTunnel(status: number, method: string): boolean {
  return method === 'CONNECT' && status < 300
}

/**
 * The fields to send. Left out are framing fields that a 204 or a 2xx to CONNECT must not have, that HTTP/1.0 does not
 * understand, or that contradict a 205 (RFC 9112 §6.1, RFC 9110 §8.6).
 *
 * @throws {@link LocalProtocolError} badFraming: HTTP/1.0 does not understand it, and needs it
 */
function fieldsOf(response: Response, context: HeadContext): SerializedFields {
  const fields = serializeFields(response.headers)
  const { status } = response
  const isUnframed = status === 204 || status === 205 || isTunnel(status, context.method)
  if (fields.contentLength >= 0 && isUnframed) return serializeFields(response.headers.remove('Content-Length'))
  if (!fields.isChunked || (context.isHttp11 && !isUnframed)) return fields
  // A body in another coding, too, can't be read by a client that is not told so.
  if (!isBodiless(context.method, status) && listMembers(response.headers, 'Transfer-Encoding').length > 1) {
    throw new LocalProtocolError('badFraming', 'an HTTP/1.0 client knows no transfer codings')
  }
  return serializeFields(response.headers.remove('Transfer-Encoding'))
}

function bodyEncoding(
  status: number, context: HeadContext, fields: SerializedFields, length: number,
): BodyEncoding {
  if (isBodiless(context.method, status)) return 'none'
  if (fields.isChunked) return 'chunked'
  if (fields.contentLength >= 0 && length !== UNKNOWN_LENGTH && length !== fields.contentLength) {
    throw new LocalProtocolError('badFraming', `Content-Length is ${fields.contentLength}, the body ${length} bytes`)
  }
  if (fields.contentLength >= 0 || length !== UNKNOWN_LENGTH) return 'fixed'
  return context.isHttp11 ? 'chunked' : 'close'
}

/**
 * RFC 9110 §9.3.2: the response to HEAD announces the length that GET would have, as far as it is known. §15.3.6: a 205
 * must announce that it has no content.
 */
function headLength(status: number, context: HeadContext, length: number): number {
  if (status === Status.RESET_CONTENT) return 0
  const isHeadOnly = context.method === 'HEAD' && !isBodiless('GET', status)
  return isHeadOnly && length > 0 ? length : UNKNOWN_LENGTH
}

/** The framing that the head must announce: a length, or one of the two below. */
type Framing = number
const NOTHING: Framing = -1
const CHUNKED: Framing = -2

function framingOf(encoding: BodyEncoding, length: number, fields: SerializedFields): Framing {
  if (fields.contentLength >= 0 || fields.isChunked) return NOTHING
  if (encoding === 'chunked') return CHUNKED
  return length === UNKNOWN_LENGTH ? NOTHING : length
}

function framingLine(framing: Framing): string {
  if (framing === NOTHING) return ''
  return framing === CHUNKED ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${framing}\r\n`
}

/** The ends of heads with small lengths, each made once: a response takes 45 ns less, for there is less to join. */
const keptEnds: string[] = []
const KEPT_LENGTHS = 1024

/** The lines of framing and connection, and the empty line. */
function headEnd(framing: Framing, connection: string): string {
  const isKept = framing >= 0 && framing < KEPT_LENGTHS && connection === ''
  if (!isKept) return `${framingLine(framing)}${connection}\r\n`
  return (keptEnds[framing] ??= inOnePiece(`${framingLine(framing)}\r\n`))
}

function dateLine(date: string, fields: SerializedFields): string {
  return date === '' || fields.hasDate ? '' : `Date: ${date}\r\n`
}

/**
 * RFC 9112 §9.3, §9.6: the last response says close; an HTTP/1.0 client keeps the connection only if told so. The time
 * in Keep-Alive is a hint (RFC 9112 §C.2.2 names the field).
 */
function connectionLine(isPersistent: boolean, context: HeadContext, fields: SerializedFields): string {
  if (!isPersistent) return fields.closes ? '' : 'Connection: close\r\n'
  if (fields.hasConnection || (context.isHttp11 && context.keepAlive === 0)) return ''
  const hint = context.keepAlive === 0 ? '' : `Keep-Alive: timeout=${context.keepAlive}\r\n`
  return `Connection: keep-alive\r\n${hint}`
}
