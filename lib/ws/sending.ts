/**
 * A source of messages on its way to one client.
 *
 * Strategy: one observer, from the source to the outbox. The session stops it when no message goes out any more, so it
 * need not ask. A message passes while there is room (water-marks.ts); the overflow policy applies to the others
 * (gate.ts). No `ready$` is needed for that.
 */
import type { Observable } from 'rxjs'
import { currentContext, type Context } from '../application/context.js'
import { endSubscription } from '../application/discard.js'
import type { Consumer } from '../demand/consumer.js'
import { Gate, type GateHost } from '../demand/gate.js'
import { offering } from '../demand/offer.js'
import { policyOf } from '../demand/overflow-policy.js'
import { SourceSubscriber } from '../demand/source-subscriber.js'
import { Room, type Marks } from '../demand/water-marks.js'
import { BackpressureError } from '../errors.js'
import { messageSize } from './frame-writer.js'
import type { SendOptions } from './message-source.js'
import type { WebSocketMessage } from './message.js'
import type { Outbox } from './outbox.js'

/** The connection, as far as a source of messages needs it. */
export interface SendingHost extends Consumer {
  readonly marks: Marks
  readonly outbox: Outbox
  error(error: unknown): void
  terminate(): void
  /** The source is of no interest any more. */
  sent(sending: Sending): void
}

/** Sends one source. */
export class Sending extends SourceSubscriber<WebSocketMessage> implements GateHost<WebSocketMessage> {
  readonly consumer: SendingHost
  private readonly options: Required<Pick<SendOptions, 'overflow'>> & Pick<SendOptions, 'onDrop'>
  private readonly outbox: Outbox
  protected readonly gate: Gate<WebSocketMessage>
  private readonly room: Room
  private readonly context: Context
  /** Whether the source has ended. */
  private isDone: boolean
  /** Whether no message goes out any more. */
  private isOver: boolean

  constructor(host: SendingHost, options: Sending['options']) {
    super()
    this.consumer = host
    this.options = options
    this.outbox = host.outbox
    this.gate = new Gate<WebSocketMessage>(this, policyOf(options.overflow, host.marks.highWaterMark))
    this.room = new Room(host.outbox, host.marks, () => { if (!this.isOver) this.gate.drain() })
    this.context = currentContext()
    this.isDone = false
    this.isOver = false
  }

  get isClosed(): boolean {
    return this.isOver
  }

  /** Subscribes the source, which is offered the demand. */
  start(source: Observable<WebSocketMessage>): void {
    offering(this.gate, () => { this.follow(source) })
  }

  /** The connection takes no more messages. An exception of the application's teardown is only reported. */
  stop(): void {
    this.context.runInAsyncScope(() => { this.finish() })
  }

  override next(message: WebSocketMessage): void {
    if (!this.isDone) this.gate.take(message)
  }

  override error(error: unknown): void {
    if (this.isDone) this.behindEnd(error)
    else this.fail(error)
  }

  /** The source is left at once; messages that wait are still sent. */
  override complete(): void {
    if (this.isDone) return
    this.isDone = true
    this.gate.complete()
    this.end(() => { super.unsubscribe() })
  }

  override unsubscribe(): void {
    if (this.isOver) return
    this.isOver = this.isDone = true
    this.gate.clear()
    this.consumer.sent(this)
    super.unsubscribe()
  }

  wanted(): number {
    return this.room.wanted()
  }

  sizeOf(message: WebSocketMessage): number {
    return messageSize(message)
  }

  pass(message: WebSocketMessage): void {
    try {
      this.outbox.write(message)
    } catch (error) {
      this.fail(error)
    }
  }

  onDrop(message: WebSocketMessage): unknown {
    return this.options.onDrop?.(message)
  }

  finish(): void {
    this.end(() => { this.unsubscribe() })
  }

  /** The source may have ended. */
  fail(error: unknown): void {
    if (this.isOver) return this.behindEnd(error)
    this.isDone = true
    if (this.options.overflow === 'disconnect' && error instanceof BackpressureError) this.consumer.terminate()
    else this.consumer.error(error)
    this.finish()
  }

  /** Leaves the source. An exception of the application's teardown is only reported. */
  private end(unsubscribe: () => void): void {
    endSubscription({ unsubscribe }, error => { this.reportLate(error) })
  }

  protected override reportLate(error: unknown): void {
    this.consumer.reportLate(error)
  }
}
