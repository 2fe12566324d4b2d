/**
 * The time of a server: one clock, one coarse tick for all its connections, and the text of the Date field.
 *
 * Strategy: no timer belongs to a request or a connection. Whoever has a time limit is asked at each tick, and the
 * ticking stops when there is nobody to ask.
 */
import { interval, type SchedulerLike, type Subscription } from 'rxjs'
import { imfFixdate, libraryScheduler } from '../application/library-scheduler.js'

/** Somebody with time limits. */
export interface Ticking {
  /** Called at each tick with the clock's time. */
  tick(now: number): void
}

/** A clock on a scheduler's time. */
export class Clock {
  readonly scheduler: SchedulerLike
  /** How often it ticks. */
  readonly intervalMs: number
  private readonly start: number
  private readonly ticking: Set<Ticking>
  private subscription: Subscription | null
  /** The text of the Date field, until the next tick; '' if it has to be made. */
  private dateText: string

  constructor(intervalMs: number, scheduler: SchedulerLike = libraryScheduler) {
    this.scheduler = scheduler
    this.intervalMs = intervalMs
    this.start = scheduler.now()
    this.ticking = new Set()
    this.subscription = null
    this.dateText = ''
  }

  /** The time in milliseconds since the clock was made: small enough to be kept in place, without an object. */
  get now(): number {
    return this.scheduler.now() - this.start
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
    this.dateText = ''
  }

  /**
   * The time as a Date field has it (RFC 9110 §5.6.7, IMF-fixdate). It is made once a tick, or each time while nothing
   * ticks: to ask for the time at each response took 4 % of a hello.
   */
  date(): string {
    if (this.dateText !== '') return this.dateText
    const text = imfFixdate(this.scheduler.now())
    if (this.subscription !== null && this.intervalMs <= 1000) this.dateText = text
    return text
  }

  private tick(): void {
    const { now } = this
    this.dateText = ''
    for (const one of this.ticking) one.tick(now)
  }
}
