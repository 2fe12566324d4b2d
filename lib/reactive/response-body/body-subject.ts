/**
 * The body of a streamed response as a controlled subject: what `respondWithStreaming` returns.
 *
 * Strategy: a subject over a `Body.Writer`. The writer's queue is the only queue; the subject adds the demand. Writes
 * without demand are bounded: when 1 MiB that was written above the high-water mark is pending even after it was
 * offered to the transport, the response is cut.
 */
import { isCopied } from '../../buffer/copying.js'
import type { Ownership } from '../../buffer/ownership.js'
import type { BodyWriter } from '../../connection/body-writer.js'
import { chunkSize, isBytes, type Chunk } from '../../demand/chunk.js'
import { ControlledSubject, type ControlledSink, type SinkWatcher } from '../../demand/controlled-subject.js'
import type { Consumer } from '../../demand/consumer.js'
import { NO_DROPS, withDrop, type BodyEvent, type Drops } from '../../demand/drops.js'
import { Excess } from '../../demand/excess.js'
import type { Ahead } from '../../demand/tally.js'
import type { Marks } from '../../demand/water-marks.js'
import { BackpressureError } from '../../errors.js'
import type { Headers } from '../../message/headers.js'

/**
 * The body of a streamed response: an Observer of chunks, with demand. Bytes that were written belong to the server. If
 * the handler keeps writing although {@link write} returns false, the response is cut with a {@link BackpressureError}
 * when the client is 1 MiB behind.
 */
export class BodySubject extends ControlledSubject<Chunk> {
  /** @internal */
  readonly bodySink: BodySink
  /** Bounds writes above the high-water mark; null where the writer is known to respect the demand. */
  private excess: Excess | null

  /** @internal */
  constructor(sink: BodySink, marks: Marks) {
    super(sink, marks)
    this.bodySink = sink
    this.excess = null
  }

  /** @internal Bounds writes without demand: beyond 1 MiB the response is cut. */
  bounded(): this {
    this.excess = new Excess()
    return this
  }

  override write(chunk: Chunk): boolean {
    if (this.excess !== null && !this.admits(chunk, this.excess)) return false
    return super.write(chunk)
  }

  /** Completes the body. One that is shorter than its Content-Length fails: see {@link ControlledSubject.next}. */
  override complete(): void {
    try {
      super.complete()
    } catch (error) {
      this.bodySink.error(error)
    }
  }

  /** Whether the body is never sent: the response is to HEAD, or a 204 or 304. */
  get isBodiless(): boolean {
    return this.bodySink.writer.isBodiless
  }

  private admits(chunk: Chunk, excess: Excess): boolean {
    const { highWaterMark } = this.marks
    if (this.pending <= highWaterMark || this.isClosed) return true
    const size = chunkSize(chunk)
    if (excess.takes(size, this.pending, highWaterMark)) return true
    this.flush()
    return excess.takes(size, this.pending, highWaterMark) || this.refuse()
  }

  private refuse(): false {
    const { pending } = this
    this.error(new BackpressureError(
      `${pending} bytes wait for the client, and more were written. When write() returns false, wait for ready$; or `
      + 'use as the body a source that can be paused (an iterable, a stream, pulled()), or an Observable with an '
      + 'overflow policy',
      pending,
    ))
    return false
  }
}

/** The request whose response the body belongs to. */
interface BodyOwner {
  /** Reports that the body failed. */
  reportExn(error: unknown): void
  /** Offers the pending bytes to the transport. Returns false where it cannot tell yet how much it took. */
  offerOutput(): boolean
  /** A value was dropped, or operators hold values. */
  happened(event: BodyEvent): void
  /** Reports an error that came after the body had ended. */
  reportLate(error: unknown): void
}

/**
 * The sink of a body subject: a `Body.Writer`, whose names are those of http/af, with what the core does not know of:
 * who owns the chunks, trailers that are made at the end, dropped values, and errors, which go to the request.
 */
export class BodySink implements ControlledSink<Chunk>, Consumer {
  readonly writer: BodyWriter
  /** The ownership of written chunks: `lent` chunks are always copied. */
  ownership: Ownership
  /** Called for the trailers when the body is complete. */
  trailers: (() => Headers) | null
  private readonly owner: BodyOwner
  private watcher: SinkWatcher | null
  private drops: Drops

  constructor(writer: BodyWriter, owner: BodyOwner) {
    this.writer = writer
    this.ownership = 'owned'
    this.trailers = null
    this.owner = owner
    this.watcher = null
    this.drops = NO_DROPS
  }

  get pending(): number {
    return this.writer.pendingBytes
  }

  write(chunk: Chunk): void {
    if (typeof chunk === 'string') this.writer.writeString(chunk)
    else if (!isBytes(chunk)) throw new TypeError('a body is made of strings and Uint8Arrays')
    else if (this.ownership === 'lent' || isCopied(chunk)) this.writer.writeBytes(chunk)
    else this.writer.scheduleBytes(chunk)
  }

  complete(): void {
    this.writer.close(this.trailers?.())
    this.writer.flush(result => { this.watcher?.closed(result === 'written' ? 'done' : 'aborted') })
  }

  /** The connection has ended before all of the body was queued. */
  aborted(): void {
    this.watcher?.closed('aborted')
  }

  watch(watcher: SinkWatcher): void {
    this.watcher = watcher
  }

  error(error: unknown): void {
    this.owner.reportExn(error)
  }

  flush(): boolean {
    return this.owner.offerOutput()
  }

  dropped(size: number): void {
    this.drops = withDrop(this.drops, size)
    this.owner.happened({ type: 'drop', ...this.drops })
  }

  ahead(ahead: Ahead): void {
    this.owner.happened({ type: 'ahead', ...ahead })
  }

  report(error: unknown): void {
    this.owner.reportExn(error)
  }

  /** Reports an error that came after the body had ended. */
  reportLate(error: unknown): void {
    this.owner.reportLate(error)
  }

  whenDrained(mark: number, callback: () => void): void {
    this.writer.whenDrained(mark, callback)
  }
}
