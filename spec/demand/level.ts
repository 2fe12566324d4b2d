/**
 * A queue of which only the length matters.
 */
import type { Drained } from '../../lib/demand/water-marks.js'

/** A queue of a number. */
export class Level implements Drained {
  pending = 0
  private wait: { mark: number; callback: () => void } | null = null

  whenDrained(mark: number, callback: () => void): void {
    this.wait = { mark, callback }
  }

  /** Removes a number of bytes. */
  drain(count: number): void {
    this.pending -= count
    const { wait } = this
    if (wait === null || this.pending > wait.mark) return
    this.wait = null
    wait.callback()
  }
}
