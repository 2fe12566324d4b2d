/**
 * The loop of a source that can wait.
 *
 * Strategy: it takes one step at a time while something is wanted, from a loop, whoever calls it from within a step. A
 * source that has much to say, or nothing, for a demand that nothing answers (a filter behind it drops all), rests
 * after a number of steps that cost nothing of the demand, so that others have their turn. The number counts on over
 * promises, which come before any socket has its turn.
 */
import type { Subscriber } from 'rxjs'
import { currentContext, type Context } from '../application/context.js'
import { libraryScheduler } from '../application/library-scheduler.js'
import { Reentry } from '../buffer/reentry.js'
import { giveComplete, giveError, giveNext, offeredDemand, replaceOffer, type Offer } from './offer.js'

/** How many steps that cost nothing are taken before others have their turn. */
const STEPS_PER_TURN = 1_000

/** A source at work for one subscriber. Without an offer it gives all, as any Observable does. */
export abstract class Giver<T> {
  protected readonly subscriber: Subscriber<T>
  protected readonly offer: Offer | null
  private readonly context: Context
  private readonly resume: () => void
  /** Busy also while a step takes time, and while the loop rests. */
  private readonly loop: Reentry
  private stepsLeft: number
  /** How much was wanted before the last step. */
  private lastWanted: number

  constructor(subscriber: Subscriber<T>) {
    this.subscriber = subscriber
    this.offer = offeredDemand()
    this.context = currentContext()
    this.resume = () => { this.run() }
    this.loop = new Reentry()
    this.stepsLeft = STEPS_PER_TURN
    this.lastWanted = 0
    if (this.offer !== null) subscriber.add(this.offer.whenWanted(() => { this.wake() }))
  }

  /** Takes steps while something is wanted. */
  run(): void {
    if (!this.loop.enter()) return
    while (this.wanted > 0 && !this.subscriber.closed) {
      if (this.isIdle()) return this.rest()
      if (!this.attempt()) return
    }
    this.loop.leave()
  }

  /** How much is wanted. */
  protected get wanted(): number {
    return this.offer === null ? Infinity : this.offer.wanted
  }

  /** Gives once. Returns false where it does so later, and calls {@link stepped} then. What it throws is the error. */
  protected abstract step(): boolean

  /** A step that was under way is over. */
  protected stepped(): void {
    this.loop.leave()
    this.run()
  }

  protected next(value: T): void {
    giveNext(this.offer, this.subscriber, value)
  }

  protected complete(): void {
    giveComplete(this.offer, this.subscriber)
  }

  protected error(error: unknown): void {
    giveError(this.offer, this.subscriber, error)
  }

  /** An error of a source that was told to end already. */
  protected reportLate(error: unknown): void {
    this.offer?.reportLate(error)
  }

  private wake(): void {
    if (!this.loop.isBusy) this.context.runInAsyncScope(this.resume)
  }

  private attempt(): boolean {
    // What the application subscribes for its next value is not on the way to this consumer.
    const standing = replaceOffer(null)
    try {
      return this.step()
    } catch (error) {
      this.error(error)
      return true
    } finally {
      replaceOffer(standing)
    }
  }

  /** Whether many steps cost nothing. */
  private isIdle(): boolean {
    const { wanted } = this
    if (this.offer === null) return false
    if (wanted !== this.lastWanted) this.stepsLeft = STEPS_PER_TURN
    this.lastWanted = wanted
    return this.stepsLeft-- === 0
  }

  private rest(): void {
    this.stepsLeft = STEPS_PER_TURN
    // Not `asapScheduler`, whose turn comes before that of any socket.
    this.subscriber.add(libraryScheduler.schedule(() => { this.stepped() }))
  }
}
