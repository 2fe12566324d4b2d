/**
 * The codes of close frames (RFC 6455 §7.4).
 */

/** Stands for a close frame without a code; it is never sent. */
export const NO_CODE = 1005

/** Whether the code may be sent: 1004 to 1006 never are; undefined codes below 3000 are reserved for protocols. */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999)
}

/** How this side closes. */
export interface Close {
  readonly code: number
  readonly reason: string
}

/** RFC 6455 §7.4.1: the purpose of the connection was fulfilled. */
export const NORMAL: Close = { code: 1000, reason: '' }
/** The source of the messages failed. The reason stays here: it may not be for the peer. */
export const FAILED: Close = { code: 1011, reason: '' }
/** The client is too slow for the overflow policy. */
export const TOO_SLOW: Close = { code: 1008, reason: 'too slow' }
/** The server is closed. */
export const GOING_AWAY: Close = { code: 1001, reason: '' }
