/**
 * Pulls a source (an iterable, an async iterable, a web stream, a Readable of Node) as its taker has demand.
 *
 * Strategy: a value is requested only while there is demand, and only one at a time. RxJS's
 * `from(asyncIterable).pipe(concatMap(…))` would pull without bound: 5,000 values for 5 delivered. A source that has
 * completed, or whose `next` rejected, is over; any other is told to stop (`return`) when the taker is closed.
 */
import { attempt, isPromise, type ReportError } from '../thrown.js'
import type { Pullable } from './pullable.js'
import { SourceLoop } from './source-loop.js'
import type { Taker } from './taker.js'

/** Pulls value by value. */
export class Puller<T> extends SourceLoop<T> {
  private readonly source: Pullable<T>
  private readonly take: (result: IteratorResult<T, unknown>) => void
  private readonly fail: (error: unknown) => void
  private isOver: boolean

  /** `open` makes the source; it gets a function for errors that come after the source was told to stop. */
  constructor(makeTaker: (wake: () => void) => Taker<T>, open: (report: ReportError) => Pullable<T>) {
    super(makeTaker)
    this.source = open(error => { this.taker.reportLate(error) })
    this.take = this.takeLater.bind(this)
    this.fail = this.failLater.bind(this)
    this.isOver = false
  }

  /** Tells the source to stop, unless it is over. */
  stop(): void {
    if (this.isOver) return
    this.isOver = true
    attempt(() => this.source.return?.(), error => { this.taker.reportLate(error) })
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
