/**
 * Where the texts of an event stream go: into the body of a response, or to a subscriber with a `ready$`.
 *
 * Strategy: a body is asked how much it holds, and calls back when that is little; nothing is subscribed for that. The
 * other way is for whoever calls the body of a reply as a function.
 */
import type { Subscriber, Observable } from 'rxjs'
import type { PreparedText } from '../connection/prepared-text.js'
import { demanding, type Demanding } from '../demand/demanding.js'
import type { Ahead } from '../demand/drops.js'
import type { BodySubject } from '../reactive/response-body/body-subject.js'
import type { FedConnection } from '../reactive/response-body/feed.js'

/** What an event stream needs of its consumer. */
export interface Outlet {
  readonly isClosed: boolean
  /** How many bytes wait for the client. */
  readonly pending: number
  /** Whether all that was sent was answered by a new demand. */
  readonly isIdle: boolean
  /** How many bytes may wait. */
  readonly highWaterMark: number | null
  /** How much is wanted. Where it is nothing, `drained` is called when it is something. */
  wanted(): number
  write(text: PreparedText): void
  flush(): boolean
  dropped(size: number): void
  ahead(ahead: Ahead): void
  reportLate(error: unknown): void
  complete(): void
  error(error: unknown): void
}

/** The body of a response. */
export class BodyOutlet implements Outlet {
  private readonly subject: BodySubject
  private readonly connection: FedConnection
  private readonly drained: () => void
  private isWaiting: boolean

  constructor(subject: BodySubject, connection: FedConnection, drained: () => void) {
    this.subject = subject
    this.connection = connection
    this.drained = drained
    this.isWaiting = false
  }

  get isClosed(): boolean {
    return this.subject.isClosed
  }

  get pending(): number {
    return this.subject.pending
  }

  get isIdle(): boolean {
    return this.pending <= this.subject.bodySink.marks.lowWaterMark
  }

  get highWaterMark(): number {
    return this.subject.bodySink.marks.highWaterMark
  }

  wanted(): number {
    if (this.isWaiting) return 0
    const room = this.highWaterMark - this.pending
    if (room <= 0) this.wait()
    return room
  }

  write(text: PreparedText): void {
    if (!this.subject.isClosed) this.subject.bodySink.writer.writePrepared(text)
  }

  flush(): boolean {
    return this.subject.flush()
  }

  dropped(size: number): void {
    this.subject.dropped(size)
  }

  ahead(ahead: Ahead): void {
    this.subject.ahead(ahead)
  }

  reportLate(error: unknown): void {
    this.subject.bodySink.reportLate(error)
  }

  complete(): void {
    this.subject.complete()
  }

  error(error: unknown): void {
    this.subject.bodySink.error(error)
  }

  private wait(): void {
    this.isWaiting = true
    this.subject.bodySink.whenReady(() => {
      this.isWaiting = false
      this.connection.runFed(this.drained)
    })
  }
}

/** A subscriber that keeps to `ready$`. */
export class DemandOutlet implements Outlet {
  readonly highWaterMark: null
  isIdle: boolean
  private readonly subscriber: Subscriber<string>
  private readonly consumer: Demanding | null
  private credit: number

  constructor(subscriber: Subscriber<string>, ready$: Observable<number>) {
    this.highWaterMark = null
    this.isIdle = false
    this.subscriber = subscriber
    this.consumer = demanding(ready$)
    this.credit = 0
  }

  get isClosed(): boolean {
    return this.subscriber.closed
  }

  get pending(): number {
    return this.consumer?.pending ?? 0
  }

  grant(credit: number): void {
    this.credit = credit
    this.isIdle = true
  }

  wanted(): number {
    return this.credit
  }

  /** Before the text is passed on: that may make the next demand. */
  write(text: PreparedText): void {
    this.credit -= text.size
    this.isIdle = false
    this.subscriber.next(text.text)
  }

  flush(): boolean {
    return this.consumer?.flush() ?? true
  }

  dropped(size: number): void {
    this.consumer?.dropped(size)
  }

  ahead(ahead: Ahead): void {
    this.consumer?.ahead(ahead)
  }

  reportLate(error: unknown): void {
    this.consumer?.reportLate(error)
  }

  complete(): void {
    this.subscriber.complete()
  }

  error(error: unknown): void {
    this.subscriber.error(error)
  }
}
