/**
 * Counts the values that operators between pausable sources and their consumer hold.
 *
 * Strategy: counts only, no values. Operators are opaque, so what they hold is inferred: a source gives a value within
 * a call, and a value that causes no output during that call is held, or was filtered out. The demand does not show
 * such values, so an event reports them whenever the number of those that may be held has doubled.
 */

/** The fate of the values that pausable sources gave. */
export interface Ahead {
  /** How many were pulled. */
  readonly pulled: number
  /** For how many of them no value left the operators within the same call. */
  readonly silent: number
  /** How many values left the operators outside any such call: operators had held them. */
  readonly late: number
}

/** How many held values the first event reports. */
const FIRST_TOLD = 16

/** The counts of one consumer. */
export class Tally {
  /** How many sources are giving now. */
  private giving: number
  /** How many values left the operators. */
  private arrivals: number
  private pulled: number
  private silent: number
  private late: number
  private limit: number

  constructor() {
    this.giving = 0
    this.arrivals = 0
    this.pulled = 0
    this.silent = 0
    this.late = 0
    this.limit = FIRST_TOLD
  }

  /** Whether a source is giving a value, or its end. */
  get isGiving(): boolean {
    return this.giving > 0
  }

  /** A source begins to give. Returns how many values had left the operators before. */
  enter(): number {
    this.giving++
    return this.arrivals
  }

  /** A value left the operators. */
  arrive(): void {
    this.arrivals++
    if (this.giving === 0) this.late++
  }

  /**
   * The source has given: a value (`before` is the result of {@link enter}), or an end (-1). Returns the event that is
   * due; null: none.
   */
  leave(before: number): Ahead | null {
    this.giving--
    if (before < 0) return null
    this.pulled++
    if (this.arrivals !== before) return null
    this.silent++
    if (this.silent - this.late < this.limit) return null
    this.limit *= 2
    return { pulled: this.pulled, silent: this.silent, late: this.late }
  }
}
