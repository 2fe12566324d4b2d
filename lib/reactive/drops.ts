/**
 * What a slow client did not get.
 */

/** How many values of a response were dropped, and of how many bytes in all. */
export interface Drops {
  readonly count: number
  readonly bytes: number
}

/** Nothing yet. */
export const NO_DROPS: Drops = { count: 0, bytes: 0 }
