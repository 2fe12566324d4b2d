/**
 * Lets all ready promises settle while virtual time stands still.
 *
 * Strategy: a `nextTick` callback scheduled from a microtask runs when no other microtask is left. Code under test may
 * schedule ticks itself, so rounds are repeated until one starts no new promise or tick. The event loop does not turn
 * in between: no real timer and no I/O can fire, however long it takes, so runs are deterministic.
 *
 * Promises that settle one after another without end are a loop that cannot be stopped from outside. But each `await`
 * of a promise and each `then` reads the promise's constructor; after `MAX_PROMISES` that read throws, which ends the
 * loop. If the loop awaits a non-promise (`await null`) or catches the error, the process ends with the same message.
 */
import { nextTick, queueMicrotask, setImmediate } from '../node/runtime.js'
import type { Activity } from './activity.js'
import { silence } from './async-guard.js'
import { callSite } from './call-site.js'
import { EndlessPromisesError, MAX_PROMISES } from './test-errors.js'

/** The number of event loop turns that are waited on a runtime without `async_hooks`. */
const BLIND_ROUNDS = 20

const CONSTRUCTOR: PropertyDescriptor = { configurable: true, enumerable: false, writable: true, value: Promise }

/** Lets promises settle, repeatedly. */
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

  /** Calls `done` from a separate callback when no ready promise is left. */
  settle(done: (error: Error | null) => void): void {
    this.done = done
    this.rounds = 0
    this.seen = this.activity.count
    this.activity.alarmAfter(MAX_PROMISES)
    this.goRound()
  }

  /** Called within a loop that exceeds the limit: first ends the loop, then, if it continues, the process. */
  alarm(): void {
    // Thrown within an async hook, which ends the process.
    if (this.failure !== null) throw this.failure
    const failure = (this.failure = new EndlessPromisesError(this.now(), this.activity.owner, callSite()))
    this.activity.alarmAfter(MAX_PROMISES)
    let isLookingOn = true
    void Object.defineProperty(Promise.prototype, 'constructor', {
      configurable: true,
      get(this: Promise<unknown>): unknown {
        if (!isLookingOn) return Promise
        isLookingOn = false
        // Nobody else handles its rejection.
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
