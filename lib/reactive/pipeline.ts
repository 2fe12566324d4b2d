/**
 * The start of a pipeline that handles requests: what `listen` and `requests$` give.
 *
 * Strategy: an operator that throws ends its pipeline, in RxJS, and whoever handled requests in it is gone. So each
 * operator on such an Observable has a look-out behind it: an error that passes is told, before anything else hears of
 * it, to whom the requests belong that wait for an answer. What the consumer at the end throws ends nothing.
 */
import { Subscriber, type Observable, type Observer, type Operator, type TeardownLogic } from 'rxjs'
import { GuardedObservable, type Report } from './guarded.js'
import { Reqd } from './reqd.js'

/** Hears of the errors that pass through a pipeline. */
export type Failed = (error: unknown) => void

/** An Observable whose pipeline tells of its errors. */
export class Pipeline<T> extends GuardedObservable<T> {
  private readonly failed: Failed

  constructor(
    subscribe: ((subscriber: Subscriber<T>) => TeardownLogic) | undefined, report: Report, failed: Failed,
  ) {
    super(subscribe, report, true)
    this.failed = failed
  }

  /* eslint-disable @typescript-eslint/no-deprecated -- the one way for operators to give another of the same kind */
  /** @internal As that of a {@link GuardedObservable}. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new Pipeline<R>(undefined, this.report, this.failed)
    lifted.source = this
    lifted.operator = operator && {
      call: (subscriber: Subscriber<R>, source: unknown) =>
        operator.call(new LookOut(subscriber, this.failed), source),
    }
    return lifted
  }
  /* eslint-enable @typescript-eslint/no-deprecated */
}

/** Passes on what an operator emits, and tells of its error. */
class LookOut<T> extends Subscriber<T> {
  private readonly failed: Failed

  constructor(destination: Subscriber<T>, failed: Failed) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what operators give to the one behind them
    super(destination)
    this.failed = failed
  }

  protected override _error(error: unknown): void {
    this.failed(error)
    super._error(error)
  }
}

/** The request that is being emitted; null where none is. */
let emitted: Reqd | null = null

/** Emits a request to the pipeline that handles it. */
export function emitRequest(requests: Observer<Reqd> | null, reqd: Reqd): void {
  emitted = reqd
  requests?.next(reqd)
  emitted = null
}

/** The request that waits, and that a consumer threw at; null where there is none. It may be made of it: a string. */
export function requestOf(value: unknown): Reqd | null {
  const reqd = value instanceof Reqd ? value : emitted
  return reqd?.isWaiting === true ? reqd : null
}

/** Who hears of errors that are no request's. */
interface Reporter {
  report(error: unknown): void
}

/** A consumer threw at a value: the answer to its request, if that is the one `handled`; else it is reported. */
export function failRequest(reporter: Reporter, error: unknown, value: unknown, handled: Reqd | null): void {
  const reqd = requestOf(value)
  if (reqd === null || reqd !== handled) reporter.report(error)
  else reqd.reportExn(error)
}
