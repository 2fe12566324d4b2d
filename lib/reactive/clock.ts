/**
 * The time of a server: one clock, one coarse tick for all its connections, and the text of the Date field.
 *
 * Strategy: no timer belongs to a request or a connection. Whoever has a time limit is asked at each tick, and the
 * ticking stops when there is nobody to ask.
 */
import { asyncScheduler, interval, type SchedulerLike, type Subscription } from 'rxjs'

/** Somebody with time limits. */
export interface Ticking {
  /** Called at each tick with the time in milliseconds. */
  tick(now: number): void
}

/** A clock on a scheduler's time. */
export class Clock {
  readonly scheduler: SchedulerLike
  private readonly intervalMs: number
  private readonly ticking: Set<Ticking>
  private subscription: Subscription | null
  private second: number
  private dateText: string

  constructor(intervalMs: number, scheduler: SchedulerLike = asyncScheduler) {
    this.scheduler = scheduler
    this.intervalMs = intervalMs
    this.ticking = new Set()
    this.subscription = null
    this.second = -1
    this.dateText = ''
  }

  /** How many are asked at each tick. */
  get size(): number {
    return this.ticking.size
  }

  /** Asks `one` at each tick from now on. */
  add(one: Ticking): void {
    this.ticking.add(one)
    this.subscription ??= interval(this.intervalMs, this.scheduler).subscribe(() => { this.tick() })
  }

  /** Asks `one` no more. */
  delete(one: Ticking): void {
    this.ticking.delete(one)
    if (this.ticking.size > 0) return
    this.subscription?.unsubscribe()
    this.subscription = null
  }

  /** The time as a Date field has it, made anew once a second (RFC 9110 §5.6.7, IMF-fixdate). */
  date(): string {
    const second = Math.floor(this.scheduler.now() / 1000)
    if (second !== this.second) {
      this.second = second
      this.dateText = new Date(second * 1000).toUTCString()
    }
    return this.dateText
  }

  private tick(): void {
    const now = this.scheduler.now()
    for (const one of this.ticking) one.tick(now)
  }
}
