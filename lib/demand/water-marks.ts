/**
 * The two marks of a queue: how much may wait in it, and how little must wait before more is wanted.
 *
 * Strategy: options are settled into {@link Marks} once, by whoever makes the queue, and all who write to it share that
 * object. A source that writes whenever there is room asks a {@link Room}. Between the two marks the answer depends on
 * what happened before: a queue that was filled has no room until it has drained to the low mark, so that its source is
 * not woken for each byte that leaves.
 */
import { LocalProtocolError } from '../errors.js'

/** How much a controlled subject lets wait, in the unit of its sink. */
export interface WaterMarks {
  /** Above it `write` answers false; up to it demand goes. 16 KiB unless given. */
  readonly highWaterMark?: number | undefined
  /** Drained to it, the next demand is made: below the high-water mark, and half of it unless given. */
  readonly lowWaterMark?: number | undefined
}

/** Both marks: 0 <= lowWaterMark < highWaterMark. */
export interface Marks {
  readonly highWaterMark: number
  readonly lowWaterMark: number
}

/** The high-water mark where none is given. */
export const DEFAULT_HIGH_WATER_MARK = 16_384

/**
 * Returns the marks with their defaults: the object itself where it has both.
 *
 * @throws {@link LocalProtocolError} badRange: not 0 <= lowWaterMark < highWaterMark
 */
export function settledMarks(options: WaterMarks = {}): Marks {
  const { highWaterMark = DEFAULT_HIGH_WATER_MARK, lowWaterMark = Math.floor(highWaterMark / 2) } = options
  if (!(lowWaterMark >= 0 && lowWaterMark < highWaterMark)) {
    throw new LocalProtocolError('badRange', 'the water marks must be 0 <= lowWaterMark < highWaterMark')
  }
  return isSettled(options) ? options : { highWaterMark, lowWaterMark }
}

function isSettled(options: WaterMarks): options is Marks {
  return options.highWaterMark !== undefined && options.lowWaterMark !== undefined
}

/** Returns the low-water mark of a response where none is given. The high one may be without bound. */
export function lowWaterMarkOf(highWaterMark: number): number {
  return Math.floor(Math.min(highWaterMark, Number.MAX_SAFE_INTEGER) / 2)
}

/** A queue that is written to, as far as a {@link Room} needs to know it. */
export interface Drained {
  /** How much waits. */
  readonly pending: number
  /** Calls back once when at most `mark` waits. */
  whenDrained(mark: number, callback: () => void): void
}

/** The room that one source has in a queue. */
export class Room {
  protected readonly queue: Drained
  protected readonly marks: Marks
  private readonly drained: () => void
  private isWaiting: boolean

  /** `drained` is called when there is room again after {@link wanted} answered that there is none. */
  constructor(queue: Drained, marks: Marks, drained: () => void) {
    this.queue = queue
    this.marks = marks
    this.drained = drained
    this.isWaiting = false
  }

  /** How much there is room for; 0 where the queue is full, or has not drained to the low-water mark since. */
  wanted(): number {
    if (this.isWaiting) return 0
    const room = this.limit() - this.queue.pending
    if (room > 0) return room
    this.wait()
    return 0
  }

  /** How much may wait now. */
  protected limit(): number {
    return this.marks.highWaterMark
  }

  private wait(): void {
    this.isWaiting = true
    this.queue.whenDrained(this.marks.lowWaterMark, () => {
      this.isWaiting = false
      this.drained()
    })
  }
}
