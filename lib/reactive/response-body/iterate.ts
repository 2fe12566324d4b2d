/**
 * Iterables, async iterables and streams as response bodies.
 *
 * Strategy: the loop of all pulled sources (puller.ts) writes to the body without an Observable in between. The room
 * ends at the high-water mark. While a client keeps up (it took megabytes without one write that waited), sixteen
 * high-water marks may leave in one write: most of the CPU of a download is the kernel's work for each write, and a
 * download of 1 GiB in chunks of 64 KiB takes 0.65 of it this way. The first write that waits ends this.
 */
import type { Chunk } from '../../demand/chunk.js'
import { pullableOf, type PulledSource } from '../../demand/pullable.js'
import { Puller } from '../../demand/puller.js'
import type { Taker } from '../../demand/taker.js'
import { Room } from '../../demand/water-marks.js'
import { WRITE_BYTES } from '../../runtime/write-loop.js'
import type { BodySubject } from './body-subject.js'

/** How many high-water marks may wait for one write while the client keeps up, if a write is that large. */
const MARKS_AT_ONCE = 16

/** The connection, as far as a pulled source needs it. */
export interface PulledConnection {
  /** Runs the task after other connections had their turn. */
  later(task: () => void): void
  /** Whether the client has lately taken all output without a write that waited. */
  readonly isKeepingUp: boolean
}

/** Feeds the body from the source as the client takes it. `unsubscribe` of the result stops that. */
export function iterate(
  source: PulledSource<Chunk>, subject: BodySubject, connection: PulledConnection,
): { unsubscribe(): void } {
  const puller = new Puller(wake => new BodyTaker(subject, connection, wake), report => pullableOf(source, report))
  puller.run()
  return { unsubscribe: () => { puller.stop() } }
}

/** A body, as the taker of a source. */
class BodyTaker implements Taker<Chunk> {
  /** Counts the chunks that were not empty. */
  progress: number
  private readonly subject: BodySubject
  private readonly connection: PulledConnection
  private readonly room: PulledRoom

  constructor(subject: BodySubject, connection: PulledConnection, wake: () => void) {
    this.progress = 0
    this.subject = subject
    this.connection = connection
    this.room = new PulledRoom(subject, connection, wake)
  }

  get isClosed(): boolean {
    return this.subject.isClosed
  }

  get wanted(): number {
    return this.room.wanted()
  }

  next(chunk: Chunk): void {
    this.subject.write(chunk)
    if (chunk.length > 0) this.progress++
  }

  complete(): void {
    this.subject.complete()
  }

  error(error: unknown): void {
    this.subject.bodySink.error(error)
  }

  reportLate(error: unknown): void {
    this.subject.bodySink.reportLate(error)
  }

  later(task: () => void): void {
    this.connection.later(task)
  }
}

/** The room for a pulled source: larger while the client keeps up. */
class PulledRoom extends Room {
  private readonly connection: PulledConnection
  private readonly atOnce: number

  constructor({ bodySink, marks }: BodySubject, connection: PulledConnection, drained: () => void) {
    super(bodySink, marks, drained)
    this.connection = connection
    this.atOnce = Math.max(marks.highWaterMark, Math.min(MARKS_AT_ONCE * marks.highWaterMark, WRITE_BYTES))
  }

  protected override limit(): number {
    const { highWaterMark } = this.marks
    return this.queue.pending < highWaterMark || !this.connection.isKeepingUp ? highWaterMark : this.atOnce
  }
}
