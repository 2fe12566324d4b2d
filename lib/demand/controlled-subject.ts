/**
 * A subject with backpressure: it signals when its sink has room for more.
 *
 * Strategy: values go straight into a sink, which holds the only queue; the subject compares the length of that queue
 * with two water marks. The demand contract: `ready$` emits how many bytes (or items) to write, first when it is
 * subscribed. At most one emission is unanswered; a write answers it, and the next emission comes when the sink has
 * drained to the low-water mark. A source that writes at most the demand, rounded up to whole values, fills the sink at
 * most to the high-water mark plus the rest of one value.
 *
 * A source may write within the emission. The next emission then comes from a loop and not from that write, so that the
 * stack does not grow. The Observables are made when they are first read: a subject that is only written to has none,
 * and its sink holds no callback.
 *
 * A source that keeps answering with empty chunks gets its next demand in a later turn of the event loop, so that it
 * cannot starve other connections.
 *
 * The subject refuses no value: a write above the high-water mark is passed on, and `write` returns false.
 */
import { AsyncSubject, type Observable, type Observer, Subject, type Subscriber, type TeardownLogic } from 'rxjs'
import { GuardedObservable, type Report } from '../application/guarded-observable.js'
import { libraryScheduler } from '../application/library-scheduler.js'
import { Reentry } from '../buffer/reentry.js'
import { chunkSize } from './chunk.js'
import { withConsumer, type Consumer } from './consumer.js'
import type { Ahead } from './tally.js'
import { settledMarks, type Marks, type WaterMarks } from './water-marks.js'

/** The destination of the values: a response body, a WebSocket, an array in a test. */
export interface ControlledSink<T> {
  /** How many bytes (or items) were accepted and not passed on yet. */
  readonly pending: number
  /** Takes the value. */
  write(value: T): void
  /** Takes the end. Pending values are still passed on. */
  complete(): void
  /** Aborts: the receiver must not take the values for complete. */
  error(error: unknown): void
  /**
   * Calls back once when at most `mark` bytes (or items) are pending: at once, if that is so now; never, if the sink
   * has ended. It replaces an earlier callback that still waits.
   */
  whenDrained(mark: number, callback: () => void): void
  /**
   * Sets who learns how the sink ends: after `complete` or `error`, or by itself. The subject calls it once, in its
   * constructor. A sink that cannot tell needs no `watch`.
   */
  watch?(watcher: SinkWatcher): void
  /**
   * Passes on as much as the receiver takes now, so that `pending` shows how slow the receiver is. Returns false where
   * the sink cannot tell yet how much was taken. A sink that passes values on by itself needs no `flush`.
   */
  flush?(): boolean
  /** Called when a value of that size was dropped before it reached the sink. */
  dropped?(size: number): void
  /** Called when operators between a pausable source and the sink seem to hold values. */
  ahead?(ahead: Ahead): void
  /** Receives the errors that subscribers of `ready$` and `closed$` throw. Without it they are rethrown, as by RxJS. */
  report?(error: unknown): void
}

/**
 * How the sink of a {@link ControlledSubject} ended: 'done' when all values were passed on, 'aborted' when some never
 * will be.
 */
export type SinkResult = 'done' | 'aborted'

/** Receives the end of a sink: the subject that writes to it. */
export interface SinkWatcher {
  /** The sink takes no more values, but has not ended yet. */
  closing(): void
  /** The sink has ended. Only the first call counts. */
  closed(result: SinkResult): void
}

/** How many demands in a row may be answered by empty values before other connections have their turn. */
const EMPTY_ANSWERS_PER_TURN = 1_000

/**
 * An observer with demand: `ready$` emits how much may be written next.
 *
 * @example
 * subject.ready$.subscribe(wanted => subject.next(read(wanted)))
 */
export class ControlledSubject<T> implements Observer<T>, Consumer, SinkWatcher {
  /** @internal */
  readonly marks: Marks
  private readonly sink: ControlledSink<T>
  /** The emission of `ready$` that no write has answered; 0 if there is none. */
  private demand: number
  /** How many demands in a row were answered by empty values. */
  private emptyAnswers: number
  /** Whether a callback waits at the sink or at the scheduler. */
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
    sink.watch?.(this)
  }

  /** Whether the subject was completed or aborted, or the sink has ended. Later writes are ignored. */
  get isClosed(): boolean {
    return this.hasEnded
  }

  /**
   * The demand, in bytes or items: more than 0, at most the high-water mark. All subscribers share one demand; a late
   * one gets the demand that is unanswered. It completes when the subject is closed, for whatever reason, and never
   * fails.
   */
  get ready$(): Observable<number> {
    this.demands ??= withConsumer(
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
    // After the write: a value that the sink refused with an exception has not answered the demand.
    this.demand = 0
    if (this.listeners !== null) this.answered(value)
    return !this.isClosed && this.sink.pending <= this.marks.highWaterMark
  }

  /**
   * {@link write} for a source that is subscribed: without its answer, and a value that the sink refuses with an
   * exception aborts. (RxJS would rethrow the exception in a later turn, which ends the process.)
   */
  next(value: T): void {
    try {
      this.write(value)
    } catch (error) {
      if (this.hasEnded) throw error
      this.error(error)
    }
  }

  /** Ends the values. Doing so again, or after the sink ended, does nothing. */
  complete(): void {
    if (this.end()) this.sink.complete()
  }

  /** Aborts: the receiver must not take the values for complete. */
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

  /** Tells the subject that the sink takes no more values: later writes are ignored, and {@link ready$} completes. */
  closing(): void {
    this.end()
  }

  /** Tells the subject how the sink ended. Only the sink or its owner calls it, and only the first call counts. */
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

  /** Emits demands as long as they are answered synchronously. */
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
