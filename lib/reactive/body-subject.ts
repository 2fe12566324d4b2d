/**
 * The body of a streamed response as a controlled subject: what `respondWithStreaming` returns.
 *
 * Strategy: a subject over a `Body.Writer`. The writer's queue is the only queue; the subject adds the demand.
 */
import type { BodyWriter } from '../connection/body-writer.js'
import type { Headers } from '../message/headers.js'
import { isBytes, type Chunk } from './chunk.js'
import { ControlledSubject, type ControlledSink } from './controlled-subject.js'
import { NO_DROPS, type Drops } from './drops.js'

/** How much may wait, in bytes. */
export interface Marks {
  readonly highWaterMark: number
  readonly lowWaterMark: number
}

/** A body in the making: an Observer of chunks, with demand. Bytes written belong to the server from then on. */
export class BodySubject extends ControlledSubject<Chunk> {
  /** @internal */
  readonly bodySink: BodySink

  /** @internal */
  constructor(sink: BodySink) {
    super(sink, sink.marks)
    this.bodySink = sink
    sink.subject = this
  }

  /** Whether nothing is sent, whatever is written: the response is to HEAD, or a 204 or 304. */
  get isBodiless(): boolean {
    return this.bodySink.writer.isBodiless
  }
}

/**
 * Bytes up to this size are copied: a view of some bytes would hold a whole buffer, and leave in a write of its own.
 */
const COPY_LIMIT = 2048

/** Whose body it is. */
interface BodyOwner {
  /** The body failed. */
  reportExn(error: unknown): void
  /** Offers the transport what waits. Returns false where that cannot say yet what it took. */
  offerOutput(): boolean
  /** The client was too slow for a value. */
  dropped(drops: Drops): void
  /** What fed the body failed when that changes nothing any more. */
  reportLate(error: unknown): void
}

/** The writer of a body, as a sink. */
export class BodySink implements ControlledSink<Chunk> {
  readonly writer: BodyWriter
  readonly marks: Marks
  /** Whether chunks are only lent, so that all are copied. */
  isLent: boolean
  /** Makes the trailers when the body is complete. */
  trailers: (() => Headers) | null
  subject: BodySubject | null
  private readonly owner: BodyOwner
  private drops: Drops

  constructor(writer: BodyWriter, marks: Marks, owner: BodyOwner) {
    this.writer = writer
    this.marks = marks
    this.isLent = false
    this.trailers = null
    this.subject = null
    this.owner = owner
    this.drops = NO_DROPS
  }

  get pending(): number {
    return this.writer.pendingBytes
  }

  write(chunk: Chunk): void {
    if (typeof chunk === 'string') this.writer.writeString(chunk)
    else if (!isBytes(chunk)) throw new TypeError('a body is made of strings and Uint8Arrays')
    else if (this.isLent || chunk.length <= COPY_LIMIT) this.writer.writeBytes(chunk)
    else this.writer.scheduleBytes(chunk)
  }

  complete(): void {
    const { subject, writer } = this
    writer.close(this.trailers?.())
    writer.flush(result => subject?.closed(result === 'written' ? 'done' : 'aborted'))
  }

  error(error: unknown): void {
    this.owner.reportExn(error)
  }

  flush(): boolean {
    return this.owner.offerOutput()
  }

  dropped(size: number): void {
    this.drops = { count: this.drops.count + 1, bytes: this.drops.bytes + size }
    this.owner.dropped(this.drops)
  }

  report(error: unknown): void {
    this.owner.reportExn(error)
  }

  /** Reports an error that changes nothing any more: the body has ended. */
  reportLate(error: unknown): void {
    this.owner.reportLate(error)
  }

  /** Whether less than the high-water mark waits. */
  get hasRoom(): boolean {
    return this.pending < this.marks.highWaterMark
  }

  /** Calls back once when there is much room again: when at most the low-water mark waits. */
  whenReady(callback: () => void): void {
    this.whenDrained(this.marks.lowWaterMark, callback)
  }

  whenDrained(mark: number, callback: () => void): void {
    this.writer.whenDrained(mark, callback)
  }
}
