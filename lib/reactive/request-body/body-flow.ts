/**
 * Passes the chunks of a request body to one subscriber.
 *
 * Strategy: the next chunk is read when the subscriber is done with the last one, and has demand (demand/pace.ts).
 *
 * Chunks can be lent for the length of `next`. A subscriber that offered its demand owns them in any case: a response
 * keeps what it cannot send at once, and an operator of ours what it cannot process yet.
 */
import type { ObservableInput, Subscriber } from 'rxjs'
import { currentContext, type Context } from '../../application/context.js'
import { endLoan, lend } from '../../buffer/loan.js'
import type { Ownership } from '../../buffer/ownership.js'
import type { BodyReader } from '../../connection/body-reader.js'
import { Pace } from '../../demand/pace.js'
import { BodyReading } from './body-reading.js'

/** Projects a chunk to a source of values; null: the chunk itself is the value. */
export type ProjectChunk<R> = ((chunk: Uint8Array, index: number) => ObservableInput<R>) | null

/** Reads a body chunk by chunk until the subscriber is closed. */
export class BodyFlow<R> extends BodyReading {
  readonly wanted: Ownership
  private readonly subscriber: Subscriber<R>
  private readonly project: ProjectChunk<R>
  private readonly context: Context
  private readonly pace: Pace<R>
  private index: number

  constructor(reader: BodyReader, subscriber: Subscriber<R>, project: ProjectChunk<R>, ownership: Ownership) {
    super(reader)
    this.subscriber = subscriber
    this.project = project
    this.context = currentContext()
    this.pace = new Pace(subscriber, () => { if (!subscriber.closed) this.read() })
    this.wanted = this.pace.offer === null ? ownership : 'owned'
    this.index = 0
  }

  /** Reads the next chunk, after waiting for demand. */
  readOn(): void {
    this.pace.next()
  }

  onRead(bytes: Uint8Array): void {
    const { project } = this
    if (project !== null) {
      this.context.runInAsyncScope(() => { this.run(project, bytes) })
      return
    }
    if (this.wanted === 'lent') this.lend(bytes)
    else this.give(bytes)
    this.readOn()
  }

  onEof(): void {
    this.pace.complete()
  }

  onError(error: unknown): void {
    this.subscriber.error(error)
  }

  private lend(bytes: Uint8Array): void {
    const loan = lend(bytes)
    try {
      this.give(loan)
    } finally {
      endLoan(loan)
    }
  }

  private give(bytes: Uint8Array): void {
    // Without a projection R is the chunk's own type.
    this.pace.give(bytes as R)
  }

  private run(project: NonNullable<ProjectChunk<R>>, bytes: Uint8Array): void {
    const fail = (error: unknown): void => { this.subscriber.error(error) }
    try {
      this.pace.giveAll(project(bytes, this.index++), fail)
    } catch (error) {
      fail(error)
    }
  }
}
