/**
 * A text for many bodies: measured, encoded and framed once.
 *
 * Strategy: an output queue holds latin-1 text, one character a byte, until bytes are written to it. So the UTF-8 of
 * the text is kept in that form, and all queues share it. A long text is not encoded here: it would be held twice.
 */
import { decodeLatin1 } from '../buffer/latin1.js'
import { isLong } from '../buffer/long-text.js'
import { utf8Length, writeUtf8 } from '../buffer/utf8.js'
import { chunkEnd, chunkStart } from '../wire/chunk-serializer.js'

/** A text of a body, for any number of bodies. */
export class PreparedText {
  readonly text: string
  /** How many bytes it has in UTF-8. */
  readonly size: number
  private encoded: string
  private framed: string

  constructor(text: string) {
    this.text = text
    this.size = utf8Length(text)
    this.encoded = ''
    this.framed = ''
  }

  /** Whether it is encoded part by part. */
  get isLong(): boolean {
    return isLong(this.text)
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
}

function encode(text: string, size: number): string {
  const bytes = new Uint8Array(size)
  writeUtf8(bytes, text, 0)
  return decodeLatin1(bytes, 0, size)
}
