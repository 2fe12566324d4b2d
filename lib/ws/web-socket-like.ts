/**
 * What this room knows of a WebSocket: its methods, not its class.
 */
import type { WebSocketMessage } from './message.js'

/** A server's side of a WebSocket, after the opening handshake. */
export interface WebSocketLike {
  /** How many bytes were sent and not taken by the operating system yet. */
  readonly bufferedAmount: number
  /** Offers what was sent to the operating system. Returns false where it cannot say yet what it took. */
  flush(): boolean
  /** Sends the message; one that can't be sent any more is dropped. */
  send(message: WebSocketMessage): void
  ping(): void
  /** Starts the closing handshake. */
  close(code: number, reason: string): void
  /** Ends the connection now. */
  terminate(): void
}

/** Whom a WebSocket tells. */
export interface WebSocketHost {
  /** The opening handshake is done. */
  opened(socket: WebSocketLike): void
  received(message: WebSocketMessage): void
  /** The peer closes, or is closed for a fault; `code` is what it is answered. Messages are of no use any more. */
  closing(code: number | undefined): void
  /** The peer broke the protocol. */
  failed(error: Error): void
  /** The connection is over. */
  closed(code: number, reason: string): void
}
