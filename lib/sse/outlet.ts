/**
 * The outlets of an event stream: the body of a response, or a subscriber with a `ready$`.
 *
 * Strategy: a body is asked how much room it has, and calls back when it has room again; nothing is subscribed for
 * that. What a body gets before its connection writes is a run (run.ts), which is written as one text: ten events for
 * 300 clients take 0.94 of the CPU of ten texts, and fewer bytes. A subscriber with a `ready$` is the outlet where the
 * body of a reply is called as a function.
 */
import type { BodyWriter } from '../connection/body-writer.js'
import type { LateOutput } from '../connection/output-queue.js'
import type { PreparedText } from '../connection/prepared-text.js'
import { CreditedSubscriber } from '../demand/credited-subscriber.js'
import type { Demanding } from '../demand/demanding.js'
import { Room } from '../demand/water-marks.js'
import type { BodySubject } from '../reactive/response-body/body-subject.js'
import type { FedConnection } from '../reactive/response-body/feed.js'
import { runOf, type Run } from './run.js'

/** A longer run is written: its texts are held until then. */
const LONGEST_RUN = 64 * 1024
/** What the framing adds to a run, about. */
const FRAMING = 8

/** The consumer of an event stream. */
export interface Outlet {
  readonly consumer: Demanding
  readonly isClosed: boolean
  /** Whether little waits, so that a heartbeat may be sent. */
  readonly isIdle: boolean
  /** How many bytes may wait; null where that is not known. */
  readonly highWaterMark: number | null
  /** The demand. After it was 0, the stream is told when there is demand again. */
  wanted(): number
  write(text: PreparedText): void
  finish(): void
  fail(error: unknown): void
}

/** The body of a response. */
export class BodyOutlet implements Outlet, LateOutput {
  readonly consumer: Demanding
  readonly highWaterMark: number
  private readonly subject: BodySubject
  private readonly writer: BodyWriter
  private readonly room: Room
  /** What is to be written; null: nothing. */
  private run: Run | null
  /** With so many bytes the run is written before anything is added; 0 where the room was not asked for. */
  private limit: number

  /** `drained` is called when there is demand again. */
  constructor(subject: BodySubject, connection: FedConnection, drained: () => void) {
    this.consumer = subject.bodySink
    this.highWaterMark = subject.marks.highWaterMark
    this.subject = subject
    this.writer = subject.bodySink.writer
    this.run = null
    this.limit = 0
    this.room = new Room(subject.bodySink, subject.marks, () => { connection.runFed(drained) })
  }

  get isClosed(): boolean {
    return this.subject.isClosed
  }

  get isIdle(): boolean {
    return this.subject.pending <= this.subject.marks.lowWaterMark
  }

  get size(): number {
    return this.run?.size ?? 0
  }

  wanted(): number {
    const { run } = this
    if (run !== null && run.size < this.limit) return this.limit - run.size
    this.writeNow()
    const wanted = this.room.wanted()
    this.limit = Math.min(LONGEST_RUN, wanted - FRAMING)
    return wanted
  }

  write(text: PreparedText): void {
    if (this.run === null || text.isLong) this.begin(text)
    else this.run = this.run.with(text)
  }

  writeNow(): void {
    const { run } = this
    if (run === null) return
    this.run = null
    this.limit = 0
    this.writer.writePrepared(run.text)
  }

  finish(): void {
    this.subject.complete()
  }

  fail(error: unknown): void {
    this.subject.bodySink.error(error)
  }

  private begin(text: PreparedText): void {
    const { subject, writer } = this
    this.writeNow()
    if (!text.isLong && writer.mayWriteLate) {
      this.run = runOf(text)
      writer.writeLate(this)
    } else if (!subject.isClosed) {
      writer.writePrepared(text)
    }
  }
}

/** A subscriber with a `ready$`. */
export class SubscriberOutlet extends CreditedSubscriber<string> implements Outlet {
  readonly highWaterMark = null

  write(text: PreparedText): void {
    this.give(text.text, text.size)
  }
}
