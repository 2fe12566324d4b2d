/**
 * The loop of a source that can wait.
 *
 * Strategy: it takes one step at a time while something is wanted, never two at once, whoever calls it from within a
 * step. A source whose steps cost nothing of the demand (empty chunks, empty pages, values that a filter behind it
 * drops) rests after a number of them, so that others have their turn. The number counts on over promises, which come
 * before any socket has its turn.
 */
import { currentContext, type Context } from '../application/context.js'
import { Reentry } from '../buffer/reentry.js'
import { replaceOffer } from './offer.js'
import type { Taker } from './taker.js'

/** How many steps that cost nothing are taken before others have their turn. */
const STEPS_PER_TURN = 1_000

/** A source at work for one taker. */
export abstract class SourceLoop<T> {
  protected readonly taker: Taker<T>
  private readonly context: Context
  private readonly resume: () => void
  /** Busy also while a step takes time, and while the loop rests. */
  private readonly loop: Reentry
  private stepsLeft: number
  /** The taker's progress before the last step. */
  private progress: number

  /** `makeTaker` is given what to call when something is wanted again. */
  constructor(makeTaker: (wake: () => void) => Taker<T>) {
    this.context = currentContext()
    this.resume = () => { this.run() }
    this.loop = new Reentry()
    this.stepsLeft = STEPS_PER_TURN
    this.progress = 0
    this.taker = makeTaker(() => { this.wake() })
  }

  /** Takes steps while something is wanted. */
  run(): void {
    if (!this.loop.enter()) return
    while (!this.taker.isClosed && this.taker.wanted > 0) {
      if (this.isIdle()) return this.rest()
      if (!this.attempt()) return
    }
    this.loop.leave()
  }

  /** Gives once. Returns false where it does so later, and calls {@link stepped} then. What it throws is the error. */
  protected abstract step(): boolean

  /** A step that was under way is over. */
  protected stepped(): void {
    this.loop.leave()
    this.run()
  }

  /** The source, or the taker, threw. */
  protected failed(error: unknown): void {
    this.taker.error(error)
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
      this.failed(error)
      return true
    } finally {
      replaceOffer(standing)
    }
  }

  /** Whether many steps cost nothing. */
  private isIdle(): boolean {
    const { progress } = this.taker
    if (progress !== this.progress) this.stepsLeft = STEPS_PER_TURN
    this.progress = progress
    return this.stepsLeft-- === 0
  }

  private rest(): void {
    this.stepsLeft = STEPS_PER_TURN
    this.taker.later(() => {
      this.loop.leave()
      this.wake()
    })
  }
}
