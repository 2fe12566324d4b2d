/**
 * Serializes the chunked transfer coding (RFC 9112 §7.1).
 *
 * Strategy: the framing of text and of large chunks is text, and their data goes to the output queue as it is. A small
 * chunk of bytes is written together with its framing: one of 33 bytes takes 26 ns so, and 78 as three writes. Chunk
 * extensions are never sent. Trailers are refused if the recipient would need them before the content.
 */
import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { serializeFields } from './field-serializer.js'
import { CR, LF } from './grammar.js'

/** The starts of small chunks, once they were needed: a chunk of 33 characters takes 40 ns with them, 54 without. */
const starts = new Array<string | undefined>(1024)

/** The framing before the data of a chunk. `length` must not be 0: such a chunk would end the body. */
export function chunkStart(length: number): string {
  return length < starts.length ? starts[length] ??= startOf(length) : startOf(length)
}

function startOf(length: number): string {
  return `${length.toString(16)}\r\n`
}

/** The framing after the data of a chunk. */
export const chunkEnd = '\r\n'

const HEX_DIGITS = Uint8Array.from('0123456789abcdef', digit => digit.charCodeAt(0))

/** Returns the length of a chunk with its framing: of at least one byte, and fewer than 2^28. */
export function chunkLength(length: number): number {
  return digitsOf(length) + 2 + length + 2
}

/** Writes a chunk with its framing into `target`, which has room for its {@link chunkLength} from `at` on. */
export function writeChunk(target: Uint8Array, at: number, data: Uint8Array): void {
  const { length } = data
  const start = at + digitsOf(length)
  for (let digit = start - 1, rest = length; digit >= at; digit--, rest >>>= 4) target[digit] = HEX_DIGITS[rest & 15]
  target[start] = CR
  target[start + 1] = LF
  target.set(data, start + 2)
  const end = start + 2 + length
  target[end] = CR
  target[end + 1] = LF
}

function digitsOf(length: number): number {
  let digits = 1
  for (let rest = length >>> 4; rest > 0; rest >>>= 4) digits++
  return digits
}

/**
 * RFC 9110 §6.5.1: fields that can't be trailers, because the recipient needs them before the content. The groups are
 * the RFC's; fields of other RFCs are listed with the group that they belong to.
 */
const NOT_IN_TRAILERS = [
  // Framing and the connection.
  'Transfer-Encoding', 'Content-Length', 'Trailer', 'Connection', 'Keep-Alive', 'Proxy-Connection', 'Upgrade', 'TE',
  // Routing.
  'Host', 'Forwarded', 'Via', 'Max-Forwards',
  // Request modifiers: controls and conditionals.
  'Expect', 'Range', 'If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since', 'If-Range', 'Pragma',
  // Authentication and cookies.
  'Authorization', 'Proxy-Authorization', 'WWW-Authenticate', 'Proxy-Authenticate', 'Cookie', 'Set-Cookie',
  // Response control data.
  'Age', 'Cache-Control', 'Date', 'Expires', 'Location', 'Retry-After', 'Vary', 'Warning', 'Content-Location',
  // The form of the content.
  'Content-Type', 'Content-Encoding', 'Content-Range', 'Content-Language',
]

/**
 * The last chunk, with the trailer fields if there are any.
 *
 * @throws {@link LocalProtocolError} badField
 */
export function lastChunk(trailers?: Headers): string {
  if (trailers === undefined) return '0\r\n\r\n'
  const forbidden = NOT_IN_TRAILERS.find(name => trailers.mem(name))
  if (forbidden !== undefined) throw new LocalProtocolError('badField', `${forbidden} is not allowed in trailers`)
  return `0\r\n${serializeFields(trailers).text}\r\n`
}
