/**
 * The bound on what is written without regard to the demand.
 *
 * Strategy: a source that keeps to its demand never writes while more than the high-water mark waits, but for the rest
 * of an answer. So only what is written above the mark is counted, as long as it waits.
 */

/** How many bytes, or items, may wait of what was written while more than the high-water mark waited. */
const LIMIT = 1024 * 1024

/** What was written above a high-water mark; the part of it that waits is the last in the queue. */
export class Excess {
  private written: number

  constructor() {
    this.written = 0
  }

  /** Counts a value that is written while `pending` waits. Returns false where it is too much, and then counts none. */
  takes(size: number, pending: number, highWaterMark: number): boolean {
    if (pending <= highWaterMark) return true
    const waiting = Math.min(this.written, pending) + size
    if (waiting > LIMIT) return false
    this.written = waiting
    return true
  }
}
