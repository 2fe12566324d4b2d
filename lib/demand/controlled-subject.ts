/**
 * A subject that says when it wants more.
 *
 * Strategy: values go straight into a sink, which alone holds what waits; this object only compares how much that is
 * with two marks. The demand contract: `ready$` emits how much is wanted, first when it is subscribed; at most one
 * emission is unanswered; a write answers it; the next one comes when the sink has drained to the low-water mark. A
 * source that writes at most what was asked for, plus the end of its last value, keeps the sink at the high-water
 * mark plus that end.
 *
 * A source may answer inside the emission. Its write then wants the next emission, which a loop makes and not the
 * write, so that the stack does not grow. Nothing here is made before somebody asks for it: a subject that is only
 * written to holds no Observable, and its sink has no callback.
 *
 * A source that answers with nothing (empty text or bytes), again and again, is asked on after others had their turn.
 *
 * It does not refuse: a write above the mark is passed on, and `write` says so.
 */
import { AsyncSubject, type Observable, type Observer, Subject, type Subscriber, type TeardownLogic } from 'rxjs'
import { GuardedObservable, type Report } from '../application/guarded-observable.js'
import { libraryScheduler } from '../application/library-scheduler.js'
import { Reentry } from '../buffer/reentry.js'
import { chunkSize } from './chunk.js'
import { demandOf, type Demanding } from './demanding.js'
import type { Ahead } from './drops.js'
import { settledMarks, type Marks, type WaterMarks } from './water-marks.js'

/** Where values go: a response body, a WebSocket, an array of a test. */
export interface ControlledSink<T> {
  /** How much was accepted and not passed on yet: bytes, or items. */
  readonly pending: number
  /** Takes the value. */
  write(value: T): void
  /** Takes the end. What is pending is still passed on; a sink that knows when, and whether, it was calls `ended`. */
  complete(ended?: (result: SinkResult) => void): void
  /** Cuts: what was written must not look complete. */
  error(error: unknown): void
  /**
   * Calls back once when at most `mark` is pending: at once, if that is so now; never, if the sink ended. An earlier
   * callback that still waits is forgotten.
   */
  whenDrained(mark: number, callback: () => void): void
  /**
   * Passes on at once what can be, so that what is still pending says how slow the other side is. Returns false where
   * that cannot be said yet. Sinks that pass on by themselves need none.
   */
  flush?(): boolean
  /** Hears that a value of that size was dropped before it came here. */
  dropped?(size: number): void
  /** Hears that operators between a source that can wait and here may hold values. */
  ahead?(ahead: Ahead): void
  /** Hears of what subscribers of `ready$` and `closed$` throw. Unless there is this, it is rethrown, as by RxJS. */
  report?(error: unknown): void
}

/** How the sink of a {@link ControlledSubject} ended: all was passed on, or the rest never will be. */
export type SinkResult = 'done' | 'aborted'

/** How many demands may be answered by nothing before others have their turn. */
const EMPTY_ANSWERS_PER_TURN = 1_000

/**
 * An observer with demand: write to it, and `ready$` tells how much more is wanted.
 *
 * @example
 * subject.ready$.subscribe(wanted => subject.next(read(wanted)))
 */
export class ControlledSubject<T> implements Observer<T>, Demanding {
  /** @internal */
  readonly marks: Marks
  private readonly sink: ControlledSink<T>
  /** The emission of `ready$` that no write has answered; 0 if there is none. */
  private demand: number
  /** How many demands in a row were answered by nothing. */
  private emptyAnswers: number
  /** Whether the sink, or a scheduler, has our callback. */
  private isWaiting: boolean
  private readonly emission: Reentry
  private hasEnded: boolean
  private result: SinkResult | null
  private listeners: Subject<number> | null
  private demands: Observable<number> | null
  private ending: AsyncSubject<SinkResult> | null

  /** @throws {@link LocalProtocolError} badRange: not 0 <= lowWaterMark < highWaterMark */
  constructor(sink: ControlledSink<T>, marks?: WaterMarks) {
    this.marks = settledMarks(marks)
    this.sink = sink
    this.demand = 0
    this.emptyAnswers = 0
    this.isWaiting = false
    this.emission = new Reentry()
    this.hasEnded = false
    this.result = null
    this.listeners = null
    this.demands = null
    this.ending = null
  }

