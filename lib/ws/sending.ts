/**
 * A source of messages on its way to one client.
 *
 * Strategy: one observer, from the source to the connection. A message passes while less than the high-water mark waits
 * for the client; after that, when it has drained to the low one. What does not pass is the policy's (gate.ts). Nothing
 * is subscribed for the demand.
 */
import { Subscriber, type Observable } from 'rxjs'
import { currentContext, type Context } from '../application/context.js'
import type { Ahead } from '../demand/drops.js'
import { Gate, type GateHost } from '../demand/gate.js'
import { offering } from '../demand/offer.js'
import { policyOf } from '../demand/overflow-policy.js'
import { BackpressureError, onRejection } from '../errors.js'
import { messageSize } from './frame-writer.js'
import type { SendOptions } from './message-source.js'
import type { WebSocketMessage } from './message.js'

/** What a source of messages needs of the connection. */
export interface SendingHost {
  /** Whether no message goes out any more. */
  readonly isClosed: boolean
  /** How many bytes wait for the client. */
  readonly pending: number
  readonly marks: { readonly highWaterMark: number; readonly lowWaterMark: number }
  write(message: WebSocketMessage): boolean
  flush(): boolean
  dropped(size: number): void
  ahead(ahead: Ahead): void
  reportLate(error: unknown): void
  /** Calls back when little waits. */
  whenReady(callback: () => void): void
  error(error: unknown): void
  terminate(): void
  /** The source is of no interest any more. */
  sent(sending: Sending): void
}

/** How one source is sent. */
export class Sending extends Subscriber<WebSocketMessage> implements GateHost<WebSocketMessage> {
  private readonly host: SendingHost
  private readonly options: Required<Pick<SendOptions, 'overflow'>> & Pick<SendOptions, 'onDrop'>
  private readonly gate: Gate<WebSocketMessage>
  private readonly context: Context
  private isDone: boolean
  private isWaiting: boolean

  constructor(host: SendingHost, options: Sending['options']) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what RxJS puts around an observer costs each message
    super()
    this.host = host
    this.options = options
    this.gate = new Gate<WebSocketMessage>(this, policyOf(options.overflow, host.marks.highWaterMark))
    this.context = currentContext()
    this.isDone = false
    this.isWaiting = false
  }

  get isClosed(): boolean {
    return this.closed || this.host.isClosed
  }

  get pending(): number {
    return this.host.pending
  }

  /** Subscribes the source, which is offered the demand. */
  start(source: Observable<WebSocketMessage>): void {
    offering(this.gate, () => { source.subscribe(this) })
  }

  /** The connection takes no more. What the application throws while it cleans up changes nothing. */
  stop(): void {
    try {
      this.context.runInAsyncScope(() => { this.unsubscribe() })
    } catch (error) {
      this.host.reportLate(error)
    }
  }

  override next(message: WebSocketMessage): void {
    if (!this.isDone && !this.isClosed) this.gate.take(message)
  }

  override error(error: unknown): void {
    if (this.isDone || this.closed) return
    this.isDone = true
    if (this.options.overflow === 'disconnect' && error instanceof BackpressureError) this.host.terminate()
    else this.host.error(error)
    this.unsubscribe()
  }

  override complete(): void {
    if (this.isDone || this.closed) return
    this.isDone = true
    if (!this.gate.isHolding) this.unsubscribe()
  }

  override unsubscribe(): void {
    if (this.closed) return
    this.gate.clear()
    this.host.sent(this)
    super.unsubscribe()
  }

  wanted(): number {
    if (this.isWaiting) return 0
    const { marks, pending } = this.host
    if (pending < marks.highWaterMark) return marks.highWaterMark - pending
    this.isWaiting = true
    this.host.whenReady(() => {
      this.isWaiting = false
      if (!this.isClosed) this.drained()
    })
    return 0
  }

  sizeOf(message: WebSocketMessage): number {
    return messageSize(message)
  }

  pass(message: WebSocketMessage): void {
    try {
      this.host.write(message)
    } catch (error) {
      this.fail(error)
    }
  }

  flush(): boolean {
    return this.host.flush()
  }

  dropped(message: WebSocketMessage): void {
    this.host.dropped(messageSize(message))
    try {
      onRejection(this.options.onDrop?.(message), error => { this.fail(error) })
    } catch (error) {
      this.fail(error)
    }
  }

  ahead(ahead: Ahead): void {
    this.host.ahead(ahead)
  }

  reportLate(error: unknown): void {
    this.host.reportLate(error)
  }

  private drained(): void {
    this.gate.drain()
    if (this.isDone && !this.gate.isHolding) this.unsubscribe()
  }

  /** An error of ours: the source may have ended. */
  private fail(error: unknown): void {
    this.isDone = false
    this.error(error)
  }
}
