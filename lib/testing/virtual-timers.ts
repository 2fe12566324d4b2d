/**
 * Makes the application's timers virtual: `setTimeout`, `setInterval`, `setImmediate`, `Date`, `performance.now` and
 * `AbortSignal.timeout`, as globals and in `node:timers` and `node:timers/promises`.
 *
 * Strategy: the properties that code reads at each call are replaced. A function that was captured before
 * (`const { setTimeout } = globalThis`) stays real, and is reported as a real timer if it is pending. As in Node, a
 * timeout takes at least one millisecond, so an interval of 0 does not stop time.
 */
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { promisedTimers } from './promised-timers.js'
import { Replacements } from './replacements.js'
import { VirtualClock, type Callback } from './virtual-clock.js'
import type { MarbleScheduler } from './virtual-time.js'

const PROMISIFY = Symbol.for('nodejs.util.promisify.custom')

/** Makes timers virtual. Returns a function that restores the real ones. */
export function useVirtualTimers(scheduler: MarbleScheduler): () => void {
  const clock = new VirtualClock(scheduler)
  const promised = promisedTimers(clock)
  const real = { clearTimeout, clearInterval, clearImmediate }
  const functions = {
    setTimeout: promisified(clock.setTimeout, promised.setTimeout),
    setInterval: clock.setInterval,
    setImmediate: promisified(clock.setImmediate, promised.setImmediate),
    clearTimeout: (timer: unknown) => { if (!clock.clear(timer)) real.clearTimeout(timer as NodeJS.Timeout) },
    clearInterval: (timer: unknown) => { if (!clock.clear(timer)) real.clearInterval(timer as NodeJS.Timeout) },
    clearImmediate: (timer: unknown) => { if (!clock.clear(timer)) real.clearImmediate(timer as NodeJS.Immediate) },
  }
  const replacements = new Replacements()
  replacements.replaceAll(globalThis, { ...functions, Date: virtualDate(scheduler) })
  replacements.replaceAll(Date, { now: () => scheduler.now() })
  replacements.replaceAll(performance, { now: () => scheduler.now() })
  replacements.replaceAll(AbortSignal, { timeout: (ms: number) => timeoutSignal(clock, ms) })
  replacements.replaceAll(timers, functions)
  replacements.replaceAll(timersPromises, promised)
  syncBuiltinESMExports()
  return () => {
    replacements.undo()
    syncBuiltinESMExports()
  }
}

function promisified(set: Callback, promise: unknown): Callback {
  return Object.defineProperty(set, PROMISIFY, { value: promise })
}

/** Returns a Date whose `new Date()` and `Date()` tell virtual time; all else is unchanged, including `instanceof`. */
function virtualDate(scheduler: MarbleScheduler): DateConstructor {
  return new Proxy(Date, {
    apply: target => new target(scheduler.now()).toString(),
    construct: (target, args, newTarget) => {
      return Reflect.construct(target, args.length === 0 ? [scheduler.now()] : args, newTarget) as Date
    },
  })
}

function timeoutSignal(clock: VirtualClock, ms: number): AbortSignal {
  const controller = new AbortController()
  const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  clock.setTimeout(() => { controller.abort(reason) }, ms)
  return controller.signal
}
