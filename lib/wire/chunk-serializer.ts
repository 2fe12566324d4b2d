/**
 * The chunked transfer coding, written (RFC 9112 §7.1).
 */
import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { serializeFields } from './field-serializer.js'

/** What stands before the data of a chunk of `length` bytes, which must not be 0: that would end the body. */
export function chunkStart(length: number): string {
  return `${length.toString(16)}\r\n`
}

/** What stands behind the data of a chunk. */
export const chunkEnd = '\r\n'

/** RFC 9110 §6.5.1: what frames or routes a message can't come behind it. */
const NOT_IN_TRAILERS = ['transfer-encoding', 'content-length', 'host', 'trailer', 'connection', 'content-type',
  'content-encoding', 'content-range', 'te', 'set-cookie', 'authorization', 'expect', 'upgrade']

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
