/**
 * The sources of messages to a client, and their options.
 */
import { FUNCTION } from '../connection/option-check.js'
import type { Source } from '../demand/from-source.js'
import { OVERFLOW, type Overflow } from '../demand/overflow-policy.js'
import type { WebSocketMessage } from './message.js'

/** A source of messages to the client. An iterable or a stream is pulled as the client takes messages. */
export type MessageSource = Source<WebSocketMessage>

/** The options of `send`. */
export interface SendOptions {
  /**
   * What happens to messages of an Observable when the client is too slow, as in a `Reply`: up to 1 MiB is buffered
   * unless given. When the policy fails, the connection is closed with 1008; with `disconnect` it is terminated.
   */
  readonly overflow?: Overflow
  /** Called with each message that is dropped. If it throws, the connection is closed with 1011. */
  readonly onDrop?: (message: WebSocketMessage) => void
}

/** The valid values of the options. */
export const SEND_KINDS = { overflow: OVERFLOW, onDrop: FUNCTION }
