/**
 * The loop of what can be pulled: iterables, async iterables, web streams, Readables of Node.
 *
 * Strategy: one value is asked for while something is wanted, never before, and never two at once. `mergeInternals` of
 * RxJS (behind `from(asyncIterable).pipe(concatMap(…))`) would pull without bound: 5,000 values for 5 delivered. A
 * source that gave its last value, or failed to give one, is over; any other is told to end when no more is wanted.
 */
import { isPromise, type ReportError } from '../application/discard.js'
import { onRejection } from '../errors.js'
import type { Pullable } from './pullable.js'
import { SourceLoop } from './source-loop.js'
import type { Taker } from './taker.js'

/** Pulls value by value. */
export class Puller<T> extends SourceLoop<T> {
  private readonly source: Pullable<T>
  private readonly take: (result: IteratorResult<T, unknown>) => void
  private readonly fail: (error: unknown) => void
  private isOver: boolean

  /** `open` makes the source; it is given what hears of errors that come after the source was told to end. */
  constructor(makeTaker: (wake: () => void) => Taker<T>, open: (report: ReportError) => Pullable<T>) {
    super(makeTaker)
    this.source = open(error => { this.taker.reportLate(error) })
    this.take = result => { this.takeLater(result) }
    this.fail = error => { this.failLater(error) }
    this.isOver = false
  }

  /** Asks for no more. */
  stop(): void {
    if (this.isOver) return
    this.isOver = true
    try {
      onRejection(this.source.return?.(), error => { this.taker.reportLate(error) })
    } catch (error) {
      this.taker.reportLate(error)
    }
  }

  protected override step(): boolean {
    const result = this.source.next()
    if (!isPromise(result)) {
      this.accept(result)
      return true
    }
    result.then(this.take, this.fail)
    return false
  }

  protected override failed(error: unknown): void {
    this.stop()
    super.failed(error)
  }

  private takeLater(result: IteratorResult<T, unknown>): void {
    if (this.isOver) return
    try {
      this.accept(result)
    } catch (error) {
      this.failed(error)
    }
    this.stepped()
  }

  private failLater(error: unknown): void {
    if (this.isOver) return this.taker.reportLate(error)
    this.isOver = true
    this.taker.error(error)
  }

  private accept(result: IteratorResult<T, unknown>): void {
    if (result.done === true) {
      this.isOver = true
      this.taker.complete()
    } else this.taker.next(result.value)
  }
}
