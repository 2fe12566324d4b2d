/**
 * The pending messages to the client, and the callbacks that wait until they have drained.
 *
 * Strategy: what a WebSocket has buffered is the only queue; the subject that is written to, and each source that is
 * sent, may wait until it has drained. Sources write to it without the session and the subject in between: an object
 * that a message touches for each of many clients is rarely in the processor's cache by then. Before there is a
 * WebSocket, messages wait in a list, each counted with the header of its frame, so that empty ones count too.
 */
import { isBytes } from '../demand/chunk.js'
import type { Drained } from '../demand/water-marks.js'
import { messageSize } from './frame-writer.js'
import type { WebSocketMessage } from './message.js'
import type { MessageOutput, OutputWatcher } from './web-socket-like.js'

/** The smallest header of a frame. */
const HEADER_SIZE = 2

interface Wait {
  readonly mark: number
  readonly callback: () => void
}

/** The owner of an outbox. */
export interface OutboxOwner {
  /** There was no room for a message. */
  overflowed(): void
}

/** The way out of one connection. */
export class Outbox implements Drained, OutputWatcher {
  private readonly limit: number
  private readonly owner: OutboxOwner
  private output: MessageOutput | null
  /** Null where none waits, as `waits`. */
  private waiting: WebSocketMessage[] | null
  private waitingBytes: number
  private waits: Wait[] | null

  /** `limit`: with more bytes pending, it takes no message. */
  constructor(limit: number, owner: OutboxOwner) {
    this.limit = limit
    this.owner = owner
    this.output = null
    this.waiting = null
    this.waitingBytes = 0
    this.waits = null
  }

  /** How many bytes were written and not taken by the operating system yet. */
  get pending(): number {
    return this.output === null ? this.waitingBytes : this.output.bufferedAmount
  }

  /** Writes the message. */
  write(message: WebSocketMessage): void {
    const isMessage = typeof message === 'string' || isBytes(message)
    if (!isMessage) throw new TypeError('a message is a string or a Uint8Array')
    if (this.pending > this.limit) this.owner.overflowed()
    else if (this.output === null) this.keep(message)
    else this.output.send(message)
  }

  /** Sends the messages that waited for the output. */
  connect(output: MessageOutput): void {
    const { waiting } = this
    this.output = output
    this.waiting = null
    this.waitingBytes = 0
    for (const message of waiting ?? []) output.send(message)
    this.drained()
  }

  /** Calls back once when at most `mark` bytes are pending: at once, if that is so now. Any number may wait. */
  whenDrained(mark: number, callback: () => void): void {
    if (this.pending <= mark) callback()
    else (this.waits ??= []).push({ mark, callback })
  }

  /** Calls back where few enough bytes are pending. A callback may write, so that the next one keeps waiting. */
  drained(): void {
    const { waits } = this
    if (waits === null) return
    this.waits = null
    for (const wait of waits) this.whenDrained(wait.mark, wait.callback)
  }

  /** The connection is over: drops the messages that waited for an output, or in it to be compressed. */
  end(): void {
    this.output = null
    this.waiting = null
    this.waitingBytes = 0
  }

  private keep(message: WebSocketMessage): void {
    (this.waiting ??= []).push(message)
    this.waitingBytes += HEADER_SIZE + messageSize(message)
  }
}
