/**
 * The consumers of pausable sources: a subscriber, which may have offered its demand, or (response-body/iterate.ts) a
 * body without an Observable in between.
 *
 * Strategy: a loop over an iterator or a stream is written once, against this interface. It gives values while
 * `wanted` is positive and stops otherwise; the consumer calls back when there is demand again.
 */
import type { Subscriber } from 'rxjs'
import { libraryScheduler } from '../application/library-scheduler.js'
import { giveComplete, giveError, giveNext, offeredDemand, type Offer } from './offer.js'

/** The consumer of one source. It calls back when there is demand again. */
export interface Taker<T> {
  /** Whether no more values are taken. */
  readonly isClosed: boolean
  /** The demand; there is none if it is 0 or negative. */
  readonly wanted: number
  /** A number that changes with each value that uses up demand; NaN if the consumer does not count. */
  readonly progress: number
  next(value: T): void
  complete(): void
  error(error: unknown): void
  /** Receives errors of a source that was already told to stop. */
  reportLate(error: unknown): void
  /** Runs the task after other connections had their turn. */
  later(task: () => void): void
}

/** A subscriber with the offer that was current when this was made. Without an offer, its demand is infinite. */
export class OfferTaker<T> implements Taker<T> {
  private readonly subscriber: Subscriber<T>
  private readonly offer: Offer | null

  /** `wake` is called whenever there is demand again. */
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
    // Not `asapScheduler`: its tasks run before any socket has its turn.
    this.subscriber.add(libraryScheduler.schedule(task))
  }
}
