/**
 * A rate: so many bytes a second, a tenth of them in each tenth of a second.
 *
 * Strategy: what is not used of a tenth is lost, as on a line of that width. Nothing ticks while nothing waits.
 */
import type { SchedulerLike } from 'rxjs'

/** How long a portion is for, in milliseconds. */
const SLOT_MS = 100

/** What goes over a line of some width. */
export class Pace {
  private readonly scheduler: SchedulerLike
  private readonly bytesPerSecond: number
  private readonly ready: () => void
  private start: number | null
  private slot: number
  private left: number
  private isWaiting: boolean

  /** A pace whose user is told by `ready` when there is room again. */
  constructor(scheduler: SchedulerLike, bytesPerSecond: number, ready: () => void) {
    this.scheduler = scheduler
    this.bytesPerSecond = bytesPerSecond
    this.ready = ready
    this.start = null
    this.slot = -1
    this.left = 0
    this.isWaiting = false
  }

  /** Takes as many of the bytes as there is room for now. Where that is not all, `ready` is called when it is time. */
  take(count: number): number {
    if (this.bytesPerSecond === Infinity) return count
    const now = this.scheduler.now()
    this.start ??= now
    const slot = Math.floor((now - this.start) / SLOT_MS)
    if (slot !== this.slot) this.left = this.portion(slot)
    this.slot = slot
    const taken = Math.min(count, this.left)
    this.left -= taken
    if (taken < count) this.wait(this.start + (slot + 1) * SLOT_MS - now)
    return taken
  }

  /** The tenths of a rate that is not divisible by ten add up to it. */
  private portion(slot: number): number {
    const upTo = (slots: number): number => Math.floor(this.bytesPerSecond * slots * SLOT_MS / 1000)
    return upTo(slot + 1) - upTo(slot)
  }

  private wait(ms: number): void {
    if (this.isWaiting) return
    this.isWaiting = true
    this.scheduler.schedule(() => {
      this.isWaiting = false
      this.ready()
    }, ms)
  }
}
