/**
 * A long text in an output queue: encoded in parts, as the transport takes them.
 *
 * Strategy: the queue holds the string itself, which many queues may share. Parts are cut between two characters, so
 * that the encoded parts together equal the encoded whole.
 */
import { writeLatin1 } from './latin1.js'
import { isHighSurrogate, isLowSurrogate, utf8Length, writeUtf8 } from './utf8.js'

/**
 * The number of UTF-16 units of a part. 200 clients that do not read a body of 8 MiB hold 25 MiB with parts, and
 * 1.6 GiB without.
 */
const PART_UNITS = 128 * 1024

/** Whether a text has more than one part, so that encoding it later saves memory. */
export function isLong(text: string): boolean {
  return text.length > PART_UNITS
}

/** The rest of a text that is encoded in parts. */
export class LongText {
  private readonly text: string
  private readonly isLatin1: boolean
  private off: number

  /** `isLatin1`: each character is one byte, else the text is sent in UTF-8. */
  constructor(text: string, isLatin1: boolean) {
    this.text = text
    this.isLatin1 = isLatin1
    this.off = 0
  }

  /** Returns the bytes of the next part: at least one, as long as there is text. */
  nextPart(): Uint8Array {
    const { text, off } = this
    this.off = partEnd(text, off)
    const part = text.substring(off, this.off)
    const bytes = new Uint8Array(this.isLatin1 ? part.length : utf8Length(part))
    if (this.isLatin1) writeLatin1(bytes, part, 0)
    else writeUtf8(bytes, part, 0)
    return bytes
  }
}

/** Where the part that begins at `off` ends: not between the two surrogates of a character. */
function partEnd(text: string, off: number): number {
  const end = off + PART_UNITS
  if (end >= text.length) return text.length
  return isHighSurrogate(text.charCodeAt(end - 1)) && isLowSurrogate(text.charCodeAt(end)) ? end - 1 : end
}
