/**
 * What is left of a demand: each value costs its size, and the last may cost more than is left.
 *
 * Strategy: demands are not added up. Whoever says what is wanted counts what it has already, so each new demand takes
 * the place of what was left of the last one.
 */

/** A demand, and what was spent of it. */
export class Credit {
  private granted: number
  private rest: number

  constructor() {
    this.granted = 0
    this.rest = 0
  }

  /** How much is wanted: nothing where it is not more than 0. */
  get left(): number {
    return this.rest
  }

  /** Whether nothing was spent since the last demand. */
  get isWhole(): boolean {
    return this.granted > 0 && this.rest === this.granted
  }

  /** Takes a demand in place of what is left. */
  grant(wanted: number): void {
    this.granted = wanted
    this.rest = wanted
  }

  /** Answers it by a value of that size. */
  spend(size: number): void {
    this.rest -= size
  }
}
