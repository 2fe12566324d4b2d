/**
 * A connection of a server, as its user sees it.
 */
import type { Observable } from 'rxjs'
import type { ConnectionEvent } from '../runtime/events.js'
import type { Reqd } from './streamed-reqd.js'

/** A connection, as its user sees it. */
export interface Connection {
  /** The number of the connection in its server, from 1. */
  readonly id: number
  /** The address of the peer, '' where the transport has none. */
  readonly remoteAddress: string
  /**
   * The requests, one at a time. Where no handler handles them, nothing is read before the first subscription, and to
   * unsubscribe closes the connection; else they are for watching.
   */
  readonly requests$: Observable<Reqd>
  /** What happens here, from the subscription on; completes with the connection. */
  readonly events$: Observable<ConnectionEvent>
  /**
   * Closes the connection when the request that is handled is answered, or one that has come in part; at once where
   * there is none.
   */
  close(): void
}
