/**
 * The part of a request descriptor that concerns the source of its response: its subscription, and what it uses of the
 * connection.
 *
 * Strategy: tasks for the source run in the asynchronous context in which it was subscribed, so that AsyncLocalStorage
 * holds there; all else is passed to the connection.
 */
import { currentContext, type Context } from '../application/context.js'
import { endSubscription } from '../application/discard.js'
import type { ExchangeResult } from '../connection/reqd.js'
import type { Clock } from '../runtime/clock.js'
import { ReqdFacts, type ConnectionFacts } from './reqd-facts.js'
import type { FedConnection, Feeding } from './response-body/feed.js'

/** The connection, as the source of a response uses it. */
export interface FeedingOwner extends Omit<FedConnection, 'runFed'>, ConnectionFacts {
  /** Offers pending output to the transport. Returns false if the transport cannot say yet what it took. */
  offerOutput(): boolean
}

/** The request descriptor, as the source of the response uses it. */
export abstract class FedReqd extends ReqdFacts {
  /** @internal */
  protected abstract override readonly owner: FeedingOwner
  /** @internal How the exchange ended; null before. */
  protected abstract result: ExchangeResult | null
  /** @internal The subscription to the source of the response, until the exchange is over. */
  protected feeding: Feeding | null = null
  /** The context in which the source of the response runs. */
  private feedingContext: Context | null = null

  /** @internal Reports an error that does not affect the connection. */
  abstract reportLate(error: unknown): void

  /** @internal */
  offerOutput(): boolean {
    return this.owner.offerOutput()
  }

  /** @internal */
  get isKeepingUp(): boolean {
    return this.owner.isKeepingUp
  }

  /** @internal Runs the task after other connections have had their turn. */
  later(task: () => void): void {
    this.owner.later(task)
  }

  /** @internal */
  get clock(): Clock {
    return this.owner.clock
  }

  /** @internal Runs the task when the connection is asked to close, at once if it was already. */
  whenClosing(task: () => void): () => void {
    return this.owner.whenClosing(() => { this.runFed(task) })
  }

  /** @internal Runs the task in the context of the response's source. */
  runFed(task: () => void): void {
    if (this.feedingContext === null) task()
    else this.feedingContext.runInAsyncScope(task)
  }

  /** @internal Cuts the connection. */
  cut(): void {
    this.owner.cut()
  }

  /** @internal Registers the response's source, which is unsubscribed when the client leaves. */
  feedBy(feeding: Feeding): void {
    if (this.result === null) {
      this.feeding = feeding
      this.feedingContext = currentContext()
    } else if (this.result === 'aborted') {
      feeding.unsubscribe()
    }
  }

  /** Unsubscribes the source. */
  protected stopFeeding(): void {
    const { feeding } = this
    if (feeding === null) return
    this.runFed(() => { endSubscription(feeding, error => { this.reportLate(error) }) })
  }
}
