/**
 * Takes over RxJS's time for longer than one synchronous call.
 *
 * Strategy: `TestScheduler.run` makes all RxJS schedulers ask the test scheduler for time until it returns. A run in
 * which promises settle lasts longer, so this file sets the same delegates on RxJS's internal providers. There is no
 * public way: schedulers can be passed to operators, but the code under test does not do that, and `run` is
 * synchronous. The providers are exported under `rxjs/internal` and the same in all of 7.x; their presence is checked
 * first.
 */
import { animationFrameProvider } from 'rxjs/internal/scheduler/animationFrameProvider'
import { dateTimestampProvider } from 'rxjs/internal/scheduler/dateTimestampProvider'
import { immediateProvider } from 'rxjs/internal/scheduler/immediateProvider'
import { intervalProvider } from 'rxjs/internal/scheduler/intervalProvider'
import { performanceTimestampProvider } from 'rxjs/internal/scheduler/performanceTimestampProvider'
import { timeoutProvider } from 'rxjs/internal/scheduler/timeoutProvider'
import { TestScheduler, type RunHelpers } from 'rxjs/testing'
import { UnknownRxjsError } from './test-errors.js'

type Delegate<P extends { delegate: unknown }> = NonNullable<P['delegate']>

/** Private members of RxJS's TestScheduler. */
interface Internals {
  runMode: boolean
  createAnimator(): { animate: RunHelpers['animate']; delegate: Delegate<typeof animationFrameProvider> }
  createDelegates(): {
    immediate: Delegate<typeof immediateProvider>
    interval: Delegate<typeof intervalProvider>
    timeout: Delegate<typeof timeoutProvider>
  }
}

/** The frames of one character of a diagram, a static field of TestScheduler. */
const FACTOR = TestScheduler as unknown as { frameTimeFactor: number }

/** RxJS's time while a scheduler has taken it over. */
export interface RxjsTime {
  /** As in `TestScheduler.run`: the diagram of animation frames. */
  readonly animate: RunHelpers['animate']
  /** Whether it is still taken over; another TestScheduler that runs in between ends that. */
  readonly isTaken: boolean
  restore(): void
}

const PROVIDERS = {
  animationFrameProvider, dateTimestampProvider, immediateProvider, intervalProvider, performanceTimestampProvider,
  timeoutProvider,
}

/** Returns the names of the required internals that RxJS lacks. @internal */
export function missingInternals(scheduler: object, providers: Readonly<Record<string, object>> = PROVIDERS): string[] {
  const methods = ['createAnimator', 'createDelegates'].filter(name => {
    return typeof (scheduler as Record<string, unknown>)[name] !== 'function'
  })
  return [...methods, ...Object.keys(providers).filter(name => !('delegate' in providers[name]))]
}

/** Makes RxJS use the scheduler's time until `restore` is called. @throws {@link UnknownRxjsError} */
export function takeRxjsTime(scheduler: TestScheduler): RxjsTime {
  const missing = missingInternals(scheduler)
  if (missing.length > 0) throw new UnknownRxjsError(missing)
  const internals = scheduler as unknown as Internals
  const { frameTimeFactor } = FACTOR
  internals.runMode = true
  FACTOR.frameTimeFactor = 1
  const { animate, delegate } = internals.createAnimator()
  const { immediate, interval, timeout } = internals.createDelegates()
  animationFrameProvider.delegate = delegate
  dateTimestampProvider.delegate = scheduler
  immediateProvider.delegate = immediate
  intervalProvider.delegate = interval
  timeoutProvider.delegate = timeout
  performanceTimestampProvider.delegate = scheduler
  return {
    animate,
    get isTaken() { return intervalProvider.delegate === interval },
    restore: () => {
      internals.runMode = false
      FACTOR.frameTimeFactor = frameTimeFactor
      for (const provider of Object.values(PROVIDERS)) provider.delegate = undefined
    },
  }
}
