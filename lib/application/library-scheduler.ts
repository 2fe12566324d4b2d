/**
 * The library's own scheduler: RxJS's async scheduler on the timers that existed when the library was loaded.
 *
 * Strategy: a test runner fakes time by replacing the global timers and Date, which RxJS looks up at each call. A
 * server must not stop for that, so it uses the originals captured here. RxJS's virtual time takes precedence: while a
 * `TestScheduler` runs, which sets delegates on RxJS's internal providers, everything goes through `asyncScheduler`. No
 * public name tells whether one runs. The providers are the same in all of 7.x; spec/testing/rxjs-time.spec.ts checks
 * that they are where this file imports them from.
 */
import { asyncScheduler, type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'
import { dateTimestampProvider } from 'rxjs/internal/scheduler/dateTimestampProvider'
import { intervalProvider } from 'rxjs/internal/scheduler/intervalProvider'

const { setTimeout, clearTimeout, Date } = globalThis
// Captured too: a spy may replace the method on the captured class.
const { now } = Date

type Work<T> = (this: SchedulerAction<T>, state?: T) => void

/** An action on a timer. It closes after it ran, unless it rescheduled itself. */
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

/** Real time, even while the process's timers are faked; virtual time while a `TestScheduler` of RxJS runs. */
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

/** Formats a time (milliseconds since the epoch) as a Date field does (RFC 9110 §5.6.7, IMF-fixdate). */
export function imfFixdate(time: number): string {
  return new Date(time).toUTCString()
}
