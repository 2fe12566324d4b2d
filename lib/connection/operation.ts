/**
 * The operations that a connection asks of its caller, and the results that the caller reports.
 *
 * Strategy: the operations are data, so the caller is a loop with a `switch`, and a test can print them. Operations
 * without a payload are shared constants.
 */
import type { IOVec } from '../buffer/iovec.js'

/**
 * The next operation for input: offer bytes to `read`, wait until `yieldReader` calls back, offer no more bytes, or
 * give all unconsumed bytes, and those that follow, to the protocol that took the connection over.
 */
export type ReadOperation = 'read' | 'yield' | 'close' | 'upgrade'

/**
 * The next operation for output: write the iovecs and report the result, wait until `yieldWriter` calls back, close the
 * output, or leave it to the protocol that took the connection over. The connection owns the bytes of the iovecs: they
 * do not change until the result is reported. `undelivered` counts the queued bytes that will never be written. With
 * `mustReset`, part of a response is on the wire that ends only with the connection: the transport must be reset,
 * because a client would take a regular end for the end of the response.
 */
export type WriteOperation =
  | { readonly type: 'write'; readonly iovecs: IOVec[] }
  | { readonly type: 'yield' }
  | { readonly type: 'close'; readonly undelivered: number; readonly mustReset: boolean }
  | { readonly type: 'upgrade' }

/** The result of a write: the number of bytes written, or that the peer accepts no more. */
export type WriteResult = { readonly type: 'ok'; readonly count: number } | { readonly type: 'closed' }

/** The write operations without payload. */
export const YIELD: WriteOperation = Object.freeze({ type: 'yield' })
export const UPGRADE: WriteOperation = Object.freeze({ type: 'upgrade' })
