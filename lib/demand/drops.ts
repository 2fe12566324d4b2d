/**
 * What is told of the values of a response: those that a slow client did not get, and those that operators hold.
 */

/** How many values of a response were dropped, and of how many bytes in all. */
export interface Drops {
  readonly count: number
  readonly bytes: number
}

/** Nothing yet. */
export const NO_DROPS: Drops = { count: 0, bytes: 0 }

/** What became of the values that sources gave which can wait. */
export interface Ahead {
  /** How many were pulled. */
  readonly pulled: number
  /** Of how many of them nothing came out of the operators while they were given. */
  readonly silent: number
  /** How many values came out at another time: operators held them. */
  readonly late: number
}

/** What a body tells of its values. */
export type BodyEvent = { readonly type: 'drop' } & Drops | { readonly type: 'ahead' } & Ahead

/** The first difference that is told. */
const FIRST_TOLD = 16

/**
 * Counts what goes into the operators between a source that can wait and its consumer, and what comes out: where they
 * hold values, no demand reaches the source. It is told whenever what may be held has doubled.
 */
export class Tally {
  /** How many values came out. */
  arrivals: number
  private pulled: number
  private silent: number
  private late: number
  private limit: number

  constructor() {
    this.arrivals = 0
    this.pulled = 0
    this.silent = 0
    this.late = 0
    this.limit = FIRST_TOLD
  }

  /** A value came out. `isLate`: no source was giving. */
  arrive(isLate: boolean): void {
    this.arrivals++
    if (isLate) this.late++
  }

  /** A value was given, before which so many had come out. Returns what is to be told; null: nothing. */
  given(before: number): Ahead | null {
    this.pulled++
    if (this.arrivals !== before) return null
    this.silent++
    if (this.silent - this.late < this.limit) return null
    this.limit *= 2
    return { pulled: this.pulled, silent: this.silent, late: this.late }
  }
}
