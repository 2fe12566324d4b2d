/**
 * Where the messages to a client come from.
 */
import type { Observable } from 'rxjs'
import type { Overflow } from '../reactive/overflow.js'
import type { WebSocketMessage } from './message.js'

/** Where messages to the client come from: an Observable, or a function from the demand in bytes to one. */
export type MessageSource =
  | Observable<WebSocketMessage>
  | ((ready$: Observable<number>) => Observable<WebSocketMessage>)

/** How a source is sent. */
export interface SendOptions {
  /**
   * What happens to messages of an Observable that the client is too slow for, as in a `Reply`. With `error`, which
   * is the default, the connection is closed with 1008; with `disconnect` it is cut.
   */
  readonly overflow?: Overflow
}
