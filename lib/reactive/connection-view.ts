/**
 * The public interface of a server's connection.
 */
import type { Observable } from 'rxjs'
import type { ConnectionEvent } from '../runtime/events.js'
import type { Reqd } from './streamed-reqd.js'

/** A connection of a server. */
export interface Connection {
  /** The number of the connection in its server, from 1. */
  readonly id: number
  /** The peer's address; '' if the transport has none. */
  readonly remoteAddress: string
  /**
   * The requests, one at a time. With `listen` the subscriber handles them: nothing is read before the first
   * subscription, and unsubscribing closes the connection. With `serve` the handler does, and subscribers only watch.
   */
  readonly requests$: Observable<Reqd>
  /** The events of this connection from the subscription on; completes with the connection. */
  readonly events$: Observable<ConnectionEvent>
  /** Closes the connection after the response to the request in flight or partly received; at once if there is none. */
  close(): void
}
