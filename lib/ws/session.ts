/**
 * One WebSocket connection at work: the socket behind its gate, the messages in and out, the time limits, the end.
 *
 * Strategy: `connecting` until the handshake was answered; messages and a close wait for that. `open`. `closing` once
 * either side closes: no message goes out any more, and the time to close in runs, whatever the peer does. `closed`
 * when the socket is. It can go from each to `closed` at once.
 */
import { timer, type Subscription } from 'rxjs'
import { libraryScheduler } from '../application/library-scheduler.js'
import type { ControlledSink, SinkWatcher } from '../demand/controlled-subject.js'
import { NO_DROPS, withDrop, type Drops } from '../demand/drops.js'
import type { Ahead } from '../demand/tally.js'
import { BackpressureError } from '../errors.js'
import type { Request } from '../message/request.js'
import { queueMicrotask } from '../node/runtime.js'
import type { Handover, Successor, SuccessorOwner } from '../reactive/successor.js'
import type { Clock } from '../runtime/clock.js'
import { FAILED, GOING_AWAY, NORMAL, TOO_SLOW, type Close } from './close-codes.js'
import { headOf, type Handshake } from './handshake.js'
import { Inbox } from './inbox.js'
import { KeepAlive, type Peer } from './keep-alive.js'
import { ABNORMAL_CLOSURE, type WebSocketClosure, type WebSocketMessage } from './message.js'
import { Outbox, type OutboxOwner } from './outbox.js'
import { ServerSocket } from './socket.js'
import type { WebSocketHost, WebSocketLike } from './web-socket-like.js'
import type { Settings } from './web-socket-options.js'

/** Receives the notifications of a session. */
export type SessionOwner = Pick<SuccessorOwner, 'report' | 'happened'>

/** A source that is sent. */
interface Stoppable {
  stop(): void
}

/** A connection from its handshake to its end. */
export class Session implements ControlledSink<WebSocketMessage>, WebSocketHost, OutboxOwner, Peer, Successor {
  readonly inbox: Inbox
  readonly outbox: Outbox
  closure: WebSocketClosure | null
  private readonly settings: Settings
  /** The request; from the hand-over on the connection, so that the request is not kept. */
  private owner: SessionOwner
  /** Null from the hand-over on, and where it is not needed. */
  private handshake: Handshake | null
  /** The upgraded request, for the events of the connection; null if those are not observed. */
  private request: Request | null
  private drops: Drops
  private readonly pinging: KeepAlive
  private closing$: Subscription | null
  private state: 'connecting' | 'open' | 'closing' | 'closed'
  private socket: WebSocketLike | null
  private close: Close | null
  private answeredCode: number | undefined
  private fault: Error | null
  /**
   * Errors to report when the request is done; null from then on. An earlier report would count as a failure of the
   * request.
   */
  private failures: unknown[] | null
  /** The subject that the application writes to. */
  private watcher: SinkWatcher | null
  /** The sources that are sent; null before the first. */
  private sendings: Stoppable[] | null

  constructor(settings: Settings, owner: SessionOwner, handshake: Handshake | null = null) {
    this.inbox = new Inbox(this)
    this.outbox = new Outbox(settings.bufferLimit, this)
    this.closure = null
    this.settings = settings
    this.owner = owner
    this.handshake = handshake
    this.request = null
    this.drops = NO_DROPS
    this.pinging = new KeepAlive(this, settings.pingIntervalMs)
    this.closing$ = null
    this.state = 'connecting'
    this.socket = null
    this.close = null
    this.answeredCode = undefined
    this.fault = null
    this.failures = []
    this.watcher = null
    this.sendings = null
  }

  /** Answers the handshake on the transport that was handed over. */
  start({ rest, head, owner, tasks, request }: Handover): void {
    const { handshake, settings: { maxPayload } } = this
    const { transport } = rest
    const agreement = handshake?.agreement ?? null
    const socket = new ServerSocket({ transport, tasks, events: owner, maxPayload, agreement }, this)
    // Its frames come first, also if the transport has more by then, or has ended.
    if (head.length > 0) socket.hold(head)
    rest.give(socket)
    this.handshake = null
    this.owner = owner
    this.request = request
    queueMicrotask(() => { this.requestDone() })
    if (this.state !== 'connecting' || handshake === null) return transport.destroy(false)
    socket.answer(headOf(handshake))
    this.opened(socket, owner.clock)
    if (head.length > 0) tasks.defer({ run: () => { socket.passOn() } })
  }

