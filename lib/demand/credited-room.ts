/**
 * The room in a queue for values of one source, as its `ready$` would tell it, without an Observable.
 *
 * Strategy: the credit is the room below the high-water mark; a value uses up its own size, whatever its framing adds
 * to the queue. There is a new credit after each value that leaves at most the low-water mark pending; else when the
 * queue has drained to that mark. Until then, the rest of the last credit holds.
 */
import { Credit } from './credit.js'
import type { Drained, Marks } from './water-marks.js'

/** The demand of a queue, counted by the sizes of values. */
export class CreditedRoom {
  private readonly queue: Drained
  private readonly marks: Marks
  private readonly drained: () => void
  private readonly credit: Credit
  private isWaiting: boolean

  /** `drained` is called when there is a new credit after one that was used up, or because the queue has drained. */
  constructor(queue: Drained, marks: Marks, drained: () => void) {
    this.queue = queue
    this.marks = marks
    this.drained = drained
    this.credit = new Credit()
    this.isWaiting = false
  }

  /** The demand: none where it is 0 or negative. */
  get wanted(): number {
    return this.credit.left
  }

  /** Charges a value of that size, before it is written. */
  spend(size: number): void {
    this.credit.spend(size)
  }

  /** Grants a new credit, at once or when the queue has drained. Call it at the start and after each write. */
  refill(): void {
    if (this.isWaiting) return
    const { queue, marks, credit } = this
    if (queue.pending > marks.lowWaterMark) return this.wait()
    const isUsedUp = credit.left <= 0
    this.grant()
    if (isUsedUp) this.drained()
  }

  private wait(): void {
    this.isWaiting = true
    this.queue.whenDrained(this.marks.lowWaterMark, () => {
      this.isWaiting = false
      this.grant()
      this.drained()
    })
  }

  private grant(): void {
    this.credit.grant(this.marks.highWaterMark - this.queue.pending)
  }
}
