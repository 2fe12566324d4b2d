/**
 * Where the messages to a client come from.
 */
import { FUNCTION } from '../connection/option-check.js'
import type { Source } from '../demand/from-source.js'
import { OVERFLOW, type Overflow } from '../demand/overflow-policy.js'
import type { WebSocketMessage } from './message.js'

/** Where messages to the client come from: any source of them. What can be pulled is, as the client takes messages. */
export type MessageSource = Source<WebSocketMessage>

/** How a source is sent. */
export interface SendOptions {
  /**
   * What happens to messages of an Observable that the client is too slow for, as in a `Reply`: up to 1 MiB is kept
   * unless given. Where it fails, the connection is closed with 1008; with `disconnect` it is cut.
   */
  readonly overflow?: Overflow
  /** Sees each message that is dropped. What it throws closes the connection with 1011. */
  readonly onDrop?: (message: WebSocketMessage) => void
}

/** What the options take. */
export const SEND_KINDS = { overflow: OVERFLOW, onDrop: FUNCTION }
