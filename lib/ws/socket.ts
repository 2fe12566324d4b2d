/**
 * The frames of one WebSocket, in both directions: messages, pings, the closing handshake (RFC 6455 §5.5, §7).
 *
 * Strategy: it is the one handler of the transport that HTTP left. The closing handshake is over when both close frames
 * are on their way; then this side ends its output, and drops what comes until the socket is closed. The limit on the
 * time of that is the session's.
 *
 * Messages go to the queue of frames (frame-queue.ts) directly; compressed ones through the package `ws`
 * (compression.ts), which takes time.
 */
import { NO_BYTES, ownBytes } from '../buffer/bytes.js'
import { LocalProtocolError } from '../errors.js'
import { queueMicrotask } from '../node/runtime.js'
import type { EventSink } from '../runtime/events.js'
import type { Transport } from '../runtime/transport.js'
import type { TurnTasks } from '../runtime/turn-tasks.js'
import { NO_CODE } from './close-codes.js'
import { Compression, type Agreement, type FrameStream } from './compression.js'
import { closeCodeOf, faultError, inflationFault, type FrameFault } from './frame-faults.js'
import { FrameInput } from './frame-input.js'
import { FrameQueue, type Done, type OutputHost } from './frame-queue.js'
import type { FrameSink } from './frame-reader.js'
import { closeFrame, signalFrame } from './frame-writer.js'
import { ABNORMAL_CLOSURE, type WebSocketMessage } from './message.js'
import { textOf } from './unmasking.js'
import type { MessageOutput, OutputWatcher, WebSocketHost, WebSocketLike } from './web-socket-like.js'

/** As in the package `ws`: a client that asks on, and takes no answer, is cut. */
const MOST_PENDING_PONGS = 60
const NOT_ASCII = 0xff // For a text of unknown bytes.

/** The parts of a new WebSocket. */
export interface SocketPlan {
  readonly transport: Transport
  readonly tasks: TurnTasks
  readonly events: EventSink
  readonly maxPayload: number
  /** Null: messages are not compressed. */
  readonly agreement: Agreement | null
}

