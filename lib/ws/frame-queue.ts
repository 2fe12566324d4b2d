/**
 * The frames to a client, on their way to the socket.
 *
 * Strategy: the queue and the write loop of an HTTP connection (faraday.ts, write-loop.ts) serve here as well: the
 * writes of one turn leave together, a long text is encoded part by part as there is room, and an endless source does
 * not starve other connections. Bytes stay in the queue, and count as pending, until the operating system has taken
 * them. A queue is made for the first frame, and dropped when it has been empty for a while (socket.ts).
 */
import { COPIED_BEHIND_HEAD } from '../buffer/copying.js'
import { Faraday } from '../buffer/faraday.js'
import { YIELD, type WriteOperation, type WriteResult } from '../connection/operation.js'
import { ConnectionClosedError } from '../errors.js'
import type { EventSink } from '../runtime/events.js'
import type { OutputTransport } from '../runtime/transport.js'
import type { TurnTasks } from '../runtime/turn-tasks.js'
import { WriteLoop, type OutputSource, type WriteOwner } from '../runtime/write-loop.js'
import type { FrameOutput } from './frame-writer.js'

/** The owner of an output. */
export interface OutputHost {
  readonly tasks: TurnTasks
  readonly events: EventSink
  /** Less is pending. */
  drained(): void
  /** The socket takes no more. */
  terminate(): void
  /** The application transferred the memory of pending bytes. */
  outputGivenAway(): void
}

/** Called when bytes were taken, or never will be. */
export type Done = (error?: Error | null) => void

/** The output of one WebSocket. */
export class FrameQueue implements FrameOutput, OutputSource, WriteOwner {
  readonly tasks: TurnTasks
  readonly events: EventSink
  private readonly host: OutputHost
  private readonly transport: OutputTransport
  private readonly bytes: Faraday
  private readonly writes: WriteLoop
  private wake: (() => void) | null

  constructor(transport: OutputTransport, host: OutputHost) {
    this.tasks = host.tasks
    this.events = host.events
    this.host = host
    this.transport = transport
    this.bytes = new Faraday()
    this.writes = new WriteLoop(this, this.transport, this)
    this.wake = null
    this.beginTurn()
    this.endTurn()
  }

  /** How many bytes were written and not taken by the operating system yet. */
  get pending(): number {
    return this.bytes.pendingBytes
  }

  /** How many bytes the operating system took, including those of a write that is under way. */
  get writtenBytes(): number {
    const underWay = this.writes.underWay
    return this.bytes.position - this.pending + underWay - Math.min(underWay, this.transport.unwrittenBytes)
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

  sendShared(frame: string): void {
    if (this.bytes.isClosed) return
    this.bytes.writeShared(frame)
    this.wakeUp()
  }

  send(frame: Uint8Array): void {
    this.write(frame)
  }

  sendPieces(header: Uint8Array, payload: Uint8Array): void {
    this.write(header)
    this.write(payload)
  }

  sendText(header: Uint8Array, text: string, size: number): void {
    this.write(header)
    if (this.bytes.isClosed) return
    this.bytes.writeString(text, size)
    this.wakeUp()
  }

  /** Writes bytes, which must not change until they were taken; then it calls back. */
  write(bytes: Uint8Array, done?: Done): void {
    if (this.bytes.isClosed) return done?.(new ConnectionClosedError())
    if (bytes.length <= COPIED_BEHIND_HEAD) this.bytes.writeBytes(bytes)
    else this.bytes.scheduleBytes(bytes)
    if (done !== undefined) this.whenWritten(done)
    this.wakeUp()
  }

  /** Calls back when all bytes written so far were taken, or never will be. */
  whenWritten(done: Done): void {
    this.bytes.flush(result => { done(result === 'written' ? null : new ConnectionClosedError()) })
  }

  /** Drops the pending bytes. */
  destroy(): void {
    this.writes.stop()
    this.bytes.closeAndDrain()
  }

  get hasPendingOutput(): boolean {
    return this.bytes.hasPending
  }

  get pendingText(): string {
    return this.bytes.pendingText
  }

  nextWriteOperation(): WriteOperation {
    return this.bytes.hasPending ? { type: 'write', iovecs: this.bytes.iovecs() } : YIELD
  }

  reportWriteResult(result: WriteResult): void {
    if (result.type === 'closed' || this.bytes.isClosed) return
    this.bytes.shift(result.count)
    this.host.drained()
  }

  yieldWriter(resume: () => void): void {
    this.wake = resume
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

  outputGivenAway(): void {
    this.host.outputGivenAway()
  }

  private wakeUp(): void {
    const { wake } = this
    this.wake = null
    wake?.()
  }
}
