/**
 * What happens on a connection, for those who watch. An event is made only while somebody does.
 */
import type { IOVec } from '../buffer/iovec.js'
import type { Request } from '../message/request.js'
import type { Response } from '../message/response.js'
import type { Limit } from './deadlines.js'

/** What every event has: which connection, and when, in milliseconds of the scheduler's clock. */
interface Occurrence {
  readonly connection: number
  readonly time: number
}

/** One thing that happened. */
export type ConnectionEvent = Occurrence & ConnectionEventDetail

/** The kinds of events. Counts are in bytes; the bytes themselves are only lent: a copy keeps them. */
export type ConnectionEventDetail =
  | { readonly type: 'open'; readonly remoteAddress: string; readonly isEncrypted: boolean }
  | {
    /** A TLS handshake failed: this connection was none. Told by the server alone. */
    readonly type: 'handshakeError'
    /** The code of the error: Node's, or the name of the option whose limit was reached. */
    readonly reason: string
    readonly error: Error
    readonly remoteAddress: string
  }
  | { readonly type: 'bytesIn'; readonly count: number; readonly bytes: Uint8Array }
  | { readonly type: 'bytesOut'; readonly count: number; readonly iovecs: readonly IOVec[] }
  /** The transport did not take all of a write at once: `bytesOut` follows when it has. Streams never do at once. */
  | { readonly type: 'writeWaits'; readonly count: number }
  | { readonly type: 'inputEnd' }
  | { readonly type: 'readerYield' }
  | { readonly type: 'readerResume' }
  | { readonly type: 'writerYield' }
  | { readonly type: 'writerResume' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'request'; readonly request: Request }
  | {
    readonly type: 'response'
    readonly request: Request
    readonly response: Response | null
    readonly result: 'done' | 'aborted'
  }
  | {
    /** The client was too slow for a value. The numbers are those of all values of this response that were dropped. */
    readonly type: 'drop'
    readonly request: Request
    readonly count: number
    readonly bytes: number
  }
  | {
    /**
     * Operators behind a source that can wait may hold what it gave: demand does not reach it through them. Told when
     * `silent - late` has doubled. Of `pulled` values so far, nothing came of `silent` while they were given (a filter
     * dropped them, or they are held), and `late` came at other times (they were held).
     */
    readonly type: 'ahead'
    readonly request: Request
    readonly pulled: number
    readonly silent: number
    readonly late: number
  }
  | { readonly type: 'upgrade'; readonly request: Request }
  | { readonly type: 'error'; readonly error: unknown }
  /** The handler of a request has not begun to respond for long. Once for each. */
  | { readonly type: 'stalled'; readonly request: Request }
  | { readonly type: 'timeout'; readonly limit: Limit }
  | { readonly type: 'close' } & Breakage

/** Receives the events of a connection. Those who have one for it ask first, so that none is made in vain. */
export interface EventSink {
  /** Whether somebody listens. */
  readonly isObserved: boolean
  emit(detail: ConnectionEventDetail): void
}

/** The sink of what nobody can listen to. */
export const NO_EVENTS: EventSink = { isObserved: false, emit: () => undefined }

/** How a connection was broken off, if it was. */
export interface Breakage {
  /** Who broke it off; null where it just ended. */
  readonly brokenBy: 'client' | 'server' | null
  /** How many bytes of the last write the transport had not taken; 0 where it does not know. */
  readonly unwritten: number
}

/** A connection that just ended. */
export const NO_BREAKAGE: Breakage = { brokenBy: null, unwritten: 0 }
