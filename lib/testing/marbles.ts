/**
 * `marbles`: a test in virtual time within one synchronous call.
 */
import type { RunHelpers } from 'rxjs/testing'
import { isPromise } from '../thrown.js'
import { silence, withoutPromises } from './async-guard.js'
import { beginRun } from './one-at-a-time.js'
import { checkMarbleOptions, Stage, type MarbleHelpers, type MarbleOptions } from './stage.js'
import { AsyncCodeError } from './test-errors.js'
import { MarbleScheduler } from './virtual-time.js'
import { useVirtualTimers } from './virtual-timers.js'

/**
 * Runs a test in virtual time: `TestScheduler.run` with servers. A frame of a diagram is a millisecond. Time advances
 * after the test function returns, until nothing is left to do or `until`; then all expectations are checked.
 *
 * @throws {@link MarbleError} an expectation fails
 * @throws {@link AsyncCodeError} the test or the code under test waits for a promise: use {@link marblesAsync}
 * @throws {@link UnansweredError} a request is not answered
 * @throws {@link TwoRunsError} within another test in virtual time
 */
export function marbles(test: (helpers: MarbleHelpers) => unknown, options: MarbleOptions = {}): void {
  checkMarbleOptions(options)
  const endRun = beginRun('marbles')
  const scheduler = new MarbleScheduler()
  const stage = new Stage(scheduler, options, null)
  const run = (helpers: RunHelpers): void => {
    const result = test(stage.helpers(helpers))
    if (isPromise(result)) refuse(result)
  }
  const restore = options.timers === 'virtual' ? useVirtualTimers(scheduler) : null
  try {
    withoutPromises(() => { scheduler.run(run) })
    stage.checkAnswers()
  } finally {
    restore?.()
    endRun()
  }
}

function refuse(result: PromiseLike<unknown>): never {
  silence(result)
  throw new AsyncCodeError('The test function returned a promise')
}
