/**
 * The messages of a WebSocket connection, and the description of its end.
 */

/** A message: text, or bytes. */
export type WebSocketMessage = string | Uint8Array

/** How a connection ended. */
export interface WebSocketClosure {
  /**
   * The code of the peer's close frame, 1005 where it had none; the code of the close that answered a protocol error of
   * the peer (1002, 1007, 1008, 1009); 1006 where the connection ended without a close frame.
   *
   * @see RFC 6455 §7.4.1
   */
  readonly code: number
  /** The reason in the peer's close frame, '' where it gave none. */
  readonly reason: string
  /** Whether the peer took part: its close frame came. */
  readonly wasClean: boolean
  /** The protocol error of the peer; null where there was none. */
  readonly error: Error | null
}

/** The end of a connection without a close frame. */
export const ABNORMAL_CLOSURE: WebSocketClosure = { code: 1006, reason: '', wasClean: false, error: null }
