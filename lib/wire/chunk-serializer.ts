/**
 * Serializes the chunked transfer coding (RFC 9112 §7.1).
 *
 * Strategy: only the framing is made here, as text; the data of a chunk goes to the output queue as it is. Chunk
 * extensions are never sent. Trailers are refused if the recipient would need them before the content.
 */
import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { serializeFields } from './field-serializer.js'

/** The framing before the data of a chunk. `length` must not be 0: such a chunk would end the body. */
export function chunkStart(length: number): string {
  return `${length.toString(16)}\r\n`
}

/** The framing after the data of a chunk. */
export const chunkEnd = '\r\n'

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
