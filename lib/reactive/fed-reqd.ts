/**
 * What a request descriptor is to the source of its response: the connection, and the context of the request.
 */
import type { Context } from '../application/context.js'
import type { Clock } from '../runtime/clock.js'
import { ReqdFacts, type ConnectionFacts } from './reqd-facts.js'
import type { FedConnection } from './response-body/feed.js'

/** What the source of a response needs of the connection, and of its request descriptor. */
export interface FeedingOwner extends Omit<FedConnection, 'runFed'>, ConnectionFacts {
  /** Offers the transport what waits. Returns false where that cannot say yet what it took. */
  offerOutput(): boolean
}

/** The part of a request descriptor that the source of the response sees. */
export abstract class FedReqd extends ReqdFacts {
  /** @internal */
  protected abstract override readonly owner: FeedingOwner
  /** @internal Where the source of the response runs. */
  protected feedingContext: Context | null = null

  /** @internal */
  offerOutput(): boolean {
    return this.owner.offerOutput()
  }

  /** @internal */
  get isKeepingUp(): boolean {
    return this.owner.isKeepingUp
  }

  /** @internal Runs the task after other connections had their turn. */
  later(task: () => void): void {
    this.owner.later(task)
  }

  /** @internal */
  get clock(): Clock {
    return this.owner.clock
  }

  /** @internal Runs the task when the connection is asked to close: at once where it was. */
  whenClosing(task: () => void): () => void {
    return this.owner.whenClosing(() => { this.runFed(task) })
  }

  /** @internal Runs the task in the context of what feeds the response. */
  runFed(task: () => void): void {
    if (this.feedingContext === null) task()
    else this.feedingContext.runInAsyncScope(task)
  }

  /** @internal Ends the connection at once. */
  cut(): void {
    this.owner.cut()
  }
}
