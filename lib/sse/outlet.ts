/**
 * The outlets of an event stream: the body of a response, or a subscriber with a `ready$`.
 *
 * Strategy: a body is asked how much room it has, and calls back when it has room again; nothing is subscribed for
 * that. A subscriber with a `ready$` is the outlet where the body of a reply is called as a function.
 */
import type { PreparedText } from '../connection/prepared-text.js'
import { CreditedSubscriber } from '../demand/credited-subscriber.js'
import type { Demanding } from '../demand/demanding.js'
import { Room } from '../demand/water-marks.js'
import type { BodySubject } from '../reactive/response-body/body-subject.js'
import type { FedConnection } from '../reactive/response-body/feed.js'

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
export class BodyOutlet implements Outlet {
  readonly consumer: Demanding
  readonly highWaterMark: number
  private readonly subject: BodySubject
  private readonly room: Room

  /** `drained` is called when there is demand again. */
  constructor(subject: BodySubject, connection: FedConnection, drained: () => void) {
    this.consumer = subject.bodySink
    this.highWaterMark = subject.marks.highWaterMark
    this.subject = subject
    this.room = new Room(subject.bodySink, subject.marks, () => { connection.runFed(drained) })
  }

  get isClosed(): boolean {
    return this.subject.isClosed
  }

  get isIdle(): boolean {
    return this.subject.pending <= this.subject.marks.lowWaterMark
  }

  wanted(): number {
    return this.room.wanted()
  }

  write(text: PreparedText): void {
    if (!this.subject.isClosed) this.subject.bodySink.writer.writePrepared(text)
  }

  finish(): void {
    this.subject.complete()
  }

  fail(error: unknown): void {
    this.subject.bodySink.error(error)
  }
}

/** A subscriber with a `ready$`. */
export class SubscriberOutlet extends CreditedSubscriber<string> implements Outlet {
  readonly highWaterMark = null

  write(text: PreparedText): void {
    this.give(text.text, text.size)
  }
}
