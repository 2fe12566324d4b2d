/**
 * What becomes of an Observable that the client is too slow for.
 *
 * Strategy: a plain Observable can't be slowed, so an operator stands between it and the client that keeps to the
 * demand. Which one is the choice of whoever made the Observable: nobody else knows what may be lost.
 */
import type { Observable } from 'rxjs'
import { onBackpressureBuffer, onBackpressureDrop, onBackpressureError, onBackpressureLatest } from './backpressure.js'

/**
 * What happens to values of a plain Observable that the client is too slow for.
 *
 * - `error`: it fails with a `BackpressureError`; a response is cut. The default.
 * - `dropNewest`: values that come while nothing is wanted are dropped.
 * - `dropOldest`: up to `highWaterMark` bytes are kept, the oldest are dropped.
 * - `latest`: only the newest is kept.
 * - `disconnect`: the client is disconnected, without an error.
 * - `bufferBytes`: up to that many bytes are kept, then as `error`.
 */
export type Overflow =
  | 'error' | 'dropNewest' | 'dropOldest' | 'latest' | 'disconnect' | { readonly bufferBytes: number }

/** A policy, and how many bytes `dropOldest` keeps. */
export interface OverflowOptions {
  readonly overflow: Overflow
  readonly highWaterMark: number
}

/**
 * The values of the source that the demand is for. With `disconnect` it fails as with `error`: what that does to the
 * client is the caller's to do.
 */
export function controlled<T>(
  source: Observable<T>, ready$: Observable<number>, { overflow, highWaterMark }: OverflowOptions,
): Observable<T> {
  if (typeof overflow === 'object') return source.pipe(onBackpressureBuffer(ready$, overflow))
  switch (overflow) {
    case 'error':
    case 'disconnect': return source.pipe(onBackpressureError(ready$))
    case 'dropNewest': return source.pipe(onBackpressureDrop(ready$))
    case 'latest': return source.pipe(onBackpressureLatest(ready$))
    case 'dropOldest':
      return source.pipe(onBackpressureBuffer(ready$, { bufferBytes: highWaterMark, overflow: 'dropOldest' }))
  }
}
