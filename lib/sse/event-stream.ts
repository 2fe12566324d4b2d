/**
 * One client's event stream at work.
 *
 * Strategy: one observer, from the source to the body. It is a Subscriber, so that RxJS does not wrap it in another. An
 * event becomes text (prepared-event.ts) before the overflow policy sees it, so a policy counts what is sent and never
 * parts an event. Comments keep the stream alive (WHATWG HTML §9.2.7): one at the start, which brings the client its
 * head, and heartbeats. A heartbeat is dropped while other bytes wait, so that heartbeats do not pile up for a client
 * that stopped reading.
 */
import type { Observable, Unsubscribable } from 'rxjs'
import { endSubscription } from '../application/discard.js'
import { PreparedText } from '../connection/prepared-text.js'
import type { Consumer } from '../demand/consumer.js'
import { Gate, type GateHost } from '../demand/gate.js'
import { offering } from '../demand/offer.js'
import { policyOf, type Overflow } from '../demand/overflow-policy.js'
import { SourceSubscriber } from '../demand/source-subscriber.js'
import { DEFAULT_HIGH_WATER_MARK } from '../demand/water-marks.js'
import { BackpressureError } from '../errors.js'
import type { SseEvent } from './event.js'
import type { Outlet } from './outlet.js'
import { prepared, type PreparedEvent } from './prepared-event.js'

/** The settings that all streams of one reply share. */
export interface StreamPlan {
  readonly events$: Observable<SseEvent | string>
  readonly greeting: PreparedText
  /** Whether the greeting waits for the first text behind it. */
  readonly isGreetingLate: boolean
  readonly farewell: PreparedText
  readonly overflow: Overflow
  readonly highWaterMark: number | undefined
  readonly onDrop: ((event: SseEvent | string) => void) | undefined
}

const COMMENT = new PreparedText(':\n\n')

/** Sends the events of a source to one outlet. */
export class EventStream extends SourceSubscriber<SseEvent | string> implements GateHost<PreparedEvent> {
  private readonly plan: StreamPlan
  private readonly outlet: Outlet
  protected readonly gate: Gate<PreparedEvent>
  /** The number of the last event. */
  private previous: number
  /** Whether the source has ended, or was left. */
  private isDone: boolean
  /** Whether the greeting was sent. */
  private isOpen: boolean
  private isOver: boolean
  /** Stops the heartbeats and the notice of the connection's closing; null where there is nothing to stop. */
  private release: (() => void) | null

  /** `makeOutlet` gets a function to call when there is demand again. */
  constructor(plan: StreamPlan, makeOutlet: (drained: () => void) => Outlet) {
    super()
    this.plan = plan
    this.outlet = makeOutlet(() => { this.gate.drain() })
    const capacity = plan.highWaterMark ?? this.outlet.highWaterMark ?? DEFAULT_HIGH_WATER_MARK
    this.gate = new Gate(this, policyOf(plan.overflow, capacity))
    this.previous = 0
    this.isDone = false
    this.isOpen = false
    this.isOver = false
    this.release = null
  }

  get isClosed(): boolean {
    return this.isOver || this.outlet.isClosed
  }

  get consumer(): Consumer {
    return this.outlet.consumer
  }

  /**
   * Sends the greeting; `connect` registers the stream with its connection, and returns a function that undoes this.
   */
  start(connect: () => (() => void)): void {
    if (!this.plan.isGreetingLate) this.greet()
    if (this.isOver) return
    const release = connect()
    if (this.isClosed) return release()
    this.release = release
    offering(this.gate, () => { this.follow(this.plan.events$) })
  }

  /**
   * Ends the stream because the connection is asked to close: the client reconnects by itself, with the id of its last
   * event.
   */
  close(): void {
    if (this.isOver) return
    this.write(this.plan.farewell)
    this.end(() => { this.outlet.finish() })
  }

  /** Ends without a farewell: the client is gone. */
  override unsubscribe(): void {
    this.isOver = this.isDone = true
    this.gate.clear()
    this.release?.()
    this.release = null
    super.unsubscribe()
  }

  /** Sends a heartbeat, unless the greeting or other bytes wait. */
  beat(): void {
    if (this.isOpen && this.outlet.isIdle) this.write(COMMENT)
  }

  /** There is demand again. */
  drained(): void {
    this.gate.drain()
  }

  override next(event: SseEvent | string): void {
    if (this.isDone) return
    let text: PreparedEvent
    try {
      text = prepared(event, this.previous)
    } catch (error) {
      return this.fail(error)
    }
    this.previous = text.number
    this.gate.take(text)
  }

  override error(error: unknown): void {
    if (this.isDone) return this.behindEnd(error)
    this.isDone = true
    this.fail(error)
    this.leaveSource()
  }

  /** The source is left at once; events that wait are still sent. */
  override complete(): void {
    if (this.isDone) return
    this.isDone = true
    this.gate.complete()
    this.leaveSource()
  }

  wanted(): number {
    return this.outlet.wanted()
  }

  sizeOf({ size }: PreparedEvent): number {
    return size
  }

  pass(event: PreparedEvent): void {
    this.write(event)
  }

  onDrop({ event }: PreparedEvent): unknown {
    return this.plan.onDrop?.(event)
  }

  finish(): void {
    this.end(() => { this.outlet.finish() })
  }

  /** With `disconnect`, a client that was too slow ends the stream without an error. */
  fail(error: unknown): void {
    const isLeft = this.plan.overflow === 'disconnect' && error instanceof BackpressureError
    this.end(() => {
      if (isLeft) this.outlet.finish()
      else this.outlet.fail(error)
    })
  }

  private greet(): void {
    this.isOpen = true
    this.write(this.plan.greeting)
  }

  /** A text that the body refuses (beyond Content-Length) ends the stream. */
  private write(text: PreparedText): void {
    if (!this.isOpen) return this.writeFirst(text)
    try {
      this.outlet.write(text)
    } catch (error) {
      this.end(() => { this.outlet.fail(error) })
    }
  }

  private writeFirst({ text }: PreparedText): void {
    this.isOpen = true
    this.write(new PreparedText(this.plan.greeting.text + text))
  }

  private end(tell: () => void): void {
    if (this.isOver) return
    this.isOver = true
    try {
      tell()
    } catch (error) {
      this.outlet.fail(error)
    }
    this.stop(this)
  }

  private leaveSource(): void {
    this.stop({ unsubscribe: () => { super.unsubscribe() } })
  }

  /** Ends a subscription; an exception of the application's teardown is only reported. */
  private stop(subscription: Unsubscribable): void {
    endSubscription(subscription, error => { this.reportLate(error) })
  }

  protected override reportLate(error: unknown): void {
    this.consumer.reportLate(error)
  }
}
