/**
 * Retries: which errors are worth another attempt, and how long to wait before it.
 */
import { delay } from '@nats-io/transport-node'

const FIRST_MS = 50
const LONGEST_MS = 1_000

/** The names of errors that mean that the broker, or the connection to it, is temporarily unavailable. */
const PASSING = new Set(['TimeoutError', 'RequestError', 'NoResponders', 'ConnectionError', 'JetStreamNotEnabled'])

/** The broker's code for a message that the stream does not store: it is full, or the disk failed. */
const STORE_FAILED = 10_077

/** Whether another attempt may succeed after this error. */
export function isPassing(error: unknown): boolean {
  const { name, status, code, message } = error as { name?: string; status?: number; code?: number; message?: string }
  // A full stream that discards new messages stays full; the broker says so with a status of 503.
  if (code === STORE_FAILED && message?.startsWith('maximum ') === true) return false
  return PASSING.has(String(name)) || status === 503
}

/** The pause between attempts: doubled each time, up to a limit, until one succeeds; {@link end} cuts it short. */
export class Pause {
  private time: number
  private waits: ReturnType<typeof delay> | null
  private isOver: boolean

  constructor() {
    this.time = FIRST_MS
    this.waits = null
    this.isOver = false
  }

  /** Starts again with the shortest pause, after an attempt that succeeded. */
  reset(): void {
    this.time = FIRST_MS
  }

  /** Resolves after the next pause. */
  async wait(): Promise<void> {
    if (this.isOver) return
    this.waits = delay(this.time)
    this.time = Math.min(2 * this.time, LONGEST_MS)
    // A cancelled delay rejects.
    await this.waits.catch(() => { /* The end has come. */ })
  }

  /** Ends this pause and all later ones at once. */
  end(): void {
    this.isOver = true
    this.waits?.cancel()
  }
}
