/**
 * Lets the promises that are ready settle, while time stands still.
 *
 * Strategy: a callback of `nextTick` that is asked for by a promise's callback comes when no other callback of a
 * promise is left. What such callbacks asked of `nextTick` themselves comes before or behind it, so it is asked again,
 * until a whole round began nothing. The event loop does not turn in between: no real timer and no I/O can come,
 * however long it takes, and so each run is like the other.
 *
 * Promises that settle one after another without end are a loop that nobody outside can stop. Each `await` of a promise
 * and each `then` looks at the promise's constructor, though: beyond some number, that look fails, which ends the loop.
 * Where it waits for what is no promise (`await null`), or goes on in spite of errors, not even that helps: then
 * the process ends, and says why.
 */
import { nextTick, queueMicrotask, setImmediate } from '../node/runtime.js'
import type { Activity } from './activity.js'
import { silence } from './async-guard.js'
import { callSite } from './call-site.js'
import { EndlessPromisesError, MAX_PROMISES } from './test-errors.js'

/** So many turns of the event loop have to do where the runtime does not tell what is begun. */
const BLIND_ROUNDS = 20

const CONSTRUCTOR: PropertyDescriptor = { configurable: true, enumerable: false, writable: true, value: Promise }

/** Lets promises settle, time and again. */
export class Settling {
  private readonly activity: Activity
  private readonly now: () => number
  private readonly blindRounds: number
  private failure: EndlessPromisesError | null
  private done: (error: Error | null) => void
  private seen: number
  private rounds: number

  constructor(activity: Activity, now: () => number) {
    this.activity = activity
    this.now = now
    this.blindRounds = activity.isTold ? 0 : BLIND_ROUNDS
    this.failure = null
    this.done = () => undefined
    this.seen = 0
    this.rounds = 0
  }

  /** Calls `done` when no promise that is ready is left, in a callback of its own. */
  settle(done: (error: Error | null) => void): void {
    this.done = done
    this.rounds = 0
    this.seen = this.activity.count
    this.activity.alarmAfter(MAX_PROMISES)
    this.goRound()
  }

  /** There are too many. Called within the loop: first it is ended, and if it goes on, the process is. */
  alarm(): void {
    // Node ends the process where this throws.
    if (this.failure !== null) throw this.failure
    const failure = (this.failure = new EndlessPromisesError(this.now(), this.activity.owner, callSite()))
    this.activity.alarmAfter(MAX_PROMISES)
    let isLookingOn = true
    void Object.defineProperty(Promise.prototype, 'constructor', {
      configurable: true,
      get(this: Promise<unknown>): unknown {
        if (!isLookingOn) return Promise
        isLookingOn = false
        // Nobody else hears of it when it fails.
        silence(this)
        isLookingOn = true
        throw failure
      },
    })
  }

  private goRound(): void {
    const round = (): void => { this.round() }
    this.activity.unwatched(() => {
      if (this.rounds < this.blindRounds) setImmediate(round)
      else queueMicrotask(() => { this.activity.unwatched(() => { nextTick(round) }) })
    })
  }

  private round(): void {
    const { count } = this.activity
    const isQuiet = count === this.seen && this.rounds >= this.blindRounds
    this.seen = count
    this.rounds++
    if (this.failure !== null) this.settled(this.failure)
    else if (isQuiet) this.settled(null)
    else this.goRound()
  }

  private settled(error: Error | null): void {
    void Object.defineProperty(Promise.prototype, 'constructor', CONSTRUCTOR)
    this.activity.alarmAfter(Infinity)
    this.done(error)
  }
}
