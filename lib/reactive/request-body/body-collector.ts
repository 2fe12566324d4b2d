/**
 * Collects a whole body in memory, up to a limit.
 *
 * Strategy: a body of one chunk is passed on uncopied. From the second chunk on, bytes are copied into one array that
 * doubles: with a list of chunks, a client that sends single bytes would cost us an object per byte, about a hundred
 * times the limit.
 */
import type { BodyReader } from '../../connection/body-reader.js'
import { RemoteProtocolError } from '../../errors.js'
import { BodyReading } from './body-reading.js'

/** The limit in bytes, and the announced Content-Length (null if there is none). */
export interface BodySize {
  readonly limit: number
  readonly contentLength: number | null
}

/** Receives the body: exactly one method is called, once; none if the reader is closed before. */
export interface WholeBody {
  /** Receives and owns all bytes. Its exceptions go to `error`. */
  value(bytes: Uint8Array): void
  error(error: unknown): void
}

/** Reads the body to its end. Beyond the limit it closes the reader and fails with contentTooLarge. */
export function collectBody(reader: BodyReader, size: BodySize, whole: WholeBody): void {
  const collector = new BodyCollector(reader, size, whole)
  if ((size.contentLength ?? 0) > size.limit) collector.refuse()
  else collector.read()
}

const NONE = new Uint8Array(0)

class BodyCollector extends BodyReading {
  private readonly size: BodySize
  private readonly whole: WholeBody
  private bytes: Uint8Array
  private length: number

  constructor(reader: BodyReader, size: BodySize, whole: WholeBody) {
    super(reader)
    this.size = size
    this.whole = whole
    this.bytes = NONE
    this.length = 0
  }

  refuse(): void {
    this.reader.close()
    this.whole.error(new RemoteProtocolError('contentTooLarge', this.size.limit))
  }

  onRead(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.size.limit) {
      this.refuse()
      return
    }
    if (this.length === 0) this.bytes = bytes
    else this.append(bytes)
    this.length += bytes.length
    this.read()
  }

  onEof(): void {
    try {
      this.whole.value(this.bytes.length === this.length ? this.bytes : this.bytes.subarray(0, this.length))
    } catch (error) {
      this.whole.error(error)
    }
  }

  onError(error: unknown): void {
    this.whole.error(error)
  }

  private append(bytes: Uint8Array): void {
    const length = this.length + bytes.length
    if (length > this.bytes.length) this.grow(length)
    this.bytes.set(bytes, this.length)
  }

  private grow(length: number): void {
    const grown = new Uint8Array(Math.max(length, Math.min(2 * length, this.size.contentLength ?? this.size.limit)))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
