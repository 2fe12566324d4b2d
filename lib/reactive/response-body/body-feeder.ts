/**
 * Observables on their way into a body.
 *
 * Strategy: one observer, from the source to the body. An Observable that a function of the demand returned writes
 * directly. Any other passes a gate (gate.ts), which asks the body how much room it has and is called back when it has
 * room again: no `ready$` is needed for that.
 */
import type { Observable } from 'rxjs'
import { endSubscription } from '../../application/discard.js'
import { chunkSize, type Chunk } from '../../demand/chunk.js'
import { CreditedRoom } from '../../demand/credited-room.js'
import type { Consumer } from '../../demand/consumer.js'
import { Gate, type GateHost } from '../../demand/gate.js'
import { offering } from '../../demand/offer.js'
import { policyOf, type Overflow } from '../../demand/overflow-policy.js'
import { SourceSubscriber } from '../../demand/source-subscriber.js'
import { BackpressureError } from '../../errors.js'
import type { BodySubject } from './body-subject.js'

/**
 * Writes each chunk to the body. A chunk that the body refuses (beyond Content-Length, not a chunk, without demand)
 * stops the source and fails the body: at once, also where the source emits for ever within its subscription.
 */
export class BodyFeeder extends SourceSubscriber<Chunk> {
  protected readonly subject: BodySubject
  protected readonly gate: Gate<Chunk> | null

  constructor(subject: BodySubject) {
    super()
    this.subject = subject
    this.gate = null
  }

  override next(chunk: Chunk): void {
    if (!this.closed) this.pass(chunk)
  }

  override error(error: unknown): void {
    if (this.closed) this.behindEnd(error)
    else this.fail(error)
  }

  override complete(): void {
    if (!this.closed) this.finish()
  }

  /** Writes a chunk, perhaps after the source has ended. */
  pass(chunk: Chunk): void {
    try {
      this.subject.write(chunk)
      if (this.subject.isClosed) this.stop()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Completes the body. */
  finish(): void {
    this.subject.complete()
    this.stop()
  }

  /** Stops the source and fails the body. */
  fail(error: unknown): void {
    this.stop()
    this.subject.bodySink.error(error)
  }

  protected stop(): void {
    endSubscription(this, error => { this.reportLate(error) })
  }

  protected override reportLate(error: unknown): void {
    this.subject.bodySink.reportLate(error)
  }
}

/** The connection, as far as an Observable needs it. */
export interface GatedConnection {
  /** Ends the connection at once. */
  cut(): void
  /** Runs the task in the context of the source. */
  runFed(task: () => void): void
}

/** What happens to chunks of an Observable when the client is too slow. */
export interface GatePlan {
  readonly overflow: Overflow
  readonly onDrop?: ((value: Chunk) => void) | undefined
}

/** Writes the chunks of an Observable for which there is room, and applies an overflow policy to the others. */
export class GatedFeeder extends BodyFeeder implements GateHost<Chunk> {
  private readonly connection: GatedConnection
  private readonly plan: GatePlan
  protected override readonly gate: Gate<Chunk>
  private readonly room: CreditedRoom

  constructor(subject: BodySubject, plan: GatePlan, connection: GatedConnection) {
    super(subject)
    this.connection = connection
    this.plan = plan
    this.gate = new Gate(this, policyOf(plan.overflow, subject.marks.highWaterMark))
    this.room = new CreditedRoom(subject.bodySink, subject.marks, () => {
      connection.runFed(() => { this.gate.drain() })
    })
  }

  get consumer(): Consumer {
    return this.subject
  }

  get isClosed(): boolean {
    return this.subject.isClosed
  }

  /** Subscribes the source, which is offered the demand. */
  override follow(source: Observable<Chunk>): void {
    this.room.refill()
    offering(this.gate, () => { super.follow(source) })
  }

  override next(chunk: Chunk): void {
    if (!this.closed) this.gate.take(chunk)
  }

  /** The source is over, chunks that wait are not. */
  override complete(): void {
    if (this.closed) return
    this.gate.complete()
    this.stop()
  }

  /** Chunks that wait still pass, unless the body is closed. */
  override unsubscribe(): void {
    if (this.subject.isClosed) this.gate.clear()
    super.unsubscribe()
  }

  override fail(error: unknown): void {
    this.gate.clear()
    if (this.plan.overflow !== 'disconnect' || !(error instanceof BackpressureError)) return super.fail(error)
    this.stop()
    this.connection.cut()
  }

  override pass(chunk: Chunk): void {
    this.room.spend(this.sizeOf(chunk))
    super.pass(chunk)
    this.room.refill()
  }

  wanted(): number {
    return this.room.wanted
  }

  sizeOf(chunk: Chunk): number {
    return chunkSize(chunk)
  }

  onDrop(chunk: Chunk): unknown {
    return this.plan.onDrop?.(chunk)
  }
}
