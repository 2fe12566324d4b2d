/**
 * The loop of a pausable source.
 *
 * Strategy: the loop takes one step after another while there is demand; a call from within a step does not nest. Steps
 * that use up no demand (empty chunks, empty pages, values that a filter drops) are counted, and after a number of them
 * the loop goes on in a later turn of the event loop, so that it cannot starve other connections. The count carries
 * across promises, which settle before any socket has its turn.
 */
import { currentContext, type Context } from '../application/context.js'
import { Reentry } from '../buffer/reentry.js'
import { replaceOffer } from './offer.js'
import type { Taker } from './taker.js'

/** How many steps in a row may use up no demand before other connections have their turn. */
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

  /** `makeTaker` gets a function to call when there is demand again. */
  constructor(makeTaker: (wake: () => void) => Taker<T>) {
    this.context = currentContext()
    this.resume = this.run.bind(this)
    this.loop = new Reentry()
    this.stepsLeft = STEPS_PER_TURN
    this.progress = 0
    this.taker = makeTaker(() => { this.wake() })
  }

  /** Takes steps while there is demand. */
  run(): void {
    if (!this.loop.enter()) return
    while (!this.taker.isClosed && this.taker.wanted > 0) {
      if (this.isIdle()) return this.rest()
      if (!this.attempt()) return
    }
    this.loop.leave()
  }

  /**
   * Takes one step. Returns false where that takes time, and calls {@link stepped} then. If it throws, the source has
   * failed.
   */
  protected abstract step(): boolean

  /** A step that took time is over. */
  protected stepped(): void {
    this.loop.leave()
    this.run()
  }

  /** The source or the taker threw an exception. */
  protected failed(error: unknown): void {
    this.taker.error(error)
  }

  private wake(): void {
    if (!this.loop.isBusy) this.context.runInAsyncScope(this.resume)
  }

  private attempt(): boolean {
    // Observables that the application subscribes to within a step do not lead to this consumer.
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

  /** Whether too many steps in a row used up no demand. */
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
