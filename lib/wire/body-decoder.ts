/**
 * What the connection asks of a body's framing: one small class for each, the same names on all.
 *
 * The data itself never passes through a decoder: it says how many bytes of data stand next, and the connection hands
 * them out as views and reports them taken.
 */
import type { RemoteErrorCode } from '../errors.js'
import type { Headers } from '../message/headers.js'

export interface BodyDecoder {
  /** How many bytes of data stand next, as far as the framing read so far tells. */
  readonly available: number
  /** Whether the body is complete, with its trailers. */
  readonly isDone: boolean
  /** Whether all data came and trailer fields are being read: they need no reader. */
  readonly isWithinTrailers: boolean
  /** Why the framing can't be read, or null. Nothing may be read after a fault. */
  readonly fault: RemoteErrorCode | null
  /** How many bytes of the body were good before the fault. */
  readonly faultOffset: number
  /** The trailer fields, once {@link isDone}; null where there were none. */
  readonly trailers: Headers | null
  /** Reads framing in `bytes[off, end)` up to the next data, and returns how many bytes that were. */
  advance(bytes: Uint8Array, off: number, end: number): number
  /** Says that nothing follows `bytes[off, end)`: the body is at fault, if only because it is not complete. */
  advanceEof(bytes: Uint8Array, off: number, end: number): void
  /** Says that `count` bytes of the available data were taken. */
  take(count: number): void
}