  /** There is no hand-over. */
  unsubscribe(): void {
    this.terminate()
    queueMicrotask(() => { this.requestDone() })
  }

  closeRequested(): void {
    this.startClosing(GOING_AWAY)
  }

  transportClosed(): void {
    const { socket } = this
    if (socket instanceof ServerSocket) socket.closed()
    else this.end(ABNORMAL_CLOSURE)
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
    if (this.sendings === null) this.sendings = [sending]
    else this.sendings.push(sending)
  }

  /** The source need not be stopped. */
  sent(sending: Stoppable): void {
    const { sendings } = this
    if (sendings !== null) this.sendings = sendings.filter(one => one !== sending)
  }

  get pending(): number {
    return this.outbox.pending
  }

  get receivedBytes(): number {
    return this.socket?.receivedBytes ?? 0
  }

  get writtenBytes(): number {
    return this.socket?.writtenBytes ?? 0
  }

  get isHeld(): boolean {
    return this.socket?.isHolding === true
  }

  get isWorking(): boolean {
    return this.inbox.isWorking
  }

  /** The last message was taken. */
  admit(): void {
    this.socket?.admit()
  }

  write(message: WebSocketMessage): void {
    this.outbox.write(message)
  }

  overflowed(): void {
    const reason = 'more bytes are pending than the bufferLimit of the WebSocket connection'
    this.report(new BackpressureError(reason, this.pending))
    this.terminate()
  }

  flush(): boolean {
    return this.socket?.flush() === true
  }

  dropped(size: number): void {
    this.drops = withDrop(this.drops, size)
    this.owner.happened({ type: 'drop', ...this.drops }, this.request)
  }

  ahead(ahead: Ahead): void {
    this.owner.happened({ type: 'ahead', ...ahead }, this.request)
  }

  complete(): void {
    this.startClosing(NORMAL)
  }

  error(error: unknown): void {
    this.report(error)
    this.startClosing(error instanceof BackpressureError ? TOO_SLOW : FAILED)
  }

  watch(watcher: SinkWatcher): void {
    this.watcher = watcher
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

  opened(socket: WebSocketLike, clock: Clock | null = null): void {
    this.state = 'open'
    this.socket = socket
    this.pinging.start(clock, this.settings.scheduler)
    this.outbox.connect(socket.messages)
    if (this.close !== null) this.startClosing(this.close)
  }

  received(message: WebSocketMessage): void {
    this.inbox.receive(message)
  }

  closing(code: number | undefined): void {
    this.answeredCode = code
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

  inputEnded(): void {
    this.enterClosing()
  }

  private startClosing(close: Close): void {
    const { code, reason } = (this.close ??= close)
    this.watcher?.closing()
    this.stopSendings()
    if (this.state !== 'open') return
    this.socket?.close(code, reason)
    this.enterClosing()
    this.inbox.close()
  }

  private stopSendings(): void {
    for (const sending of this.sendings ?? []) sending.stop()
  }

  private enterClosing(): void {
    if (this.state !== 'open') return
    this.state = 'closing'
    this.stopSendings()
    this.pinging.stop()
    const { closeTimeoutMs, scheduler } = this.settings
    const terminate = (): void => { this.socket?.terminate() }
    this.closing$ = timer(closeTimeoutMs, scheduler ?? libraryScheduler).subscribe(terminate)
    this.watcher?.closing()
  }

  private end(closure: WebSocketClosure): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.stopSendings()
    this.closure = closure
    this.pinging.stop()
    this.closing$?.unsubscribe()
    this.inbox.end()
    this.outbox.end()
    this.watcher?.closed(closure.wasClean ? 'done' : 'aborted')
  }
}
