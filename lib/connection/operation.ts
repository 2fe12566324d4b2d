/**
 * What the connection tells its caller to do next, and what the caller tells it in return.
 */
import type { IOVec } from '../buffer/iovec.js'

/**
 * What to do next for input: offer bytes to `read`, wait until `yieldReader` calls back, or offer nothing any more.
 */
export type ReadOperation = 'read' | 'yield' | 'close'

/**
 * What to do next for output: write the iovecs and report the result, wait until `yieldWriter` calls back, or close the
 * output. The bytes of the iovecs are the connection's: they stay as they are until the result is reported.
 * `undelivered` counts the bytes that were queued and will never be written.
 */
export type WriteOperation =
  | { readonly type: 'write'; readonly iovecs: IOVec[] }
  | { readonly type: 'yield' }
  | { readonly type: 'close'; readonly undelivered: number }

/** What came of a write: how many bytes were written, or that the peer takes no more. */
export type WriteResult = { readonly type: 'ok'; readonly count: number } | { readonly type: 'closed' }

/** The write operation without payload. */
export const YIELD: WriteOperation = Object.freeze({ type: 'yield' })
