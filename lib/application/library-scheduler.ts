/**
 * The time of the library itself: RxJS's async scheduler, on the timers that were there when the library was loaded.
 *
 * Strategy: a test runner fakes timers and Date by replacing them, and RxJS looks for them at each call. A server and
 * its connections must not stand still for that, so they use what was taken here. Virtual time of RxJS is meant, and
 * has precedence: while a `TestScheduler` runs, whose means are delegates of RxJS's internal providers, everything
 * goes through `asyncScheduler`. No public name tells whether one runs. The providers are the same in all of 7.x; a
 * spec looks that they are where they are looked for (spec/testing/rxjs-time.spec.ts).
 */
import { asyncScheduler, type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'
import { dateTimestampProvider } from 'rxjs/internal/scheduler/dateTimestampProvider'
import { intervalProvider } from 'rxjs/internal/scheduler/intervalProvider'

const { setTimeout, clearTimeout, Date } = globalThis
// A spy may replace the method of the class that was taken.
const { now } = Date

type Work<T> = (this: SchedulerAction<T>, state?: T) => void

/** A piece of work on a timer. It closes when it was done and is not to be done again. */
class TimerAction<T> extends Subscription implements SchedulerAction<T> {
  private readonly work: Work<T>
  private timer: ReturnType<typeof setTimeout> | null

  constructor(work: Work<T>) {
    super()
    this.work = work
    this.timer = null
  }

  private get isScheduled(): boolean {
    return this.timer !== null
  }

  schedule(state?: T, delay = 0): Subscription {
    this.cancel()
    if (!this.closed) this.timer = setTimeout(() => { this.run(state) }, delay)
    return this
  }

  override unsubscribe(): void {
    this.cancel()
    super.unsubscribe()
  }

  private run(state?: T): void {
    this.timer = null
    try {
      this.work(state)
    } catch (error) {
      this.unsubscribe()
      throw error
    }
    if (!this.isScheduled) this.unsubscribe()
  }

  private cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
  }
}

/** Real time, whoever fakes the timers of the process; virtual while a `TestScheduler` of RxJS runs. */
export const libraryScheduler: SchedulerLike = {
  now: () => {
    const { delegate } = dateTimestampProvider
    return delegate === undefined ? now() : delegate.now()
  },
  schedule: <T>(work: Work<T>, delay?: number, state?: T) => {
    if (intervalProvider.delegate !== undefined) return asyncScheduler.schedule(work, delay, state)
    return new TimerAction(work).schedule(state, delay)
  },
}

/** A point in time as a Date field has it (RFC 9110 §5.6.7, IMF-fixdate). */
export function imfFixdate(time: number): string {
  return new Date(time).toUTCString()
}
