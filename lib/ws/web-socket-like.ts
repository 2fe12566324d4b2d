/**
 * The interface of a WebSocket, so that this room does not depend on the class of a package.
 */
import type { WebSocketMessage } from './message.js'

/** A server's side of a WebSocket, after the opening handshake. */
export interface WebSocketLike {
  /** How many bytes were sent and not taken by the operating system yet. */
  readonly bufferedAmount: number
  /** Offers the pending bytes to the operating system. Returns false where it cannot tell yet how much was taken. */
  flush(): boolean
  /** Sends the message, or drops it after the end. */
  send(message: WebSocketMessage): void
  ping(): void
  /** Starts the closing handshake. */
  close(code: number, reason: string): void
  /** Ends the connection now. */
  terminate(): void
}

/** Receives the notifications of a WebSocket. */
export interface WebSocketHost {
  /** The opening handshake is done. */
  opened(socket: WebSocketLike): void
  received(message: WebSocketMessage): void
  /**
   * The peer closes, or is closed for a protocol error. `code` is that of our close frame. Messages cannot be answered
   * any more.
   */
  closing(code: number | undefined): void
  /** The peer broke the protocol. */
  failed(error: Error): void
  /** The connection is over. */
  closed(code: number, reason: string): void
}
