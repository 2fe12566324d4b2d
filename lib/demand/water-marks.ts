/**
 * The water marks of a queue, and the room that a source has below them.
 *
 * Strategy: the owner of a queue settles the options into {@link Marks} once, and all sources of the queue share that
 * object. A source that writes whenever there is room asks a {@link Room}, which has hysteresis: a queue that was
 * filled to the high-water mark has no room until it has drained to the low-water mark, so that its source is not woken
 * for each write that leaves.
 */
import { LocalProtocolError } from '../errors.js'

/** How much may wait at a controlled subject, in the unit of its sink. */
export interface WaterMarks {
  /** The demand fills the sink up to this mark; with more pending, `write` returns false. 16 KiB unless given. */
  readonly highWaterMark?: number | undefined
  /**
   * When the sink has drained to this mark, the next demand is emitted. Below the high-water mark, and half of it
   * unless given.
   */
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
 * Returns the marks with their defaults: the same object, if it has both.
 *
 * @throws {@link LocalProtocolError} badRange: not 0 <= lowWaterMark < highWaterMark
 */
export function settledMarks(options: WaterMarks = {}): Marks {
  const { highWaterMark = DEFAULT_HIGH_WATER_MARK, lowWaterMark = halfOf(highWaterMark) } = options
  if (!(lowWaterMark >= 0 && lowWaterMark < highWaterMark)) {
    throw new LocalProtocolError('badRange',
      `lowWaterMark must be less than highWaterMark, which is ${highWaterMark}, not ${lowWaterMark}, and at least 0`)
  }
  return isSettled(options) ? options : { highWaterMark, lowWaterMark }
}

/** Half of a mark, which may be Infinity. */
function halfOf(mark: number): number {
  return Math.floor(Math.min(mark, Number.MAX_SAFE_INTEGER) / 2)
}

function isSettled(options: WaterMarks): options is Marks {
  return options.highWaterMark !== undefined && options.lowWaterMark !== undefined
}

/** A queue that tells when it has drained. */
export interface Drained {
  /** How many bytes (or items) wait. */
  readonly pending: number
  /** Calls back once when at most `mark` bytes (or items) wait. */
  whenDrained(mark: number, callback: () => void): void
}

/** The room in a queue, for one source. */
export class Room {
  protected readonly queue: Drained
  protected readonly marks: Marks
  private readonly drained: () => void
  private isWaiting: boolean

  /** `drained` is called when there is room again after {@link wanted} returned 0. */
  constructor(queue: Drained, marks: Marks, drained: () => void) {
    this.queue = queue
    this.marks = marks
    this.drained = drained
    this.isWaiting = false
  }

  /** Returns the room: 0 where the queue is full, or was full and has not drained to the low-water mark since. */
  wanted(): number {
    if (this.isWaiting) return 0
    const room = this.limit() - this.queue.pending
    if (room > 0) return room
    this.wait()
    return 0
  }

  /** Returns how much may wait now. */
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
