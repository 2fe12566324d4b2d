/**
 * The input of one read as text.
 *
 * Strategy: crossing into C++ for each little slice costs more than the parse itself, so a window of the input is
 * decoded once and every head that stands in it is walked on the same string. The window is dropped when the read
 * ends, because the caller may then reuse the bytes.
 */
import { decodeLatin1 } from '../buffer/latin1.js'

/** How many bytes are decoded at first: several small heads, and little waste where a large body follows the head. */
const FIRST_WINDOW = 4096

/** A piece of the input, decoded as latin-1. */
export class TextWindow {
  /** The decoded text: character `i` is byte `base + i` of the input. */
  text: string
  private base: number

  constructor() {
    this.text = ''
    this.base = 0
  }

  /**
   * Makes the window cover some bytes from `off` on, and says where `off` is in {@link text}.
   *
   * @returns an index into {@link text}; at least one byte stands there if `off < end`
   */
  cover(bytes: Uint8Array, off: number, end: number): number {
    const at = off - this.base
    if (at >= 0 && at < this.text.length) return at
    return this.decode(bytes, off, Math.min(end, off + FIRST_WINDOW))
  }

  /** Decodes anew from `off`, at least four times as much as now stands behind `off`, as far as there is more. */
  widen(bytes: Uint8Array, off: number, end: number): number {
    const covered = this.base + this.text.length - off
    return this.decode(bytes, off, Math.min(end, off + Math.max(FIRST_WINDOW, 4 * covered)))
  }

  /** Whether the window reaches to `end`. */
  reaches(end: number): boolean {
    return this.base + this.text.length >= end
  }

  /** The text without what stands behind `end`: only where a limit lies within the window is that not all of it. */
  textUpTo(end: number): string {
    const length = end - this.base
    return this.text.length > length ? this.text.substring(0, length) : this.text
  }

  /** Forgets the text: the bytes behind it may change now. */
  release(): void {
    this.text = ''
  }

  private decode(bytes: Uint8Array, off: number, end: number): number {
    this.base = off
    this.text = decodeLatin1(bytes, off, end)
    return 0
  }
}
