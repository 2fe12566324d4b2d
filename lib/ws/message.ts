/**
 * What goes over a WebSocket connection, and how one ends.
 */

/** A message: text, or bytes. */
export type WebSocketMessage = string | Uint8Array

/** How a connection ended. */
export interface WebSocketClosure {
  /**
   * The code of the peer's close frame, 1005 where it had none; the code that the peer's fault was answered with (1002,
   * 1007, 1008, 1009); 1006 where the connection just ended.
   *
   * @see RFC 6455 §7.4.1
   */
  readonly code: number
  /** The reason in the peer's close frame, '' where it gave none. */
  readonly reason: string
  /** Whether the peer took part: its close frame came. */
  readonly wasClean: boolean
  /** What the peer did wrong; null where it did nothing. */
  readonly error: Error | null
}

/** The end of a connection that just ended: no close frame came. */
export const ABNORMAL_CLOSURE: WebSocketClosure = { code: 1006, reason: '', wasClean: false, error: null }
