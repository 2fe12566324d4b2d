/**
 * The events of a connection, for logs, metrics and captures.
 *
 * Strategy: one union of plain objects, distinguished by `type`, so that a listener selects with a `switch`. The loops
 * check `isObserved` before they make an event: a server without listeners pays one test an event. Listeners get
 * copies of bytes, if they ask ({@link copyOnAccess}). Deliberately not here: sums and rates, which a listener computes
 * from the counts.
 */
import { copyBytes } from '../buffer/bytes.js'
import { isGivenAway, type IOVec } from '../buffer/iovec.js'
import type { Request } from '../message/request.js'
import type { Response } from '../message/response.js'
import type { Limit } from './deadlines.js'

/** The fields of every event: the connection's number, and the time in milliseconds of the scheduler's clock. */
interface Occurrence {
  readonly connection: number
  readonly time: number
}

/** One event of a connection. */
export type ConnectionEvent = Occurrence & ConnectionEventDetail

/**
 * The kinds of events. Counts are in bytes. The bytes are copied when a listener first reads the property, which is
 * possible only within the call; the copy belongs to the listeners.
 */
export type ConnectionEventDetail =
  | { readonly type: 'open'; readonly remoteAddress: string; readonly isEncrypted: boolean }
  | {
    /** A TLS handshake failed, so there is no connection. Emitted by the server alone. */
    readonly type: 'handshakeError'
    /** Node's error code, or the name of the option whose limit was reached. */
    readonly reason: string
    readonly error: Error
    readonly remoteAddress: string
  }
  | { readonly type: 'bytesIn'; readonly count: number; readonly bytes: Uint8Array }
  | { readonly type: 'bytesOut'; readonly count: number; readonly iovecs: readonly IOVec[] }
  /** The transport did not take a whole write at once; `bytesOut` follows when it has. Streams always wait. */
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
    /** A value was dropped because the client was too slow. The counts are totals of this response. */
    readonly type: 'drop'
    /** Null on a WebSocket whose upgrade nobody observed. */
    readonly request: Request | null
    readonly count: number
    readonly bytes: number
  }
  | {
    /**
     * Operators after a pull source may buffer its values, because demand does not pass through them. Emitted each time
     * `silent - late` has doubled. Of `pulled` values so far, `silent` produced no output while they were passed in (a
     * filter dropped them, or an operator holds them), and `late` outputs came at other times (they had been held).
     */
    readonly type: 'ahead'
    /** Null on a WebSocket whose upgrade nobody observed. */
    readonly request: Request | null
    readonly pulled: number
    readonly silent: number
    readonly late: number
  }
  | { readonly type: 'upgrade'; readonly request: Request }
  | { readonly type: 'error'; readonly error: unknown }
  /** The handler of a request has not begun to respond for `stalledAfter`. Emitted once a request. */
  | { readonly type: 'stalled'; readonly request: Request }
  | { readonly type: 'timeout'; readonly limit: Limit }
  | { readonly type: 'close' } & Breakage

/** Receives the events of a connection. Callers check {@link isObserved} first, so that no event is made in vain. */
export interface EventSink {
  /** Whether there is a listener. */
  readonly isObserved: boolean
  emit(detail: ConnectionEventDetail): void
}

/**
 * Gives the listeners copies of the bytes of an event, made when one first asks for them: a listener that transferred
 * the buffer of the reads or a block of the output would take the memory of all connections.
 */
export function copyOnAccess(event: ConnectionEventDetail): void {
  if (event.type === 'bytesIn') {
    const { bytes } = event
    makeOnAccess(event, 'bytes', () => copyBytes(bytes, 0, bytes.length))
  } else if (event.type === 'bytesOut') {
    const { iovecs } = event
    makeOnAccess(event, 'iovecs', () => iovecs.map(copyOf))
  }
}

function makeOnAccess(event: object, name: string, make: () => unknown): void {
  let made: unknown
  Object.defineProperty(event, name, { enumerable: true, get: () => made ??= make() })
}

/** The application may have transferred bytes of its own while they were written: they are left out. */
function copyOf(iovec: IOVec): IOVec {
  const { buffer, off, len } = iovec
  const copy = isGivenAway(iovec) ? new Uint8Array() : copyBytes(buffer, off, off + len)
  return { buffer: copy, off: 0, len: copy.length }
}

/** A sink that drops every event. */
export const NO_EVENTS: EventSink = { isObserved: false, emit: () => undefined }

/** How a connection was cut, if it was. */
export interface Breakage {
  /** The side that cut it; null if it ended regularly. */
  readonly brokenBy: 'client' | 'server' | null
  /** Bytes of the last write that the transport had not taken; 0 if it does not know. */
  readonly unwritten: number
}

/** The value for a connection that ended regularly. */
export const NO_BREAKAGE: Breakage = { brokenBy: null, unwritten: 0 }

/** Returns the breakage known, if there was one; else that of the transport, which is cut now. */
export function firstBreakage(
  known: Breakage, brokenBy: Breakage['brokenBy'], { unwrittenBytes: unwritten }: { readonly unwrittenBytes: number },
): Breakage {
  return known === NO_BREAKAGE ? { brokenBy, unwritten } : known
}
