/**
 * The requests of one connection as an Observable, handled or merely watched by its subscribers.
 *
 * Strategy: on a server without a handler, the subscribers handle the requests, and the connection closes when none is
 * left. After a pipeline has failed, the close is delayed, because `retry` may subscribe again; a request that arrives
 * in the meantime waits for that. There is one request at a time.
 */
import { Subject, type Observable, type Observer, type Subscriber, type TeardownLogic } from 'rxjs'
import { currentContext } from '../application/context.js'
import { Pipeline, type PipelineOwner } from './pipeline.js'
import { Reqd } from './streamed-reqd.js'

/** The connection, as its pipeline uses it. */
export interface PipelinedConnection {
  /** Starts reading. */
  start(): void
  /** No subscriber is left to handle requests. */
  unhandled(): void
  report(error: unknown): void
}

/** The requests of one connection and the state of the pipeline that handles them. */
export class RequestPipeline implements PipelineOwner {
  private readonly connection: PipelinedConnection
  /** Runs the task after the input that has arrived by now was read. */
  private readonly afterRead: (task: () => void) => void
  private readonly requests: Subject<Reqd>
  /** The request that a pipeline handles; null if there is none, or if the server's handler handles it. */
  private handled: Reqd | null
  /** Emits {@link handled} to the next pipeline; null unless it arrived without a subscriber. */
  private giveHandled: (() => void) | null
  /** Which pipeline failed and may be resubscribed: that of this connection (`own`), or that of its server. */
  private failing: 'none' | 'own' | 'server'
  /** The error of the pipeline that a request was answered with; null before. */
  private failure: unknown

  constructor(connection: PipelinedConnection, afterRead: (task: () => void) => void) {
    this.connection = connection
    this.afterRead = afterRead
    this.requests = new Subject()
    this.handled = null
    this.giveHandled = null
    this.failing = 'none'
    this.failure = null
  }

  get requests$(): Observable<Reqd> {
    return new Pipeline<Reqd>(subscriber => this.subscribe(subscriber), this)
  }

  /** Whether there is a subscriber. */
  get isObserved(): boolean {
    return this.requests.observed
  }

  /** Emits a request that the server's handler handles. */
  show(reqd: Reqd): void {
    this.requests.next(reqd)
  }

  /** Emits a request to the pipeline that is to handle it, or keeps it for the next one. */
  handle(reqd: Reqd): void {
    const { requests } = this
    this.handled = reqd
    if (requests.observed) return emitRequest(requests, reqd)
    const context = currentContext()
    const give = (): void => { context.runInAsyncScope(() => { emitRequest(requests, reqd) }) }
    this.giveHandled = give
  }

  /** The exchange is over. */
  ended(): void {
    this.handled = null
    this.giveHandled = null
  }

  /** The connection is over. */
  complete(): void {
    this.requests.complete()
  }

  consumerFailed(error: unknown, _kind: string, value?: unknown): void {
    const reqd = requestOf(value)
    if (reqd !== null && reqd === this.handled) reqd.reportExn(error)
    else if (error !== this.failure) this.connection.report(error)
  }

  pipelineFailed(error: unknown): void {
    if (this.failHandled(error)) this.failure = error
    if (this.failing === 'none') this.failing = 'own'
    this.afterRead(() => { this.consumerLeft() })
  }

  consumerLeft(): void {
    if (this.failing === 'own') this.settle()
  }

  /**
   * The pipeline of the whole server failed: another may take over until {@link release}. Returns whether a request was
   * answered with the error.
   */
  hold(error: unknown): boolean {
    this.failing = 'server'
    return this.failHandled(error)
  }

  /** The server no longer waits for another pipeline. */
  release(): void {
    if (this.failing === 'server') this.settle()
  }

  private subscribe(subscriber: Subscriber<Reqd>): TeardownLogic {
    const subscription = this.requests.subscribe(subscriber)
    const give = this.giveHandled
    this.giveHandled = null
    this.failing = 'none'
    this.failure = null
    this.connection.start()
    give?.()
    return () => {
      subscription.unsubscribe()
      if (this.failing === 'none') this.settle()
    }
  }

  private settle(): void {
    this.failing = 'none'
    if (!this.requests.observed) this.connection.unhandled()
  }

  /**
   * Fails the request in the failed pipeline, and returns whether there is one. A request that no pipeline has received
   * yet is kept.
   */
  private failHandled(error: unknown): boolean {
    if (this.handled?.isWaiting !== true || this.giveHandled !== null) return false
    this.handled.reportExn(error)
    return true
  }
}

/** The request that is being emitted; null if none is. */
let emitted: Reqd | null = null

/** Emits a request to the pipeline that handles it. */
function emitRequest(requests: Observer<Reqd>, reqd: Reqd): void {
  emitted = reqd
  requests.next(reqd)
  emitted = null
}

/**
 * Returns the unanswered request that a throwing consumer was handling; null if there is none. `value` may be derived
 * from the request (a mapped string): then it is the request being emitted.
 */
export function requestOf(value: unknown): Reqd | null {
  const reqd = value instanceof Reqd ? value : emitted
  return reqd?.isWaiting === true ? reqd : null
}
