/**
 * The events about values of a response: values dropped for a slow client, and values that operators hold.
 *
 * Strategy: counts only, no values. Operators are opaque, so values that they hold are inferred: the source is asked
 * synchronously, and a value that causes no output during that call is held, or was filtered out.
 */

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

/** The fate of the values that pausable sources gave. */
export interface Ahead {
  /** How many were pulled. */
  readonly pulled: number
  /** For how many of them no value left the operators within the same call. */
  readonly silent: number
  /** How many values left the operators outside any such call: operators had held them. */
  readonly late: number
}

/** The events of a body. */
export type BodyEvent = { readonly type: 'drop' } & Drops | { readonly type: 'ahead' } & Ahead

/** How many held values the first event reports. */
const FIRST_TOLD = 16

/**
 * Counts the values that enter and leave the operators between a pausable source and its consumer. Values that
 * operators hold are invisible to the demand. An event is due whenever the number of values that may be held has
 * doubled.
 */
export class Tally {
  /** How many values left the operators. */
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

  /** A value left the operators. `isLate`: no source was giving one. */
  arrive(isLate: boolean): void {
    this.arrivals++
    if (isLate) this.late++
  }

  /** A value was given; `before` is {@link arrivals} from before that. Returns the event that is due; null: none. */
  given(before: number): Ahead | null {
    this.pulled++
    if (this.arrivals !== before) return null
    this.silent++
    if (this.silent - this.late < this.limit) return null
    this.limit *= 2
    return { pulled: this.pulled, silent: this.silent, late: this.late }
  }
}
