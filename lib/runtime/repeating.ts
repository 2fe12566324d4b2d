/**
 * Work that is repeated for one of many connections: a heartbeat, a ping.
 *
 * Strategy: no connection has a timer of its own. The work is done with the ticks of the server's clock, unless the
 * application names a scheduler, or the ticks are too far apart for the interval; then a timer calls for it.
 */
import { interval, type SchedulerLike, type Subscription } from 'rxjs'
import { libraryScheduler } from '../application/library-scheduler.js'
import type { Clock, Ticking } from './clock.js'

/** How many ticks there are at least from one time to the next. */
const TICKS = 4

/** Does its work at an interval, between {@link start} and {@link stop}. */
export abstract class Repeating implements Ticking {
  memberBefore: Ticking | null
  memberAfter: Ticking | null
  private readonly intervalMs: number
  /** The clock or the timer that calls this; null: none. */
  private source: Clock | Subscription | null
  /** When the work is due, on the server's clock. */
  private due: number

  /** The interval is in milliseconds; 0: never. */
  constructor(intervalMs: number) {
    this.memberBefore = null
    this.memberAfter = null
    this.intervalMs = intervalMs
    this.source = null
    this.due = 0
  }

  /** Starts; `clock` is the server's, and `scheduler` that of the application, where there is one. */
  start(clock: Clock | null, scheduler: SchedulerLike | null): void {
    const { intervalMs } = this
    if (intervalMs === 0) return
    if (scheduler === null && clock !== null && clock.intervalMs * TICKS <= intervalMs) this.follow(clock)
    else this.source = interval(intervalMs, scheduler ?? libraryScheduler).subscribe(() => { this.repeat() })
  }

  stop(): void {
    const { source } = this
    this.source = null
    if (source === null) return
    if ('unsubscribe' in source) source.unsubscribe()
    else source.delete(this)
  }

  tick(now: number): void {
    if (now < this.due) return
    this.due = now + this.intervalMs
    this.repeat()
  }

  /** Does the work once. */
  protected abstract repeat(): void

  private follow(clock: Clock): void {
    this.source = clock
    this.due = clock.now + this.intervalMs
    clock.add(this)
  }
}
