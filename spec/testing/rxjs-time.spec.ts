/**
 * The internals of RxJS that the kit uses exist, and behave as expected.
 */
import { describe, expect, it } from '@jest/globals'
import { animationFrameProvider } from 'rxjs/internal/scheduler/animationFrameProvider'
import { dateTimestampProvider } from 'rxjs/internal/scheduler/dateTimestampProvider'
import { immediateProvider } from 'rxjs/internal/scheduler/immediateProvider'
import { intervalProvider } from 'rxjs/internal/scheduler/intervalProvider'
import { performanceTimestampProvider } from 'rxjs/internal/scheduler/performanceTimestampProvider'
import { timeoutProvider } from 'rxjs/internal/scheduler/timeoutProvider'
import { TestScheduler } from 'rxjs/testing'
import { missingInternals, takeRxjsTime } from '../../lib/testing/rxjs-time.js'
import { UnknownRxjsError } from '../../lib/testing/test-errors.js'

const PROVIDERS = {
  animationFrameProvider, dateTimestampProvider, immediateProvider, intervalProvider, performanceTimestampProvider,
  timeoutProvider,
}
const FACTOR = TestScheduler as unknown as { frameTimeFactor: number }

/** The present state of the internals: the names of the providers in use, and the length of a frame. */
function taken(): { names: string[]; factor: number } {
  const names = Object.entries(PROVIDERS).filter(([, { delegate }]) => delegate !== undefined).map(([name]) => name)
  return { names, factor: FACTOR.frameTimeFactor }
}

describe('the internals of RxJS', () => {
  const free = { names: [], factor: 10 }
  const all = { names: Object.keys(PROVIDERS), factor: 1 }

  it('are all replaced by a running TestScheduler, and restored', () => {
    expect(taken()).toEqual(free)
    new TestScheduler(() => undefined).run(() => { expect(taken()).toEqual(all) })
    expect(taken()).toEqual(free)
  })

  it('are replaced by the kit as well, and restored', () => {
    const time = takeRxjsTime(new TestScheduler(() => undefined))
    expect(taken()).toEqual(all)
    expect(time.isTaken).toBe(true)
    time.restore()
    expect(taken()).toEqual(free)
  })

  it('are named if they are missing', () => {
    expect(missingInternals(new TestScheduler(() => undefined))).toEqual([])
    expect(missingInternals({}, { intervalProvider: {} })).toEqual([
      'createAnimator', 'createDelegates', 'intervalProvider',
    ])
    const other = Object.assign(new TestScheduler(() => undefined), { createDelegates: undefined })
    expect(() => takeRxjsTime(other)).toThrow(UnknownRxjsError)
    expect(() => takeRxjsTime(other)).toThrow('This version of RxJS has no createDelegates: httprx knows those of 7.8. '
      + '`marbles` works without.')
    expect(taken()).toEqual(free)
  })
})
