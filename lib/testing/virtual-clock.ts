/**
 * Timers with Node's interface on a scheduler's virtual time.
 */
import type { Subscription } from 'rxjs'
import type { MarbleScheduler } from './virtual-time.js'

/** Any function: the callback of a timer, or a function that sets one. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- that of the application
export type Callback = (...args: any[]) => unknown

/** The longest delay of Node's timers in milliseconds; they treat longer ones, and those below 1, as 1. */
const MAX_DELAY = 2 ** 31 - 1

/** The callback and delay of a timer. */
interface Alarm {
  readonly id: number
  readonly fire: () => void
  readonly delay: number
  readonly isRepeating: boolean
}

/** A timer like Node's, which may be cleared, refreshed and disposed of. */
export class VirtualTimer {
  private readonly clock: VirtualClock
  private readonly alarm: Alarm
  private subscription: Subscription
  private isReferenced: boolean

  /** @internal */
  constructor(clock: VirtualClock, alarm: Alarm) {
    this.clock = clock
    this.alarm = alarm
    this.subscription = this.schedule()
    this.isReferenced = true
  }

  ref(): this {
    this.isReferenced = true
    return this
  }

  unref(): this {
    this.isReferenced = false
    return this
  }

  hasRef(): boolean {
    return this.isReferenced
  }

  /** Restarts the timer. */
  refresh(): this {
    this.subscription.unsubscribe()
    this.subscription = this.schedule()
    return this
  }

  close(): this {
    this.clock.clear(this)
    return this
  }

  /** @internal */
  stop(): void {
    this.subscription.unsubscribe()
  }

  [Symbol.toPrimitive](): number {
    return this.alarm.id
  }

  [Symbol.dispose](): void {
    this.clock.clear(this)
  }

  private schedule(): Subscription {
    return this.clock.scheduler.schedule(() => {
      if (this.alarm.isRepeating) this.subscription = this.schedule()
      this.alarm.fire()
    }, this.alarm.delay)
  }
}

/** Sets and clears timers. */
export class VirtualClock {
  /** @internal */
  readonly scheduler: MarbleScheduler
  readonly setTimeout: (callback: Callback, delay?: number, ...args: unknown[]) => VirtualTimer
  readonly setInterval: (callback: Callback, delay?: number, ...args: unknown[]) => VirtualTimer
  readonly setImmediate: (callback: Callback, ...args: unknown[]) => VirtualTimer
  private readonly timers: Map<number, VirtualTimer>
  private lastId: number

  constructor(scheduler: MarbleScheduler) {
    this.scheduler = scheduler
    this.setTimeout = (callback, delay, ...args) => this.set(callback, delayOf(delay), args, false)
    this.setInterval = (callback, delay, ...args) => this.set(callback, delayOf(delay), args, true)
    this.setImmediate = (callback, ...args) => this.set(callback, 0, args, false)
    this.timers = new Map()
    this.lastId = 0
  }

  /** Clears a timer, given as an object or number. Returns false if it is not a virtual one. */
  clear(timer: unknown): boolean {
    const found = timer instanceof VirtualTimer ? timer : this.timers.get(Number(timer))
    found?.stop()
    if (found !== undefined) this.timers.delete(Number(found))
    return found !== undefined
  }

  private set(callback: Callback, delay: number, args: unknown[], isRepeating: boolean): VirtualTimer {
    if (typeof callback !== 'function') throw notCallable(callback)
    const id = ++this.lastId
    const fire = (): void => {
      if (!isRepeating) this.timers.delete(id)
      callback(...args)
    }
    const timer = new VirtualTimer(this, { id, fire, delay, isRepeating })
    this.timers.set(id, timer)
    return timer
  }
}

function delayOf(delay: unknown): number {
  const ms = Number(delay)
  return ms >= 1 && ms <= MAX_DELAY ? Math.trunc(ms) : 1
}

function notCallable(callback: unknown): TypeError {
  const message = `The "callback" argument must be of type function. Received ${String(callback)}`
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })
}
