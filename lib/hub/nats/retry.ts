/**
 * Attempts that are made again: how long between them, and what there is no sense in trying again.
 */
import { delay } from '@nats-io/transport-node'

const FIRST_MS = 50
const LONGEST_MS = 1_000

/** Errors by which the broker, or the way to it, is not there just now; by their names. */
const PASSING = new Set(['TimeoutError', 'RequestError', 'NoResponders', 'ConnectionError', 'JetStreamNotEnabled'])

/** Whether an attempt may succeed later. */
export function isPassing(error: unknown): boolean {
  const { name, status } = error as { name?: string; status?: number }
  return PASSING.has(String(name)) || status === 503
}

/** The time between attempts: longer each time, until one succeeds; cut short at the end. */
export class Pause {
  private time: number
  private waits: ReturnType<typeof delay> | null
  private isOver: boolean

  constructor() {
    this.time = FIRST_MS
    this.waits = null
    this.isOver = false
  }

  /** An attempt succeeded. */
  reset(): void {
    this.time = FIRST_MS
  }

  /** Waits. */
  async wait(): Promise<void> {
    if (this.isOver) return
    this.waits = delay(this.time)
    this.time = Math.min(2 * this.time, LONGEST_MS)
    // One that is cancelled rejects.
    await this.waits.catch(() => { /* The end has come. */ })
  }

  /** There will be no more attempts. */
  end(): void {
    this.isOver = true
    this.waits?.cancel()
  }
}
