/**
 * The frames to a client, on their way to the socket.
 *
 * Strategy: the queue and the write loop of an HTTP connection (faraday.ts, write-loop.ts) serve here as well: the
 * writes of one turn leave together, a long text is encoded part by part as there is room, and an endless source does
 * not starve other connections. Bytes stay in the queue, and count as pending, until the operating system has taken
 * them.
 */
import { COPIED_BEHIND_HEAD } from '../buffer/copying.js'
import { Faraday } from '../buffer/faraday.js'
import { YIELD, type WriteOperation, type WriteResult } from '../connection/operation.js'
import { ConnectionClosedError } from '../errors.js'
import type { EventSink } from '../runtime/events.js'
import type { OutputTransport } from '../runtime/transport.js'
import type { TurnTasks } from '../runtime/turn-tasks.js'
import { WriteLoop, type OutputSource, type WriteOwner } from '../runtime/write-loop.js'
import { writeMessage, type FrameOutput } from './frame-writer.js'
import type { WebSocketMessage } from './message.js'
import type { MessageOutput, OutputWatcher } from './web-socket-like.js'

/** The owner of an output. */
export interface OutputHost {
  readonly tasks: TurnTasks
  readonly events: EventSink
  readonly outbox: OutputWatcher
  /** The socket takes no more. */
  terminate(): void
  /** As for the owner of a write loop. */
  outputLost(fate: string, cause?: unknown): void
}

/** Called when bytes were taken, or never will be. */
export type Done = (error?: Error | null) => void

/** The output of one WebSocket. */
export class FrameQueue extends Faraday implements MessageOutput, FrameOutput, OutputSource, WriteOwner {
  readonly tasks: TurnTasks
  readonly events: EventSink
  private readonly host: OutputHost
  private readonly outbox: OutputWatcher
  private readonly transport: OutputTransport
  private readonly writes: WriteLoop
  /** Whether the write loop waits for output. */
  private isYielding: boolean
  private takesMessages: boolean

  constructor(transport: OutputTransport, host: OutputHost) {
    super()
    this.tasks = host.tasks
    this.events = host.events
    this.host = host
    this.outbox = host.outbox
    this.transport = transport
    this.writes = new WriteLoop(this, this.transport, this)
    this.isYielding = false
    this.takesMessages = true
    this.beginTurn()
    this.endTurn()
  }

  get bufferedAmount(): number {
    return this.pendingBytes
  }

  /** How many bytes the operating system took, including those of a write that is under way. */
  get writtenBytes(): number {
    const underWay = this.writes.underWay
    return this.position - this.pendingBytes + underWay - Math.min(underWay, this.transport.unwrittenBytes)
  }

  /** Offers the pending bytes to the socket now. Returns false where it cannot tell yet how much it took. */
  offer(): boolean {
    return this.writes.offer()
  }

  /** Keeps output back until the matching {@link endTurn}. */
  beginTurn(): void {
    this.writes.beginTurn()
  }

  /** A new event of the event loop: other connections have had their turn. */
  beginEvent(): void {
    this.writes.beginEvent()
  }

  endTurn(): void {
    this.writes.endTurn()
  }

  send(message: WebSocketMessage): void {
    if (this.takesMessages) writeMessage(this, message)
  }

  /** Drops the messages that come from now on. */
  endMessages(): void {
    this.takesMessages = false
  }

  sendShared(frame: string): void {
    if (this.isClosed) return
    this.writeShared(frame)
    this.wakeUp()
  }

  sendFrame(frame: Uint8Array): void {
    this.write(frame)
  }

  sendPieces(header: Uint8Array, payload: Uint8Array): void {
    this.write(header)
    this.write(payload)
  }

  sendText(header: Uint8Array, text: string, size: number): void {
    this.write(header)
    if (this.isClosed) return
    this.writeString(text, size)
    this.wakeUp()
  }

  /** Writes bytes, which must not change until they were taken; then it calls back. */
  write(bytes: Uint8Array, done?: Done): void {
    if (this.isClosed) return done?.(new ConnectionClosedError())
    if (bytes.length <= COPIED_BEHIND_HEAD) this.writeBytes(bytes)
    else this.scheduleBytes(bytes)
    if (done !== undefined) this.whenWritten(done)
    this.wakeUp()
  }

  /** Calls back when all bytes written so far were taken, or never will be. */
  whenWritten(done: Done): void {
    this.flush(result => { done(result === 'written' ? null : new ConnectionClosedError()) })
  }

  /** Drops the pending bytes. */
  destroy(): void {
    this.writes.stop()
    this.closeAndDrain()
  }

  get hasPendingOutput(): boolean {
    return this.hasPending
  }

  nextWriteOperation(): WriteOperation {
    return this.hasPending ? { type: 'write', iovecs: this.iovecs() } : YIELD
  }

  reportWriteResult(result: WriteResult): void {
    if (result.type === 'closed' || this.isClosed) return
    this.shift(result.count)
    this.outbox.drained()
  }

  yieldWriter(): void {
    this.isYielding = true
  }

  turnEnded(): void {
    // Nothing to do.
  }

  outputClosed(): void {
    // The queue is closed only by `destroy`.
  }

  outputFailed(): void {
    this.host.terminate()
  }

  outputLost(fate: string, cause?: unknown): void {
    this.host.outputLost(fate, cause)
  }

  private wakeUp(): void {
    if (!this.isYielding) return
    this.isYielding = false
    this.writes.resume()
  }
}
