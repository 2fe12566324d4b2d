/**
 * Sends a client's bytes to the server, at once or at a rate.
 */
import type { SchedulerLike } from 'rxjs'
import { Bandwidth } from './bandwidth.js'
import type { Arrival } from './test-transport.js'

/** Sends in order, as fast as the rate allows. */
export class Uplink {
  private readonly arrive: (arrival: Arrival) => void
  private readonly bandwidth: Bandwidth
  private queue: Arrival[]

  constructor(scheduler: SchedulerLike, bytesPerSecond: number, arrive: (arrival: Arrival) => void) {
    this.arrive = arrive
    this.bandwidth = new Bandwidth(scheduler, bytesPerSecond, () => { this.flush() })
    this.queue = []
  }

  /** Queues an action of the client. A half-close follows the queued bytes; a reset discards them. */
  send(arrival: Arrival): void {
    if (arrival === 'reset') this.queue = [arrival]
    else this.queue.push(arrival)
    this.flush()
  }

  private flush(): void {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      const count = typeof next === 'string' ? 0 : this.bandwidth.take(next.length)
      if (typeof next === 'string' || count === next.length) {
        this.arrive(next)
        continue
      }
      if (count > 0) this.arrive(next.subarray(0, count))
      this.queue.unshift(next.subarray(count))
      return
    }
  }
}