/** One WebSocket on a transport. */
export class ServerSocket extends FrameInput
  implements WebSocketLike, MessageOutput, FrameSink, OutputHost, FrameStream {
  /** The queue of frames; this itself, where messages are compressed. */
  readonly messages: MessageOutput
  readonly maxPayload: number
  readonly events: EventSink
  private readonly host: WebSocketHost
  private readonly compression: Compression | null
  private readonly queue: FrameQueue
  private state: 'open' | 'closing' | 'closed'
  /** The close frame of this side. */
  private ownClose: 'none' | 'queued' | 'sent'
  /** Whether the peer closed, or broke a rule. */
  private isPeerDone: boolean
  private code: number
  private reason: string
  private pendingPongs: number
  isInflating: boolean
  /** The end of the output: `due` while messages before it are being compressed. */
  private ownEnd: 'none' | 'due' | 'begun'

  constructor({ transport, tasks, events, maxPayload, agreement }: SocketPlan, host: WebSocketHost) {
    super(transport, tasks)
    this.maxPayload = maxPayload
    this.events = events
    this.host = host
    this.compression = agreement === null ? null : new Compression(agreement, this)
    this.queue = new FrameQueue(transport, this)
    this.messages = this.compression === null ? this.queue : this
    this.pendingPongs = 0
    this.state = 'open'
    this.ownClose = 'none'
    this.isPeerDone = this.isInflating = false
    this.code = ABNORMAL_CLOSURE.code
    this.reason = ''
    this.ownEnd = 'none'
  }

  /** Sends the response to the handshake. */
  answer(head: string): void {
    this.queue.sendShared(head)
  }

  get bufferedAmount(): number {
    return this.queue.bufferedAmount + (this.compression?.pending ?? 0)
  }

  get writtenBytes(): number {
    return this.queue.writtenBytes
  }

  get outbox(): OutputWatcher {
    return this.host.outbox
  }

  flush(): boolean {
    return this.queue.offer() && this.compression === null
  }

  send(message: WebSocketMessage): void {
    if (this.state === 'open') this.compression?.send(message)
  }

  ping(): void {
    if (this.state !== 'open') return
    if (this.compression === null) this.queue.sendFrame(signalFrame('ping', NO_BYTES))
    else this.compression.ping(NO_BYTES)
  }

  close(code: number, reason: string): void {
    if (this.state === 'open') this.sendClose(code, reason)
  }

  terminate(): void {
    if (this.state === 'closed') return
    this.endMessages('closing')
    this.drop()
    this.transport.destroy(false)
  }

  error(): void {
    this.terminate()
  }

  /** The socket is closed. A message that is being inflated still comes, and none behind it. */
  closed(): void {
    this.endMessages('closed')
    this.drop()
    if (!this.isInflating) this.over()
  }

  outputLost(fate: string, cause?: unknown): void {
    this.host.report(new LocalProtocolError('badState', `bytes of a message ${fate}`, cause))
    this.terminate()
  }

  get destroyed(): boolean {
    return this.state === 'closed'
  }

  cork(): void {
    // Writes of one turn leave together anyway.
  }

  uncork(): void {
    // As above.
  }

  write(bytes: Uint8Array | string, done?: Done): void {
    this.queue.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, done)
    if (this.ownEnd === 'due') queueMicrotask(() => { this.end() })
  }

  protected get sink(): FrameSink {
    return this
  }

  get mayInflate(): boolean {
    return this.compression !== null
  }

  protected get isWorking(): boolean {
    return this.host.isWorking
  }

  message(message: WebSocketMessage): void {
    this.shut()
    this.host.received(message)
  }

  compressed(payload: Uint8Array, isText: boolean): void {
    this.shut()
    this.isInflating = true
    this.compression?.inflate(payload, result => { this.inflated(result, isText) })
  }

  pinged(payload: Uint8Array): void {
    if (this.state !== 'open') return
    if (this.pendingPongs === MOST_PENDING_PONGS) return this.terminate()
    this.pendingPongs++
    const done = (): void => { this.pendingPongs-- }
    if (this.compression !== null) return this.compression.pong(payload, done)
    this.queue.write(signalFrame('pong', payload), done)
  }

  peerClosed(code: number, reason: string): void {
    this.code = code
    this.reason = reason
    this.peerDone(code === NO_CODE ? null : code, reason)
    this.host.closing(code === NO_CODE ? undefined : code)
  }

  faulted(fault: FrameFault, error = faultError(fault)): void {
    const code = closeCodeOf(fault)
    this.peerDone(code, '')
    this.host.closing(code)
    this.host.failed(error)
  }

  protected inputPassed(): void {
    if (this.state === 'open') this.endMessages('closing')
    this.host.inputEnded()
    this.end()
  }

  protected arrived(bytes: Uint8Array): void {
    if (this.events.isObserved) this.events.emit({ type: 'bytesIn', count: bytes.length, bytes })
    this.queue.beginEvent()
  }

  protected beginTurn(): void {
    this.queue.beginTurn()
  }

  protected endTurn(): void {
    this.queue.endTurn()
  }

  private inflated(result: Buffer | Error, isText: boolean): void {
    this.isInflating = false
    if (!this.isPeerDone) this.takeInflated(result, isText)
    if (this.state === 'closed') this.over()
    else this.pass()
  }

  private takeInflated(result: Buffer | Error, isText: boolean): void {
    if (result instanceof Error) return this.faulted(inflationFault(result), result)
    const message = isText ? textOf(result, result.length, NOT_ASCII) : ownBytes(result)
    if (message === null) this.faulted('notUtf8')
    else this.host.received(message)
  }

  /** The peer closed, or broke a rule: nothing more is read. */
  private peerDone(code: number | null, reason: string): void {
    this.isPeerDone = true
    this.drop()
    if (this.state === 'open') this.sendClose(code, reason)
    else if (this.ownClose === 'sent') this.end()
  }

  private sendClose(code: number | null, reason: string): void {
    const sent: Done = error => {
      if (error !== null && error !== undefined) return
      this.ownClose = 'sent'
      if (this.isPeerDone) this.end()
    }
    this.endMessages('closing')
    this.ownClose = 'queued'
    if (this.compression === null) this.queue.write(closeFrame(code, reason), sent)
    else this.compression.close(code, reason, sent)
  }

  /** Ends the output behind what was written. */
  private end(): void {
    if (this.ownEnd === 'begun') return
    this.ownEnd = this.compression !== null && this.compression.pending > 0 ? 'due' : 'begun'
    if (this.ownEnd === 'due') return
    this.queue.whenWritten(error => { if (error === null) this.transport.end() })
  }

  private over(): void {
    this.queue.destroy()
    this.compression?.end()
    this.host.closed(this.code, this.reason)
  }

  private endMessages(state: 'closing' | 'closed'): void {
    this.state = state
    this.queue.endMessages()
  }
}
