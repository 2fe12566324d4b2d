/**
 * A text for many bodies: measured, encoded and framed once.
 *
 * Strategy: an output queue holds latin-1 text, one character a byte, until bytes are written to it. So the UTF-8 of
 * the text is kept in that form, and all queues share it; a text of some size as bytes, which no queue copies. A long
 * text is not encoded here: it would be held twice.
 */
import { decodeLatin1 } from '../buffer/latin1.js'
import { isLong } from '../buffer/long-text.js'
import { utf8Length, writeUtf8 } from '../buffer/utf8.js'
import { chunkEnd, chunkStart } from '../wire/chunk-serializer.js'

/** Longer texts are shared as bytes: a queue joins shorter ones. 16 KiB to 1,000 clients take half of the CPU. */
const CHARACTERS = 4 * 1024

/** A text of a body, for any number of bodies. */
export class PreparedText {
  readonly text: string
  /** How many bytes it has in UTF-8. */
  readonly size: number
  private encoded: string
  private framed: string
  private chunked: Uint8Array | null

  constructor(text: string) {
    this.text = text
    this.size = utf8Length(text)
    this.encoded = ''
    this.framed = ''
    this.chunked = null
  }

  /** Whether it is encoded part by part. */
  get isLong(): boolean {
    return isLong(this.text)
  }

  /** Whether it is shared as bytes. */
  get isLarge(): boolean {
    return this.size > CHARACTERS
  }

  /** Its UTF-8, one character a byte. */
  get bytes(): string {
    if (this.encoded === '') this.encoded = this.size === this.text.length ? this.text : encode(this.text, this.size)
    return this.encoded
  }

  /** {@link bytes} as one chunk of the chunked coding. It must not be empty. */
  get chunk(): string {
    if (this.framed === '') this.framed = chunkStart(this.size) + this.bytes + chunkEnd
    return this.framed
  }

  /** {@link chunk} as bytes, which must not be changed. */
  get chunkBytes(): Uint8Array {
    this.chunked ??= bytesOf(chunkStart(this.size), this.text, this.size)
    return this.chunked
  }
}

function bytesOf(start: string, text: string, size: number): Uint8Array {
  const bytes = new Uint8Array(start.length + size + chunkEnd.length)
  writeUtf8(bytes, start + text + chunkEnd, 0)
  return bytes
}

function encode(text: string, size: number): string {
  const bytes = new Uint8Array(size)
  writeUtf8(bytes, text, 0)
  return decodeLatin1(bytes, 0, size)
}
