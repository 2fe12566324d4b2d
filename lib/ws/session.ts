/**
 * One WebSocket connection at work: the socket behind its gate, the messages in and out, the time limits, the end.
 *
 * Strategy: `connecting` until the handshake was answered; messages and a close wait for that. `open`. `closing` once
 * either side closes: no message goes out any more, and the time to close in runs, whatever the peer does. `closed`
 * when the socket is. It can go from each to `closed` at once.
 */
import type { Duplex } from 'node:stream'
import { Subscription, timer } from 'rxjs'
import type { ControlledSink, ControlledSubject } from '../demand/controlled-subject.js'
import { NO_DROPS, withDrop, type Ahead, type BodyEvent, type Drops } from '../demand/drops.js'
import { BackpressureError } from '../errors.js'
import { FrameGate, type FrameGateHost } from './frame-gate.js'
import type { Handshake } from './handshake.js'
import { Inbox } from './inbox.js'
import { keepAlive, type Peer } from './keep-alive.js'
import { ABNORMAL_CLOSURE, type WebSocketClosure, type WebSocketMessage } from './message.js'
import { Outbox } from './outbox.js'
import { openWebSocket } from './socket.js'
import type { WebSocketHost, WebSocketLike } from './web-socket-like.js'
import type { Settings } from './web-socket-options.js'

/** Receives the notifications of a session. */
export interface SessionOwner {
  /** The application failed. */
  report(error: unknown): void
  /** A message was dropped, or operators hold some. */
  happened(event: BodyEvent): void
}

/** A source that is sent. */
interface Stoppable {
  stop(): void
}

/** How this side closes. */
export interface Close {
  readonly code: number
  readonly reason: string
}

/** RFC 6455 §7.4.1: the purpose of the connection was fulfilled. */
const NORMAL: Close = { code: 1000, reason: '' }
/** The source of the messages failed. The reason stays here: it may not be for the peer. */
const FAILED: Close = { code: 1011, reason: '' }
const TOO_SLOW: Close = { code: 1008, reason: 'too slow' }

/** A connection from its handshake to its end. */
export class Session implements ControlledSink<WebSocketMessage>, WebSocketHost, FrameGateHost, Peer {
  readonly inbox: Inbox
  closure: WebSocketClosure | null
  /** The subject that the application writes to. */
  subject: ControlledSubject<WebSocketMessage> | null
  private readonly settings: Settings
  private readonly owner: SessionOwner
  private drops: Drops
  private readonly outbox: Outbox
  private readonly resources: Subscription
  private pinging: Subscription
  private state: 'connecting' | 'open' | 'closing' | 'closed'
  private gate: FrameGate | null
  private socket: WebSocketLike | null
  private close: Close | null
  private answeredCode: number | undefined
  private fault: Error | null
  /**
   * Errors to report when the request is done; null from then on. An earlier report would count as a failure of the
   * request.
   */
  private failures: unknown[] | null
  /** The sources that are sent. */
  private readonly sendings: Set<Stoppable>

  constructor(settings: Settings, owner: SessionOwner) {
    this.inbox = new Inbox(() => { this.gate?.open() })
    this.closure = null
    this.subject = null
    this.settings = settings
    this.owner = owner
    this.drops = NO_DROPS
    this.outbox = new Outbox(settings.bufferLimit)
    this.resources = new Subscription()
    this.pinging = Subscription.EMPTY
    this.state = 'connecting'
    this.gate = null
    this.socket = null
    this.close = null
    this.answeredCode = undefined
    this.fault = null
    this.failures = []
    this.sendings = new Set()
  }

  /** Answers the handshake on the transport that the connection was taken over with. */
  start(transport: Duplex, head: Uint8Array, handshake: Handshake): void {
    if (this.state !== 'connecting') {
      transport.destroy()
      return
    }
    this.gate = new FrameGate(transport, head, this)
    this.gate.on('close', () => { if (this.socket === null) this.end(ABNORMAL_CLOSURE) })
    openWebSocket(this.gate, handshake, this.settings, this)
  }

  /** The request is done: a failure of the session cannot be one of the request any more. */
  requestDone(): void {
    const failures = this.failures ?? []
    this.failures = null
    for (const error of failures) this.owner.report(error)
  }

