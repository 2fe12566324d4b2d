/**
 * The bound on values that are written without demand.
 *
 * Strategy: a source that respects the demand does not write above the high-water mark, except for the rest of one
 * answer. So only bytes written above the mark count, as long as they are pending.
 */

/** How many bytes (or items) written above the high-water mark may be pending. */
const LIMIT = 1024 * 1024

/** Counts what was written above a high-water mark; its pending part is at the end of the queue. */
export class Excess {
  private written: number

  constructor() {
    this.written = 0
  }

  /**
   * Counts a value that is written while `pending` bytes wait. Returns false, and does not count the value, where that
   * exceeds the bound.
   */
  takes(size: number, pending: number, highWaterMark: number): boolean {
    if (pending <= highWaterMark) return true
    const waiting = Math.min(this.written, pending) + size
    if (waiting > LIMIT) return false
    this.written = waiting
    return true
  }
}
