/**
 * `marblesAsync`: a test in virtual time in which promises settle.
 *
 * Strategy: between any two actions of virtual time all ready promises settle, as between two events of a real event
 * loop; only then time advances. The event loop itself does not turn: real timers, sockets and files never fire in
 * between, so the frames of a test are deterministic, and a test that waits for real work fails with its name. The only
 * exception is before time begins: the test function may wait for its setup.
 */
import type { RunHelpers } from 'rxjs/testing'
import { isPromise } from '../thrown.js'
import { Activity } from './activity.js'
import { beginRun } from './one-at-a-time.js'
import { takeRxjsTime, type RxjsTime } from './rxjs-time.js'
import { Settling } from './settling.js'
import { checkMarbleOptions, Stage, type MarbleHelpers, type MarbleOptions } from './stage.js'
import { TestStillWaitsError, ForeignSchedulerError } from './test-errors.js'
import { MarbleScheduler } from './virtual-time.js'
import { useVirtualTimers } from './virtual-timers.js'

/** The interval in milliseconds at which the test function's setup is checked. */
const LOOK_MS = 1

/** The original function, even if it is faked later. */
const { setTimeout: realTimeout } = globalThis

/**
 * Runs a test in virtual time as {@link marbles} does, but with promises: `async` handlers, async generators, web
 * streams, and an `async` test function. Time begins when the test function returns, or waits for a server or an
 * Observable of the test; it advances only when all ready promises have settled. With `timers: 'virtual'` the
 * application's timers follow.
 *
 * Rejects with {@link MarbleError} if an expectation fails, {@link UnansweredError} if a request is not answered,
 * {@link EndlessPromisesError} if promises settle without end, {@link TwoRunsError} while another such test runs,
 * {@link TestStillWaitsError} if the test function never ends, and with the exceptions of the test function.
 */
export async function marblesAsync(
  test: (helpers: MarbleHelpers) => unknown, options: MarbleOptions = {},
): Promise<void> {
  checkMarbleOptions(options)
  const endRun = beginRun('marblesAsync')
  try {
    await new AsyncRun(options).run(test)
  } finally {
    endRun()
  }
}

/** One test. */
class AsyncRun {
  private readonly scheduler: MarbleScheduler
  private readonly activity: Activity
  private readonly settling: Settling
  private readonly stage: Stage
  private readonly ended: MarbleOptions['ended']
  private readonly restoreTimers: (() => void) | null
  private readonly time: RxjsTime
  private state: 'setup' | 'running'
  private testing: 'waits' | 'done' | 'failed'
  private failure: unknown

  constructor(options: MarbleOptions) {
    this.scheduler = new MarbleScheduler(true)
    this.activity = new Activity(() => { this.settling.alarm() })
    this.activity.start()
    this.settling = new Settling(this.activity, () => this.scheduler.frame)
    this.stage = new Stage(this.scheduler, options, this.activity)
    this.ended = options.ended
    this.restoreTimers = options.timers === 'virtual' ? useVirtualTimers(this.scheduler) : null
    this.time = takeRxjsTime(this.scheduler)
    this.state = 'setup'
    this.testing = 'done'
    this.failure = null
  }

  async run(test: (helpers: MarbleHelpers) => unknown): Promise<void> {
    try {
      this.watch(test(this.stage.helpers(this.helpers())))
      await new Promise<void>((resolve, reject) => { this.settle(resolve, reject) })
      this.finish()
    } finally {
      await this.end().finally(() => { this.restore() })
    }
  }

  /** Alternately lets promises settle and runs the next action, until time is over. */
  private settle(resolve: () => void, reject: (error: unknown) => void): void {
    this.settling.settle(error => {
      try {
        if (error !== null) throw error
        const next = this.step()
        if (next === 'over') resolve()
        else if (next === 'settle') this.settle(resolve, reject)
        else this.activity.unwatched(() => realTimeout(() => { this.settle(resolve, reject) }, LOOK_MS))
      } catch (failure) {
        reject(failure)
      }
    })
  }

  private step(): 'settle' | 'wait' | 'over' {
    if (this.testing === 'failed') throw this.failure
    if (!this.time.isTaken) throw new ForeignSchedulerError()
    if (this.state === 'setup') return this.setUp()
    return this.scheduler.step() ? 'settle' : 'over'
  }

  /** Begins time once the setup is done. Real work of the setup is not reported as pending later. */
  private setUp(): 'settle' | 'wait' {
    if (this.testing === 'waits' && !this.scheduler.hasWork) {
      this.activity.forget()
      return 'wait'
    }
    this.state = 'running'
    this.scheduler.begin()
    return 'settle'
  }

  private finish(): void {
    if (this.testing === 'waits') throw new TestStillWaitsError(this.scheduler.frame, this.activity.pending())
    this.ended?.(this.activity.pending())
    this.scheduler.finish()
    this.stage.checkAnswers()
  }

  /** Cuts all clients, so that pending handlers do not continue in real time and keep the process alive. */
  private async end(): Promise<void> {
    this.stage.cut()
    await new Promise<void>(resolve => { this.settling.settle(() => { resolve() }) })
  }

  private restore(): void {
    this.time.restore()
    this.restoreTimers?.()
    this.activity.stop()
  }

  private helpers(): RunHelpers {
    const { scheduler } = this
    return {
      cold: scheduler.createColdObservable.bind(scheduler),
      hot: scheduler.createHotObservable.bind(scheduler),
      time: scheduler.createTime.bind(scheduler),
      flush: () => { throw new Error('flush() is for tests within one call: await what you wait for instead') },
      expectObservable: scheduler.expectObservable.bind(scheduler),
      expectSubscriptions: scheduler.expectSubscriptions.bind(scheduler),
      animate: this.time.animate,
    }
  }

  private watch(result: unknown): void {
    if (!isPromise(result)) return
    this.testing = 'waits'
    result.then(() => { this.testing = 'done' }, (error: unknown) => {
      this.testing = 'failed'
      this.failure = error
    })
  }
}
