/**
 * The pending flushes of an output queue, in their order.
 *
 * Strategy: a flush waits for a position in the stream of bytes, so the queue of bytes need not know of flushes: after
 * each write it tells how many bytes were shifted in all, and the flushes up to there are called back.
 */

/**
 * The fate of the bytes before a flush: all of them were shifted, or the queue was drained and they never will be.
 */
export type FlushResult = 'written' | 'closed'

/** Called once with the result of a flush. */
export type FlushCallback = (result: FlushResult) => void | PromiseLike<void>

/** A flush that waits until `position` bytes were shifted, counted from the queue's first. */
class Flush {
  readonly position: number
  readonly callback: FlushCallback
  next: Flush | null

  constructor(position: number, callback: FlushCallback) {
    this.position = position
    this.callback = callback
    this.next = null
  }
}

/**
 * A first-in, first-out list of flushes: linked, so that any number of them can be added and called in linear time.
 */
export class FlushQueue {
  private first: Flush | null
  private last: Flush | null

  constructor() {
    this.first = null
    this.last = null
  }

  /**
   * Adds a flush that waits until `position` bytes were shifted. Positions never decrease from one call to the next.
   */
  add(position: number, callback: FlushCallback): void {
    const flush = new Flush(position, callback)
    if (this.last === null) this.first = flush
    else this.last.next = flush
    this.last = flush
  }

  /**
   * Calls back the flushes that wait for no more than `shifted` bytes, with 'written'; and all others with 'closed',
   * if `isDrained`. Each leaves the list before its call, so that the callback may add flushes and call this method.
   */
  call(shifted: number, isDrained: boolean): void {
    for (let flush = this.first; flush !== null; flush = this.first) {
      const isWritten = flush.position <= shifted
      if (!isWritten && !isDrained) return
      this.first = flush.next
      if (flush.next === null) this.last = null
      flush.callback(isWritten ? 'written' : 'closed')
    }
  }
}
