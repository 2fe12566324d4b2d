/**
 * The operations that a connection asks of its caller, and the results that the caller reports.
 */
import type { IOVec } from '../buffer/iovec.js'

/**
 * What to do next for input: offer bytes to `read`, wait until `yieldReader` calls back, offer nothing any more, or
 * give all bytes that were not consumed, and those that follow, to the protocol that the connection was handed over to.
 */
export type ReadOperation = 'read' | 'yield' | 'close' | 'upgrade'

/**
 * What to do next for output: write the iovecs and report the result, wait until `yieldWriter` calls back, close the
 * output, or leave it to the protocol that the connection was handed over to. The bytes of the iovecs are the
 * connection's: they stay as they are until the result is reported. `undelivered` counts the bytes that were queued and
 * will never be written. `mustReset` says that part of a response is on the wire whose only end is the connection's:
 * the transport must be reset, because a client would take a peaceful end for the end of the response.
 */
export type WriteOperation =
  | { readonly type: 'write'; readonly iovecs: IOVec[] }
  | { readonly type: 'yield' }
  | { readonly type: 'close'; readonly undelivered: number; readonly mustReset: boolean }
  | { readonly type: 'upgrade' }

/** The result of a write: how many bytes were written, or that the peer takes no more. */
export type WriteResult = { readonly type: 'ok'; readonly count: number } | { readonly type: 'closed' }

/** The write operations without payload. */
export const YIELD: WriteOperation = Object.freeze({ type: 'yield' })
export const UPGRADE: WriteOperation = Object.freeze({ type: 'upgrade' })
