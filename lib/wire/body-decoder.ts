/**
 * The interface of the decoders of a body's framing: fixed-decoder.ts and chunked-decoder.ts implement it.
 *
 * Strategy: data never passes through a decoder. A decoder says how many bytes of data come next; the connection hands
 * them out as views and reports them as taken.
 */
import type { RemoteErrorCode } from '../errors.js'
import type { Headers } from '../message/headers.js'

/** A decoder of one body. */
export interface BodyDecoder {
  /** How many bytes of data come next, as far as the framing that was read says. */
  readonly available: number
  /** Whether the body is complete, with its trailers. */
  readonly isDone: boolean
  /** Whether the data is complete and trailer fields are being read: that needs no scheduled read. */
  readonly isWithinTrailers: boolean
  /** The fault of the framing, or null. A decoder must not be used after a fault. */
  readonly fault: RemoteErrorCode | null
  /** How many bytes of the body were valid before the fault. */
  readonly faultOffset: number
  /** The trailer fields, once {@link isDone}; null where there were none. */
  readonly trailers: Headers | null
  /** Reads framing in `bytes[off, end)` up to the next data, and returns how many bytes that were. */
  advance(bytes: Uint8Array, off: number, end: number): number
  /** Ends the input with `bytes[off, end)`: the body is at fault, if only because it is incomplete. */
  advanceEof(bytes: Uint8Array, off: number, end: number): void
  /** Reports that `count` bytes of the available data were taken. */
  take(count: number): void
}
