/**
 * The outlets of an event stream: the body of a response, or a subscriber with a `ready$`.
 *
 * Strategy: a body is asked how much room it has, and calls back when it has room again; nothing is subscribed for
 * that. It is asked and written without its subject: an object that an event touches for each of many clients is rarely
 * in the processor's cache by then (three objects less: 5 of 65 lines of cache for each event and client). A subscriber
 * with a `ready$` is the outlet where the body of a reply is called as a function.
 */
import type { BodyWriter } from '../connection/body-writer.js'
import type { PreparedText } from '../connection/prepared-text.js'
import { CreditedSubscriber } from '../demand/credited-subscriber.js'
import type { Consumer } from '../demand/consumer.js'
import { Room } from '../demand/water-marks.js'
import type { BodySubject } from '../reactive/response-body/body-subject.js'
import type { FedConnection } from '../reactive/response-body/feed.js'

/** The consumer of an event stream. */
export interface Outlet {
  readonly consumer: Consumer
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
export class BodyOutlet extends Room implements Outlet {
  readonly consumer: Consumer
  readonly highWaterMark: number
  private readonly subject: BodySubject
  private readonly writer: BodyWriter

  /** `drained` is called when there is demand again. */
  constructor(subject: BodySubject, connection: FedConnection, drained: () => void) {
    const { bodySink, marks } = subject
    super(bodySink.writer, marks, () => { connection.runFed(drained) })
    this.consumer = bodySink
    this.highWaterMark = marks.highWaterMark
    this.writer = bodySink.writer
    this.subject = subject
  }

  get isClosed(): boolean {
    return this.subject.isClosed
  }

  get isIdle(): boolean {
    return this.subject.pending <= this.subject.marks.lowWaterMark
  }

  write(text: PreparedText): void {
    if (!this.writer.isClosed) this.writer.writePrepared(text)
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
