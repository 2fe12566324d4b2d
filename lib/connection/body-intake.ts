import { copyBytes } from '../buffer/bytes.js'
import type { BodyDecoder } from '../wire/body-decoder.js'
import type { BodyReader } from './body-reader.js'

/**
 * The way of body bytes from a read to the handler.
 *
 * Strategy: data is handed out as a view of the input, one view for each scheduled read. Small chunks that stand behind one
 * another are the exception: they are copied together, so that a body in one-byte chunks costs one callback for 4 KiB and
 * not one a byte, and so that a handler which keeps them does not keep the framing between them as well.
 */

/** Chunks up to this size are copied together; larger ones are handed out where they are. */
const MERGE_LIMIT = 512

/** Where small chunks are put together, and how many bytes of it are in use: only within one call. */
const scratch = new Uint8Array(8 * MERGE_LIMIT)
let merged = 0

/** The bytes of one read. `isLent`: they are the caller's again after the read, so that data must be copied out. */
export interface Input {
  bytes: Uint8Array
  end: number
  isLent: boolean
}

/** Hands out data from `input.bytes[off, input.end)` as long as it is wanted. Returns how many bytes were consumed. */
export function receiveBody(decoder: BodyDecoder, reader: BodyReader, input: Input, off: number): number {
  const { bytes, end } = input
  let p = off
  while (decoder.fault === null) {
    p += decoder.advance(bytes, p, end)
    if (decoder.available === 0 || p === end || !reader.isScheduled || decoder.fault !== null) break
    p = deliverRun(decoder, reader, input, p)
  }
  return p - off
}

/** Drops what stands in `bytes[off, end)` of the body. Returns how many bytes were consumed. */
export function discardBody(decoder: BodyDecoder, bytes: Uint8Array, off: number, end: number): number {
  let p = off
  while (decoder.fault === null) {
    p += decoder.advance(bytes, p, end)
    const count = Math.min(decoder.available, end - p)
    if (count === 0) break
    decoder.take(count)
    p += count
  }
  return p - off
}

/** Answers the scheduled read with the data at `start`, and the small chunks behind it. Returns where it stopped. */
function deliverRun(decoder: BodyDecoder, reader: BodyReader, input: Input, start: number): number {
  const first = start + Math.min(decoder.available, input.end - start)
  decoder.take(first - start)
  merged = 0
  const p = first - start <= MERGE_LIMIT ? mergeSmallChunks(decoder, input, start, first) : first
  if (merged > 0) reader.deliver(copyBytes(scratch, 0, merged))
  else if (input.isLent) reader.deliver(copyBytes(input.bytes, start, first))
  else reader.deliver(input.bytes.subarray(start, first))
  return p
}

/** Copies a small chunk and those behind it together, if there are any. Returns where it stopped, and sets `merged`. */
function mergeSmallChunks(decoder: BodyDecoder, input: Input, start: number, first: number): number {
  const { bytes, end } = input
  let p = first
  while (p < end && decoder.available === 0) {
    p += decoder.advance(bytes, p, end)
    const count = Math.min(decoder.available, end - p)
    if (count === 0 || count > MERGE_LIMIT || merged + count > scratch.length) break
    if (merged === 0) append(bytes, start, first)
    append(bytes, p, p + count)
    decoder.take(count)
    p += count
  }
  return p
}

function append(bytes: Uint8Array, start: number, end: number): void {
  for (let p = start; p < end; p++) scratch[merged++] = bytes[p]!
}
