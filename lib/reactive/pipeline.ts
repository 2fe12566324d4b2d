/**
 * The Observable at the head of a pipeline that handles requests: `listen` and `requests$` return one.
 *
 * Strategy: in RxJS an operator that throws ends its pipeline, and nobody is left to answer the requests in it. So a
 * look-out is inserted after each operator: it passes an error to the owner of the pending requests before any other
 * subscriber receives it. An exception of the final consumer ends nothing.
 *
 * `retry` subscribes the same Observable again, at once or later. That can happen as long as the final consumer is
 * subscribed; once it has received the error or has unsubscribed, it cannot.
 */
import { Subscriber, type Observable, type Operator, type Subscription, type TeardownLogic } from 'rxjs'
import { GuardedObservable, type Report } from '../application/guarded-observable.js'

/** The owner of the requests or connections in a pipeline. */
export interface PipelineOwner {
  /** The final consumer threw, or has no error callback. */
  consumerFailed(...args: Parameters<Report>): void
  /** An operator emitted an error. */
  pipelineFailed(error: unknown): void
  /** The final consumer is gone. */
  consumerLeft(): void
}

/** An Observable that notifies its owner of its pipeline's errors and end. */
export class Pipeline<T> extends GuardedObservable<T> {
  private readonly owner: PipelineOwner

  constructor(subscribe: ((subscriber: Subscriber<T>) => TeardownLogic) | undefined, owner: PipelineOwner) {
    super(subscribe, (...failure) => { owner.consumerFailed(...failure) }, true)
    this.owner = owner
  }

  /* eslint-disable @typescript-eslint/no-deprecated -- the only way to make operators return this class */
  /** @internal As in {@link GuardedObservable}. */
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

/** Forwards an operator's notifications and passes its error to the owner first. */
class LookOut<T> extends Subscriber<T> {
  private readonly owner: PipelineOwner

  constructor(destination: Subscriber<T>, owner: PipelineOwner) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- how RxJS chains subscribers
    super(destination)
    this.owner = owner
  }

  protected override _error(error: unknown): void {
    this.owner.pipelineFailed(error)
    super._error(error)
  }
}
