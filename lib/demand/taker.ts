/**
 * Where a source that can wait gives its values: to a subscriber that may have offered its demand, or (in
 * response-body/) to a body without any Observable in between.
 */
import type { Subscriber } from 'rxjs'
import { libraryScheduler } from '../application/library-scheduler.js'
import { giveComplete, giveError, giveNext, offeredDemand, type Offer } from './offer.js'

/** The consumer of one source. It tells the source when something is wanted again. */
export interface Taker<T> {
  /** Whether nothing is taken any more. */
  readonly isClosed: boolean
  /** How much is wanted: nothing where it is not more than 0. */
  readonly wanted: number
  /** A number that stays the same as long as what is given costs nothing; NaN, where that does not matter. */
  readonly progress: number
  next(value: T): void
  complete(): void
  error(error: unknown): void
  /** Hears of errors of a source that was told to end already. */
  reportLate(error: unknown): void
  /** Runs the task after other connections had their turn. */
  later(task: () => void): void
}

/** A subscriber, and the demand that was on offer when it was made. Without one, it takes all. */
export class OfferTaker<T> implements Taker<T> {
  private readonly subscriber: Subscriber<T>
  private readonly offer: Offer | null

  /** `wake` is called whenever something is wanted again. */
  constructor(subscriber: Subscriber<T>, wake: () => void) {
    this.subscriber = subscriber
    this.offer = offeredDemand()
    if (this.offer !== null) subscriber.add(this.offer.whenWanted(wake))
  }

  get isClosed(): boolean {
    return this.subscriber.closed
  }

  get wanted(): number {
    return this.offer === null ? Infinity : this.offer.wanted
  }

  get progress(): number {
    return this.offer === null ? NaN : this.offer.wanted
  }

  next(value: T): void {
    giveNext(this.offer, this.subscriber, value)
  }

  complete(): void {
    giveComplete(this.offer, this.subscriber)
  }

  error(error: unknown): void {
    giveError(this.offer, this.subscriber, error)
  }

  reportLate(error: unknown): void {
    this.offer?.reportLate(error)
  }

  later(task: () => void): void {
    // Not `asapScheduler`, whose turn comes before that of any socket.
    this.subscriber.add(libraryScheduler.schedule(task))
  }
}