  /** Whether the end was reached on either side. What is written then is ignored. */
  get isClosed(): boolean {
    return this.hasEnded
  }

  /**
   * How much is wanted: more than 0, at most the high-water mark. It is shared by all who subscribe; a late one sees
   * the demand that is unanswered. It completes at the end, however that comes, and never fails.
   */
  get ready$(): Observable<number> {
    this.demands ??= demandOf(
      new GuardedObservable<number>(subscriber => this.listen(subscriber), this.report), this,
    )
    return this.demands
  }

  /** @internal */
  get pending(): number {
    return this.sink.pending
  }

  /** How the sink ended: one value, replayed, and the completion. */
  get closed$(): Observable<SinkResult> {
    this.ending ??= endingOf(this.result)
    return GuardedObservable.from(this.ending, this.report)
  }

  /**
   * Passes the value to the sink and answers the demand. Returns whether more may be written now: false means that
   * more than the high-water mark is pending, or that the end was reached and the value was ignored.
   */
  write(value: T): boolean {
    if (this.hasEnded) return false
    this.sink.write(value)
    // After the write: one that the sink threw at has answered nothing.
    this.demand = 0
    if (this.listeners !== null) this.answered(value)
    return !this.isClosed && this.sink.pending <= this.marks.highWaterMark
  }

  /** {@link write} without its answer. */
  next(value: T): void {
    this.write(value)
  }

  /** Ends the values. Doing so again, or after the sink ended, does nothing. */
  complete(): void {
    if (this.end()) this.sink.complete(result => { this.closed(result) })
  }

  /** Cuts: the sink's other side must not take what was written for complete. */
  error(error: unknown): void {
    if (this.end()) this.sink.error(error)
  }

  /** @internal */
  flush(): boolean {
    return this.hasEnded || (this.sink.flush?.() ?? true)
  }

  /** @internal */
  dropped(size: number): void {
    this.sink.dropped?.(size)
  }

  /** @internal */
  ahead(ahead: Ahead): void {
    this.sink.ahead?.(ahead)
  }

  /** @internal */
  reportLate(error: unknown): void {
    this.sink.report?.(error)
  }

  /** Says how the sink ended. It is for the sink's owner to call; only the first call counts. */
  closed(result: SinkResult): void {
    if (this.result !== null) return
    this.result = result
    this.end()
    this.ending?.next(result)
    this.ending?.complete()
  }

  private get report(): Report {
    return error => {
      if (this.sink.report === undefined) throw error
      this.sink.report(error)
    }
  }

  private end(): boolean {
    if (this.hasEnded) return false
    this.hasEnded = true
    this.demand = 0
    this.listeners?.complete()
    this.listeners = null
    return true
  }

  private listen(subscriber: Subscriber<number>): TeardownLogic {
    if (this.hasEnded) {
      subscriber.complete()
      return
    }
    this.listeners ??= new Subject()
    subscriber.add(this.listeners.subscribe(subscriber))
    if (this.demand > 0) subscriber.next(this.demand)
    else this.emitDemands()
  }

  private answered(value: T): void {
    if (chunkSize(value) > 0) this.emptyAnswers = 0
    else this.emptyAnswers++
    this.emitDemands()
  }

  /** Emits demands as long as they are answered at once. */
  private emitDemands(): void {
    if (!this.emission.enter()) return
    while (this.mayEmit()) {
      this.demand = this.marks.highWaterMark - this.sink.pending
      this.listeners?.next(this.demand)
    }
    this.emission.leave()
  }

  private mayEmit(): boolean {
    if (this.demand > 0 || this.isWaiting || this.listeners?.observed !== true) return false
    if (this.emptyAnswers >= EMPTY_ANSWERS_PER_TURN) return this.rest()
    if (this.sink.pending <= this.marks.lowWaterMark) return true
    this.isWaiting = true
    this.sink.whenDrained(this.marks.lowWaterMark, () => this.drained())
    return false
  }

  private rest(): false {
    this.emptyAnswers = 0
    this.isWaiting = true
    libraryScheduler.schedule(() => this.drained())
    return false
  }

  private drained(): void {
    this.isWaiting = false
    this.emitDemands()
  }
}

function endingOf(result: SinkResult | null): AsyncSubject<SinkResult> {
  const ending = new AsyncSubject<SinkResult>()
  if (result === null) return ending
  ending.next(result)
  ending.complete()
  return ending
}
