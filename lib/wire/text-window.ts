/**
 * The input of one read as text.
 *
 * Strategy: heads are walked as bytes, and names and values are noted as positions in a text. Crossing into C++ for
 * each name and value costs more than the walk, so one piece of the input is decoded, once for all heads in it, and
 * strings are cut out of that. The text is dropped when the read ends, because the caller may then reuse the bytes.
 */
import { decodeLatin1 } from '../buffer/latin1.js'

/** The least that is decoded at once, in bytes: several small heads; a large body behind a head wastes little of it. */
const SMALLEST_WINDOW = 4096

/** A piece of the input, decoded as latin-1: character `i` is byte `base + i`. */
export class TextWindow {
  text: string
  private base: number

  constructor() {
    this.text = ''
    this.base = 0
  }

  /** Returns the byte that positions in the text are counted from, for a part that starts at `off`. */
  anchor(off: number): number {
    if (off < this.base || off >= this.base + this.text.length) {
      this.base = off
      this.text = ''
    }
    return this.base
  }

  /** Makes the text cover the bytes before `needed`, and perhaps more, up to `end`. */
  cover(bytes: Uint8Array, needed: number, end: number): void {
    const { base } = this
    if (base + this.text.length >= needed) return
    this.text = decodeLatin1(bytes, base, Math.max(needed, Math.min(end, base + SMALLEST_WINDOW)))
  }

  /** Drops the text: the bytes that it was decoded from may change now. */
  release(): void {
    this.text = ''
  }
}
