/**
 * The interface between a session and the WebSocket under it: that of a transport (socket.ts), or of a test in virtual
 * time, which has messages and no frames.
 */
import type { WebSocketMessage } from './message.js'

/** Where the messages to the client go. */
export interface MessageOutput {
  /** How many bytes were sent and not taken by the operating system yet. */
  readonly bufferedAmount: number
  /** Sends the message, or drops it after the end. */
  send(message: WebSocketMessage): void
}

/** A server's side of a WebSocket, after the opening handshake. */
export interface WebSocketLike {
  /** @internal Where messages go. */
  readonly messages: MessageOutput
  /** How many bytes came from the peer. */
  readonly receivedBytes: number
  /** How many bytes the operating system took. */
  readonly writtenBytes: number
  /** Whether bytes that were read wait here. */
  readonly isHolding: boolean
  /** Lets the next message in: the last one was taken. */
  admit(): void
  /** Offers the pending bytes to the operating system. Returns false where it cannot tell yet how much was taken. */
  flush(): boolean
  ping(): void
  /** Starts the closing handshake. */
  close(code: number, reason: string): void
  /** Ends the connection now. */
  terminate(): void
}

/** Receives the notifications of an output. */
export interface OutputWatcher {
  /** Output was taken; less is pending. */
  drained(): void
}

/** Receives the notifications of a WebSocket. */
export interface WebSocketHost {
  /** The queue in front of {@link WebSocketLike.messages}. */
  readonly outbox: OutputWatcher
  /** Whether the application is at work on the last message. */
  readonly isWorking: boolean
  /** The opening handshake is done. */
  opened(socket: WebSocketLike): void
  received(message: WebSocketMessage): void
  /**
   * The peer closes, or is closed for a protocol error. `code` is that of our close frame. Messages cannot be answered
   * any more.
   */
  closing(code: number | undefined): void
  /** The peer ended its side, and the messages before that were taken. */
  inputEnded(): void
  /** The application misused the WebSocket. */
  report(error: unknown): void
  /** The peer broke the protocol. */
  failed(error: Error): void
  /** The connection is over. */
  closed(code: number, reason: string): void
}
