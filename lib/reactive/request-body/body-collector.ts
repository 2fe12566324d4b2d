/**
 * Collects a whole body in memory, up to a limit.
 *
 * Strategy: chunks are lent and copied into one array that doubles, up to the announced length: memory for the chunks
 * themselves would cost more than the copies. With a list of chunks, a client that sends single bytes would cost us an
 * object per byte, about a hundred times the limit. With an array of the announced length at once, a client would cost
 * us that for a head alone.
 */
import { copyBytes, NO_BYTES, ownBytes } from '../../buffer/bytes.js'
import { gaveMemory } from '../../buffer/given-memory.js'
import type { Ownership } from '../../buffer/ownership.js'
import type { BodyReader } from '../../connection/body-reader.js'
import { RemoteProtocolError } from '../../errors.js'
import { BodyReading } from './body-reading.js'

/** The limit in bytes, and the announced Content-Length (null if there is none). */
export interface BodySize {
  readonly limit: number
  readonly contentLength: number | null
}

/** Receives the body: exactly one method is called, once; none if the reader is closed before. */
export interface BytesTaker {
  /** Receives and owns all bytes. Its exceptions go to `error`. */
  value(bytes: Uint8Array): void
  error(error: unknown): void
}

/** Reads the body to its end. Beyond the limit it closes the reader and fails with contentTooLarge. */
export function collectBody(reader: BodyReader, size: BodySize, whole: BytesTaker): void {
  const collector = new BodyCollector(reader, size, whole)
  if ((size.contentLength ?? 0) > size.limit) collector.refuse()
  else collector.read()
}

class BodyCollector extends BodyReading {
  readonly wanted: Ownership
  private readonly size: BodySize
  private readonly whole: BytesTaker
  private bytes: Uint8Array
  private length: number

  constructor(reader: BodyReader, size: BodySize, whole: BytesTaker) {
    super(reader)
    this.wanted = 'lent'
    this.size = size
    this.whole = whole
    this.bytes = NO_BYTES
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
    this.append(bytes)
    this.length += bytes.length
    this.read()
  }

  onEof(): void {
    try {
      this.whole.value(this.length === 0 ? ownBytes(NO_BYTES) : this.bytes.subarray(0, this.length))
    } catch (error) {
      this.whole.error(error)
    }
  }

  onError(error: unknown): void {
    this.whole.error(error)
  }

  private append(bytes: Uint8Array): void {
    const { contentLength } = this.size
    const length = this.length + bytes.length
    // A body that announces no length often has one chunk.
    if (this.length === 0 && (contentLength ?? length) === length) {
      this.bytes = copyBytes(bytes, 0, length)
      gaveMemory(length)
      return
    }
    if (length > this.bytes.length) this.grow(length)
    this.bytes.set(bytes, this.length)
  }

  private grow(length: number): void {
    const grown = new Uint8Array(Math.max(length, Math.min(2 * length, this.size.contentLength ?? this.size.limit)))
    gaveMemory(grown.length)
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
