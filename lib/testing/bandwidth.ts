/**
 * Limits a transfer to a rate in bytes a second, a tenth of them in each tenth of a second.
 *
 * Strategy: unused capacity of a tenth is lost, as on a line of that bandwidth. No timer runs while nothing waits.
 */
import type { SchedulerLike } from 'rxjs'

/** The length of a slot in milliseconds. */
const SLOT_MS = 100

/** A line of limited bandwidth. */
export class Bandwidth {
  private readonly scheduler: SchedulerLike
  private readonly bytesPerSecond: number
  private readonly ready: () => void
  private start: number | null
  private slot: number
  private left: number
  private isWaiting: boolean

  /** `ready` is called when there is room again. */
  constructor(scheduler: SchedulerLike, bytesPerSecond: number, ready: () => void) {
    this.scheduler = scheduler
    this.bytesPerSecond = bytesPerSecond
    this.ready = ready
    this.start = null
    this.slot = -1
    this.left = 0
    this.isWaiting = false
  }

  /** Returns how many of `count` bytes may be sent now. If that is not all, `ready` is called in the next slot. */
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

  /** Returns the bytes of a slot. Slots of a rate that is not divisible by ten add up to it. */
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
