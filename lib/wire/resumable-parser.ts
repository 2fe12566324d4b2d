/**
 * The base of the parsers of a request line and of a field section: the search for the end, and the limit.
 *
 * Strategy: only the search for the end is resumable; the parse itself runs over bytes that are there, with no state of
 * its own. The first attempt walks the bytes at hand, which are nearly always the whole part. Where it finds no end,
 * later bytes are searched for one (each byte once, so a head that arrives byte by byte costs linear time), and the
 * walk runs again only when an end was seen, the limit was reached, or the input is over. The result of a walk depends
 * on the bytes alone, never on how they were cut into reads.
 *
 * It deliberately keeps no input: bytes that it does not consume must be offered again with what follows.
 */
import type { RemoteErrorCode } from '../errors.js'
import type { TextWindow } from './text-window.js'

/** The result of `scan` if the bytes are valid so far but incomplete, or if it noted a fault. */
export const INCOMPLETE = -1

/** A parser of one part of a head, from offered bytes, with a limit. */
export abstract class ResumableParser {
  /** Why the input can't be parsed, or null. Nothing may be parsed after a fault. */
  fault: RemoteErrorCode | null
  /** The number of valid bytes of the part before the fault. */
  faultOffset: number
  /** Whether the last {@link parse} consumed the whole part. */
  isComplete: boolean
  protected readonly window: TextWindow
  /** How many bytes the part may have. */
  private budget: number
  /** How many of the bytes at the current offset are known to hold no end. */
  private searched: number

  constructor(window: TextWindow) {
    this.fault = null
    this.faultOffset = 0
    this.isComplete = false
    this.window = window
    this.budget = 0
    this.searched = 0
  }

  /** Whether no byte of the part was offered. */
  get isFresh(): boolean {
    return this.searched === 0
  }

  /** Starts a new part of at most `budget` bytes. */
  begin(budget: number): void {
    this.budget = budget
    this.searched = 0
    this.isComplete = false
  }

  /** Parses the part in `bytes[off, end)`. Returns how many bytes it consumed: all of the part's, or none. */
  parse(bytes: Uint8Array, off: number, end: number): number {
    if (this.searched > 0 && !this.isWorthParsing(bytes, off, end)) return 0
    return this.walk(bytes, off, end)
  }

  /** Says that nothing follows `bytes[off, end)`: the part is at fault, if only because it is not complete. */
  parseEof(bytes: Uint8Array, off: number, end: number): void {
    this.walk(bytes, off, end)
    if (this.fault !== null) return
    this.fault = 'unexpectedEof'
    this.faultOffset = end - off
  }

  /** Drops the text of the input. To be called when a read ends: the caller may reuse the bytes. */
  release(): void {
    this.window.release()
  }

  /** Walks the part that starts at `off`, up to `limit`. Returns the index behind it, or {@link INCOMPLETE}. */
  protected abstract scan(bytes: Uint8Array, off: number, limit: number): number

  /** Whether an end, or a line that can't be valid, is in `bytes[from, end)` of a part that starts at `off`. */
  protected abstract showsEnd(bytes: Uint8Array, off: number, from: number, end: number): boolean

  /** The fault of a part that is incomplete at its limit, with `bytes[off, limit)`. */
  protected abstract tooLarge(bytes: Uint8Array, off: number, limit: number): RemoteErrorCode

  /** Notes a fault at `bytes[at]` and returns {@link INCOMPLETE}. */
  protected fail(code: RemoteErrorCode, at: number): number {
    this.fault = code
    this.faultOffset = at
    return INCOMPLETE
  }

  private isWorthParsing(bytes: Uint8Array, off: number, end: number): boolean {
    const from = off + this.searched
    this.searched = end - off
    return this.searched >= this.budget || this.showsEnd(bytes, off, from, end)
  }

  private walk(bytes: Uint8Array, off: number, end: number): number {
    const limit = Math.min(end, off + this.budget)
    const next = this.scan(bytes, off, limit)
    if (next !== INCOMPLETE) return this.complete(next - off)
    if (this.fault === null) this.wait(bytes, off, end)
    else this.faultOffset -= off
    return 0
  }

  private complete(size: number): number {
    this.isComplete = true
    return size
  }

  /** Waits for more bytes, or notes a fault where the limit allows none. */
  private wait(bytes: Uint8Array, off: number, end: number): void {
    this.searched = end - off
    if (this.searched < this.budget) return
    this.fault = this.tooLarge(bytes, off, off + this.budget)
    this.faultOffset = this.budget
  }
}
