/**
 * The values of a response that were dropped for a slow client, and the events about its values.
 */
import type { Ahead } from './tally.js'

/** How many values of a response were dropped, and of how many bytes in all. */
export interface Drops {
  readonly count: number
  readonly bytes: number
}

/** Nothing yet. */
export const NO_DROPS: Drops = { count: 0, bytes: 0 }

/** Returns the drops with one more, of a value of that size. */
export function withDrop({ count, bytes }: Drops, size: number): Drops {
  return { count: count + 1, bytes: bytes + size }
}

/** The events of a body. */
export type BodyEvent = { readonly type: 'drop' } & Drops | { readonly type: 'ahead' } & Ahead
