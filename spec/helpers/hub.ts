/**
 * A hub of numbers, and subscribers that log what they get: at once, or as the test takes events.
 */
import { offering, Waiting, type Offer } from '../../lib/demand/offer.js'
import { Hub, isGap, type HubEvent, type HubGap, type HubOptions, type SubscribeOptions } from '../../lib/hub/index.js'

/** A hub whose ids begin with `e`. */
export const hubOf = (options: HubOptions = {}): Hub<number> => new Hub<number>({ epoch: 'e', ...options })

/** The log of a subscriber: data, gaps, the end. */
export function heard(hub: Hub<number>, options?: SubscribeOptions): unknown[] {
  const log: unknown[] = []
  hub.subscribe(options).subscribe({
    next: event => { log.push(shown(event)) },
    error: (error: Error) => { log.push(error.name) },
    complete: () => { log.push('end') },
  })
  return log
}

/** What a log has of an event. */
function shown(event: HubEvent<number> | HubGap): unknown {
  if (!isGap(event)) return event.data
  const { after, next, missed } = event.data
  return `gap ${after} to ${next}: ${missed}`
}

/** A demand controlled by a test, and a subscriber that respects it. */
export class Taker implements Offer {
  wanted = 0
  readonly log: unknown[] = []
  private readonly waiting = new Waiting()
  private readonly stop: () => void

  constructor(hub: Hub<number>, options?: SubscribeOptions) {
    const subscription = offering(this, () => hub.subscribe(options).subscribe({
      next: event => {
        this.wanted--
        this.log.push(shown(event))
      },
      error: (error: Error) => { this.log.push(error.name, (error as { waiting?: number }).waiting) },
      complete: () => { this.log.push('end') },
    }))
    this.stop = () => { subscription.unsubscribe() }
  }

  whenWanted(callback: () => void): () => void { return this.waiting.add(callback) }
  enter(): number { return 0 }
  leave(): void { /* Nobody counts. */ }
  reportLate(): void { /* Nothing is late. */ }
  ahead(): void { /* Nothing is held. */ }

  take(count: number): this {
    this.wanted += count
    this.waiting.notify(() => this.wanted > 0)
    return this
  }

  leaves(): void { this.stop() }
}
