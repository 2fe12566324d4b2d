/**
 * Passes the chunks of a request body to one subscriber.
 *
 * Strategy: the next chunk is read when the subscriber is done with the last one, that is after `next` returned or when
 * the projected inner source is complete. If the subscriber offered its demand (demand/offer.ts), the read also waits
 * for demand; the inner source of a projection is offered the same demand.
 *
 * Chunks can be lent for the length of `next`. A subscriber that offered its demand owns them in any case: a response
 * keeps what it cannot send at once, and an operator of ours what it cannot process yet.
 */
import { type ObservableInput, type Subscriber, takeWhile } from 'rxjs'
import { currentContext, type Context } from '../../application/context.js'
import { endLoan, lend } from '../../buffer/loan.js'
import type { Ownership } from '../../buffer/ownership.js'
import type { BodyReader } from '../../connection/body-reader.js'
import { fromInput } from '../../demand/from-source.js'
import { giveComplete, giveNext, offering, Pace } from '../../demand/offer.js'
import { BodyReading } from './body-reading.js'

/** Projects a chunk to a source of values; null: the chunk itself is the value. */
export type ProjectChunk<R> = ((chunk: Uint8Array, index: number) => ObservableInput<R>) | null

/** Reads a body chunk by chunk until the subscriber is closed. */
export class BodyFlow<R> extends BodyReading {
  readonly wanted: Ownership
  private readonly subscriber: Subscriber<R>
  private readonly project: ProjectChunk<R>
  private readonly context: Context
  private readonly pace: Pace
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
    giveComplete(this.pace.offer, this.subscriber)
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
    giveNext(this.pace.offer, this.subscriber, bytes as R)
  }

  private run(project: NonNullable<ProjectChunk<R>>, bytes: Uint8Array): void {
    const { subscriber } = this
    try {
      // `takeWhile` stops an inner source that never pauses within its subscription.
      const values$ = fromInput(project(bytes, this.index++)).pipe(takeWhile(() => !subscriber.closed))
      subscriber.add(offering(this.pace.offer, () => values$.subscribe({
        next: value => { giveNext(this.pace.offer, subscriber, value) },
        error: error => { subscriber.error(error) },
        complete: () => { this.readOn() },
      })))
    } catch (error) {
      subscriber.error(error)
    }
  }
}
