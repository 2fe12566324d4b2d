/**
 * The requests of one connection as an Observable: those that a pipeline handles, or that are watched.
 *
 * Strategy: where no handler of a server does, whoever subscribes handles the requests, and the connection ends when
 * nobody is left. When a pipeline fails, that waits: `retry` may take the connection over. A request that comes
 * meanwhile waits for it; there is one at a time.
 */
import { Subject, type Observable, type Observer, type Subscriber, type TeardownLogic } from 'rxjs'
import { currentContext } from '../application/context.js'
import { Pipeline, type PipelineOwner } from './pipeline.js'
import { Reqd } from './streamed-reqd.js'

/** What the pipeline needs of its connection. */
export interface PipelinedConnection {
  /** Starts reading. */
  start(): void
  /** Nobody handles the requests any more. */
  unhandled(): void
  report(error: unknown): void
}

/** The requests of one connection, and who takes them. */
export class RequestPipeline implements PipelineOwner {
  private readonly connection: PipelinedConnection
  /** Runs the task once what the transports have by now was read. */
  private readonly afterRead: (task: () => void) => void
  private readonly requests: Subject<Reqd>
  /** The request that a pipeline handles; null where there is none, and where a handler of the server does. */
  private handled: Reqd | null
  /** Gives {@link handled} to the next pipeline: nobody was there. */
  private giveHandled: (() => void) | null
  /** Which pipeline failed, so that another may take over: that of this connection, or that of its whole server. */
  private failing: 'none' | 'own' | 'server'

  constructor(connection: PipelinedConnection, afterRead: (task: () => void) => void) {
    this.connection = connection
    this.afterRead = afterRead
    this.requests = new Subject()
    this.handled = null
    this.giveHandled = null
    this.failing = 'none'
  }

  get requests$(): Observable<Reqd> {
    return new Pipeline<Reqd>(subscriber => this.subscribe(subscriber), this)
  }

  /** Whether somebody takes the requests. */
  get isObserved(): boolean {
    return this.requests.observed
  }

  /** Shows a request that somebody else handles. */
  show(reqd: Reqd): void {
    this.requests.next(reqd)
  }

  /** Gives a request to the pipeline, or to the next one. */
  handle(reqd: Reqd): void {
    const { requests } = this
    this.handled = reqd
    if (requests.observed) return emitRequest(requests, reqd)
    const context = currentContext()
    this.giveHandled = () => { context.runInAsyncScope(() => { emitRequest(requests, reqd) }) }
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
    if (reqd === null || reqd !== this.handled) this.connection.report(error)
    else reqd.reportExn(error)
  }

  pipelineFailed(error: unknown): void {
    this.failHandled(error)
    if (this.failing === 'none') this.failing = 'own'
    this.afterRead(() => { this.consumerLeft() })
  }

  consumerLeft(): void {
    if (this.failing === 'own') this.settle()
  }

  /** The pipeline of the whole server failed: until {@link release}, another one may take over. */
  hold(error: unknown): void {
    this.failHandled(error)
    this.failing = 'server'
  }

  /** The server waits for no other pipeline. */
  release(): void {
    if (this.failing === 'server') this.settle()
  }

  private subscribe(subscriber: Subscriber<Reqd>): TeardownLogic {
    const subscription = this.requests.subscribe(subscriber)
    const give = this.giveHandled
    this.giveHandled = null
    this.failing = 'none'
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

  /** A request that no pipeline has taken yet failed in none. */
  private failHandled(error: unknown): void {
    if (this.handled?.isWaiting === true && this.giveHandled === null) this.handled.reportExn(error)
  }
}

/** The request that is being emitted; null where none is. */
let emitted: Reqd | null = null

/** Emits a request to the pipeline that handles it. */
function emitRequest(requests: Observer<Reqd>, reqd: Reqd): void {
  emitted = reqd
  requests.next(reqd)
  emitted = null
}

/** The request that waits, and that a consumer threw at; null where there is none. It may be made of it: a string. */
export function requestOf(value: unknown): Reqd | null {
  const reqd = value instanceof Reqd ? value : emitted
  return reqd?.isWaiting === true ? reqd : null
}
