/**
 * The overflow policies of responses, event streams and WebSockets.
 *
 * Strategy: a plain Observable cannot be paused, so a gate (gate.ts) stands between it and a slow client. The
 * application chooses the policy, because only the application knows which values may be lost.
 */
import { checkValue, COUNT, type Shape } from '../connection/option-check.js'
import type { BackpressurePolicy } from './gate.js'

/**
 * What happens to values of a plain Observable when the client is too slow.
 *
 * - `bufferBytes`: up to that many bytes are kept, then as `error`. `{ bufferBytes: 1 MiB }` is the default.
 * - `error`: it fails with a `BackpressureError`; a response is cut.
 * - `dropNewest`: values that come while there is no demand are dropped.
 * - `dropOldest`: up to `highWaterMark` bytes are kept, the oldest are dropped, the newest never.
 * - `latest`: only the newest is kept.
 * - `disconnect`: the client is disconnected, without an error.
 *
 * A client is slow when its socket does not accept the pending bytes: they are offered to it before the policy is
 * applied to a value. Where the socket cannot tell at once how much it took (TLS, streams that are not sockets), up to
 * 1 MiB waits until it can.
 */
export type Overflow =
  | 'error' | 'dropNewest' | 'dropOldest' | 'latest' | 'disconnect' | { readonly bufferBytes: number }

/** The policy where none is given. */
export const DEFAULT_OVERFLOW: Overflow = { bufferBytes: 1024 * 1024 }

const NAMES: readonly unknown[] = ['error', 'dropNewest', 'dropOldest', 'latest', 'disconnect']

/** The valid values of an `overflow` option. */
export const OVERFLOW: Shape = {
  what: "'error', 'dropNewest', 'dropOldest', 'latest', 'disconnect' or { bufferBytes }",
  isFit: value => NAMES.includes(value) || hasBuffer(value),
}

/** @throws {@link LocalProtocolError} badRange: `bufferBytes` is not a number of bytes */
function hasBuffer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('bufferBytes' in value)) return false
  checkValue('bufferBytes', value.bufferBytes, COUNT)
  return true
}

/** Returns the bound of the buffer that implements a policy, and what happens beyond it. */
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
