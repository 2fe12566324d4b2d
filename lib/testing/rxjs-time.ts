/**
 * RxJS's time, taken over for longer than one call.
 *
 * Strategy: `TestScheduler.run` lets every scheduler of RxJS ask the test scheduler for time, and gives that up when
 * it returns. A run in which promises settle goes on after that, so the same delegates are set here, and by the same
 * means: RxJS makes them, the places where it looks for them are its internal providers. There is no public way: a
 * scheduler can be passed to each operator, but the code under test does not do that, and `run` is synchronous. The
 * providers are exported under `rxjs/internal`, and the same in all of 7.x; what is looked for is checked before.
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

/** What RxJS keeps to itself. */
interface Internals {
  runMode: boolean
  createAnimator(): { animate: RunHelpers['animate']; delegate: Delegate<typeof animationFrameProvider> }
  createDelegates(): {
    immediate: Delegate<typeof immediateProvider>
    interval: Delegate<typeof intervalProvider>
    timeout: Delegate<typeof timeoutProvider>
  }
}

/** How many frames a character of a diagram is. */
const FACTOR = TestScheduler as unknown as { frameTimeFactor: number }

/** RxJS's time while it is the scheduler's. */
export interface RxjsTime {
  /** As in `TestScheduler.run`: the diagram of animation frames. */
  readonly animate: RunHelpers['animate']
  /** Whether it is still so: another TestScheduler that runs in between ends it. */
  readonly isTaken: boolean
  restore(): void
}

const PROVIDERS = {
  animationFrameProvider, dateTimestampProvider, immediateProvider, intervalProvider, performanceTimestampProvider,
  timeoutProvider,
}

/** Returns the names of what a virtual time of its own needs and RxJS does not have. @internal */
export function missingInternals(scheduler: object, providers: Readonly<Record<string, object>> = PROVIDERS): string[] {
  const methods = ['createAnimator', 'createDelegates'].filter(name => {
    return typeof (scheduler as Record<string, unknown>)[name] !== 'function'
  })
  return [...methods, ...Object.keys(providers).filter(name => !('delegate' in providers[name]))]
}

/** Makes all time of RxJS the scheduler's, until it is restored. @throws {@link UnknownRxjsError} */
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
