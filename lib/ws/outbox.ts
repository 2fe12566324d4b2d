/**
 * The messages to the client: what is on its way, and who waits for it to get less.
 *
 * Strategy: what a WebSocket has buffered is the only queue; the subject that is written to, and each source that is
 * sent, may wait for it to get less. Before there is one, messages wait in a list, each
 * counted with the header of its frame, so that empty ones count too.
 */
import { isBytes } from '../demand/chunk.js'
import { messageSize } from './frame-writer.js'
import type { WebSocketMessage } from './message.js'
import type { WebSocketLike } from './web-socket-like.js'

/** The smallest header of a frame. */
const HEADER_SIZE = 2

interface Wait {
  readonly mark: number
  readonly callback: () => void
}

/** The way out of one connection. */
export class Outbox {
  private readonly limit: number
  private socket: WebSocketLike | null
  private waiting: WebSocketMessage[]
  private waitingBytes: number
  private wait: Wait | null
  /** Those that wait beside it. */
  private others: Wait[]

  /** `limit`: with more bytes pending, it takes no message. */
  constructor(limit: number) {
    this.limit = limit
    this.socket = null
    this.waiting = []
    this.waitingBytes = 0
    this.wait = null
    this.others = []
  }

  /** How many bytes were written and not taken by the operating system yet. */
  get pending(): number {
    return this.socket === null ? this.waitingBytes : this.socket.bufferedAmount
  }

  /** Writes the message. Returns false where there is no room for it. */
  write(message: WebSocketMessage): boolean {
    const isMessage = typeof message === 'string' || isBytes(message)
    if (!isMessage) throw new TypeError('a message is a string or a Uint8Array')
    if (this.pending > this.limit) return false
    if (this.socket === null) this.keep(message)
    else this.socket.send(message)
    return true
  }

  /** Sends what waited for the socket. */
  connect(socket: WebSocketLike): void {
    const { waiting } = this
    this.socket = socket
    this.waiting = []
    this.waitingBytes = 0
    for (const message of waiting) socket.send(message)
    this.drained()
  }

  /** Calls back once when at most `mark` bytes are pending. */
  whenDrained(mark: number, callback: () => void): void {
    this.wait = { mark, callback }
    this.drained()
  }

  /** As {@link whenDrained}, beside what waits already. The callback is never called at once. */
  alsoWhenDrained(mark: number, callback: () => void): void {
    this.others.push({ mark, callback })
  }

  /** Less is pending. */
  drained(): void {
    const { wait, others } = this
    if (wait !== null && this.pending <= wait.mark) {
      this.wait = null
      wait.callback()
    }
    if (others.length > 0) this.tellOthers()
  }

  /** Each may write, so that the next one waits on. */
  private tellOthers(): void {
    const { others } = this
    this.others = []
    for (const wait of others) {
      if (this.pending <= wait.mark) wait.callback()
      else this.others.push(wait)
    }
  }

  private keep(message: WebSocketMessage): void {
    this.waiting.push(message)
    this.waitingBytes += HEADER_SIZE + messageSize(message)
  }
}
