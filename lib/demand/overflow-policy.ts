/**
 * What becomes of an Observable that the client is too slow for.
 *
 * Strategy: a plain Observable can't be slowed, so an operator stands between it and the client that keeps to the
 * demand. Which one is the choice of whoever made the Observable: nobody else knows what may be lost.
 */
import type { Observable } from 'rxjs'
import { checkValue, COUNT, type Shape } from '../connection/option-check.js'
import type { BackpressurePolicy } from './gate.js'
import { gated } from './overflow-operators.js'

/**
 * What happens to values of a plain Observable that the client is too slow for.
 *
 * - `bufferBytes`: up to that many bytes are kept, then as `error`. `{ bufferBytes: 1 MiB }` is the default.
 * - `error`: it fails with a `BackpressureError`; a response is cut.
 * - `dropNewest`: values that come while nothing is wanted are dropped.
 * - `dropOldest`: up to `highWaterMark` bytes are kept, the oldest are dropped, the newest never.
 * - `latest`: only the newest is kept.
 * - `disconnect`: the client is disconnected, without an error.
 *
 * Slow is a client whose socket does not take what it is offered: what waits is offered before a value is judged.
 * Where the socket cannot say at once what it took (TLS, streams that are no sockets), up to 1 MiB waits until it can.
 */
export type Overflow =
  | 'error' | 'dropNewest' | 'dropOldest' | 'latest' | 'disconnect' | { readonly bufferBytes: number }

/** What happens where nobody says what should. */
export const DEFAULT_OVERFLOW: Overflow = { bufferBytes: 1024 * 1024 }

const NAMES: readonly unknown[] = ['error', 'dropNewest', 'dropOldest', 'latest', 'disconnect']

/** What an `overflow` takes. */
export const OVERFLOW: Shape = {
  what: "'error', 'dropNewest', 'dropOldest', 'latest', 'disconnect' or { bufferBytes }",
  isFit: value => NAMES.includes(value) || hasBuffer(value),
}

/** @throws {@link LocalProtocolError} badRange: bytes that are no number */
function hasBuffer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('bufferBytes' in value)) return false
  checkValue('bufferBytes', value.bufferBytes, COUNT)
  return true
}

/** A policy, and what goes with it. */
export interface OverflowOptions<T> {
  readonly overflow: Overflow
  /** How many bytes `dropOldest` keeps. */
  readonly highWaterMark: number
  /** Sees each value that is dropped. What it throws is the error of the result. */
  readonly onDrop?: ((value: T) => void) | undefined
  /** What a value costs of the demand: {@link chunkSize} unless given. */
  readonly sizeOf?: (value: T) => number
}

/**
 * The values of the source that the demand is for. With `disconnect` it fails as with `error`: what that does to the
 * client is the caller's to do.
 */
export function controlled<T>(
  source: Observable<T>, ready$: Observable<number>, { overflow, highWaterMark, onDrop, sizeOf }: OverflowOptions<T>,
): Observable<T> {
  return source.pipe(gated(ready$, { ...policyOf(overflow, highWaterMark), onDrop, sizeOf }))
}

/** What a gate does for the policy. */
export function policyOf(overflow: Overflow, highWaterMark: number): BackpressurePolicy {
  if (typeof overflow === 'object') return { capacity: overflow.bufferBytes, overflow: 'error' }
  switch (overflow) {
    case 'error':
    case 'disconnect': return { capacity: 0, overflow: 'error' }
    case 'dropNewest': return { capacity: 0, overflow: 'dropNewest' }
    case 'latest': return { capacity: 0, overflow: 'dropOldest' }
    case 'dropOldest': return { capacity: highWaterMark, overflow: 'dropOldest' }
  }
}
