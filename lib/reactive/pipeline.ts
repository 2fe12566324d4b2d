/**
 * The start of a pipeline that handles requests: what `listen` and `requests$` give.
 *
 * Strategy: an operator that throws ends its pipeline, in RxJS, and whoever handled requests in it is gone. So each
 * operator on such an Observable has a look-out behind it: an error that passes is told, before anything else hears of
 * it, to whom the requests belong that wait for an answer. What the consumer at the end throws ends nothing.
 *
 * `retry` subscribes the same Observable again, at once or later. As long as the consumer at the end is there, somebody
 * may; once that has its error, or has left, nobody will.
 */
import { Subscriber, type Observable, type Operator, type Subscription, type TeardownLogic } from 'rxjs'
import { GuardedObservable, type Report } from '../application/guarded-observable.js'

/** Whose requests, or connections, go through a pipeline. */
export interface PipelineOwner {
  /** The consumer at the end threw, or has no way to be told of an error. */
  consumerFailed(...args: Parameters<Report>): void
  /** An error passes through the pipeline. */
  pipelineFailed(error: unknown): void
  /** The consumer at the end of a pipeline is gone. */
  consumerLeft(): void
}

/** An Observable whose pipeline tells of its errors and of its end. */
export class Pipeline<T> extends GuardedObservable<T> {
  private readonly owner: PipelineOwner

  constructor(subscribe: ((subscriber: Subscriber<T>) => TeardownLogic) | undefined, owner: PipelineOwner) {
    super(subscribe, (...failure) => { owner.consumerFailed(...failure) }, true)
    this.owner = owner
  }

  /* eslint-disable @typescript-eslint/no-deprecated -- the one way for operators to give another of the same kind */
  /** @internal As that of a {@link GuardedObservable}. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new Pipeline<R>(undefined, this.owner)
    lifted.source = this
    lifted.operator = operator && {
      call: (subscriber: Subscriber<R>, source: unknown) =>
        operator.call(new LookOut(subscriber, this.owner), source),
    }
    return lifted
  }
  /* eslint-enable @typescript-eslint/no-deprecated */

  protected override consumedBy(subscription: Subscription): Subscription {
    subscription.add(() => { this.owner.consumerLeft() })
    return subscription
  }
}

/** Passes on what an operator emits, and tells of its error. */
class LookOut<T> extends Subscriber<T> {
  private readonly owner: PipelineOwner

  constructor(destination: Subscriber<T>, owner: PipelineOwner) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what operators give to the one behind them
    super(destination)
    this.owner = owner
  }

  protected override _error(error: unknown): void {
    this.owner.pipelineFailed(error)
    super._error(error)
  }
}
