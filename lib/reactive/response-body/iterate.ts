/**
 * Sources that are pulled, as bodies: iterables, async iterables, web streams.
 *
 * Strategy: the loop of any source that is pulled (puller.ts) writes to the body itself, without an Observable in
 * between. There is room up to the high-water mark. A client that has taken megabytes as fast as they came gets more in
 * one write: a download of 1 GiB in chunks of 64 KiB takes 0.65 of the CPU, for most of it is what the kernel does for
 * each write. Its first write that has to wait ends that.
 */
import type { Chunk } from '../../demand/chunk.js'
import { pullableOf, type PulledSource } from '../../demand/pullable.js'
import { Puller } from '../../demand/puller.js'
import type { Taker } from '../../demand/taker.js'
import { Room } from '../../demand/water-marks.js'
import { WRITE_BYTES } from '../../runtime/write-loop.js'
import type { BodySubject } from './body-subject.js'

/** How many high-water marks leave at once to a client that keeps up, if a write takes so much. */
const MARKS_AT_ONCE = 16

/** What is needed of a connection. */
export interface PulledConnection {
  /** Runs the task after other connections had their turn. */
  later(task: () => void): void
  /** Whether the client has lately taken everything as fast as it came. */
  readonly isKeepingUp: boolean
}

/** Moves chunks from the source to the body as the client takes them, and returns how to stop that. */
export function iterate(
  source: PulledSource<Chunk>, subject: BodySubject, connection: PulledConnection,
): { unsubscribe(): void } {
  const puller = new Puller(wake => new BodyTaker(subject, connection, wake), report => pullableOf(source, report))
  puller.run()
  return { unsubscribe: () => { puller.stop() } }
}

/** A body as what takes chunks. */
class BodyTaker implements Taker<Chunk> {
  /** How many chunks were not empty. */
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

/** Room that is larger for a client that keeps up. */
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