  report(error: unknown): void {
    if (this.failures === null) this.owner.report(error)
    else this.failures.push(error)
  }

  /** Stops the source when no message goes out any more. */
  sends(sending: Stoppable): void {
    this.sendings.add(sending)
  }

  /** The source need not be stopped. */
  sent(sending: Stoppable): void {
    this.sendings.delete(sending)
  }

  /** Keeps the subscription up to the end of the connection. */
  hold(subscription: Subscription): void {
    this.resources.add(subscription)
  }

  get pending(): number {
    return this.outbox.pending
  }

  get receivedBytes(): number {
    return this.gate?.receivedBytes ?? 0
  }

  get writtenBytes(): number {
    return this.gate?.output.writtenBytes ?? 0
  }

  get isHeld(): boolean {
    return this.gate?.isHolding === true
  }

  get isWorking(): boolean {
    return this.inbox.isWorking
  }

  write(message: WebSocketMessage): void {
    if (this.outbox.write(message)) return
    this.report(new BackpressureError('more bytes are pending than the bufferLimit of the WebSocket connection'))
    this.terminate()
  }

  flush(): boolean {
    return this.socket?.flush() === true
  }

  dropped(size: number): void {
    this.drops = withDrop(this.drops, size)
    this.owner.happened({ type: 'drop', ...this.drops })
  }

  ahead(ahead: Ahead): void {
    this.owner.happened({ type: 'ahead', ...ahead })
  }

  complete(): void {
    this.startClosing(NORMAL)
  }

  error(error: unknown): void {
    this.report(error)
    this.startClosing(error instanceof BackpressureError ? TOO_SLOW : FAILED)
  }

  whenDrained(mark: number, callback: () => void): void {
    this.outbox.whenDrained(mark, callback)
  }

  /** Sets how the connection is closed when the messages to the peer are complete. */
  closeWith(close: Close): void {
    this.close ??= close
  }

  /** Asks the peer for a sign of life. */
  ping(): void {
    this.socket?.ping()
  }

  /** Ends the connection now. */
  terminate(): void {
    if (this.state === 'closed') return
    if (this.socket === null) return this.end(ABNORMAL_CLOSURE)
    this.enterClosing()
    this.socket.terminate()
  }

  opened(socket: WebSocketLike): void {
    this.state = 'open'
    this.socket = socket
    this.pinging = keepAlive(this, this.settings)
    this.outbox.connect(socket)
    if (this.close !== null) this.startClosing(this.close)
  }

  received(message: WebSocketMessage): void {
    this.inbox.receive(message)
  }

  closing(code: number | undefined): void {
    this.answeredCode = code
    this.gate?.free()
    this.enterClosing()
  }

  failed(error: Error): void {
    this.fault ??= error
  }

  closed(code: number, reason: string): void {
    const { fault } = this
    if (fault === null) this.end({ code, reason, wasClean: code !== ABNORMAL_CLOSURE.code, error: null })
    else this.end({ ...ABNORMAL_CLOSURE, code: this.answeredCode ?? ABNORMAL_CLOSURE.code, error: fault })
  }

  drained(): void {
    if (this.state === 'open') this.outbox.drained()
  }

  inputEnded(): void {
    this.enterClosing()
  }

  private startClosing(close: Close): void {
    const { code, reason } = (this.close ??= close)
    this.stopSendings()
    if (this.state !== 'open') return
    this.socket?.close(code, reason)
    this.enterClosing()
    this.inbox.close()
  }

  private stopSendings(): void {
    for (const sending of this.sendings) sending.stop()
  }

  private enterClosing(): void {
    if (this.state !== 'open') return
    this.state = 'closing'
    this.stopSendings()
    this.pinging.unsubscribe()
    const { closeTimeoutMs, scheduler } = this.settings
    this.resources.add(timer(closeTimeoutMs, scheduler).subscribe(() => { this.socket?.terminate() }))
    this.subject?.complete()
  }

  private end(closure: WebSocketClosure): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.stopSendings()
    this.closure = closure
    this.pinging.unsubscribe()
    this.resources.unsubscribe()
    this.inbox.end()
    this.subject?.closed(closure.wasClean ? 'done' : 'aborted')
  }
}
