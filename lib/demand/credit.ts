/**
 * The unused part of a demand. Each value uses up its size; the last one may use up more than is left.
 *
 * Strategy: demands are not added up. A consumer has taken its pending values into account when it computes a demand,
 * so a new demand replaces the rest of the last one.
 */

/** A demand and its unused part. */
export class Credit {
  private granted: number
  private rest: number

  constructor() {
    this.granted = 0
    this.rest = 0
  }

  /** The demand: none where it is 0 or negative. */
  get left(): number {
    return this.rest
  }

  /** Whether no value was given since the last demand. */
  get isWhole(): boolean {
    return this.granted > 0 && this.rest === this.granted
  }

  /** Replaces the rest of the last demand by a new one. */
  grant(wanted: number): void {
    this.granted = wanted
    this.rest = wanted
  }

  /** Uses up the size of a value. */
  spend(size: number): void {
    this.rest -= size
  }
}
