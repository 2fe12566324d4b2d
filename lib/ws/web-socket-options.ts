/**
 * The options of a WebSocket connection. Sizes are in bytes, times in milliseconds.
 */
import type { SchedulerLike } from 'rxjs'
import {
  BOOLEAN, checkOptions, COUNT, either, FUNCTION, OBJECT, oneOf, SCHEDULER, SIZE, TIME, type Shape,
} from '../connection/option-check.js'
import { settledMarks, type Marks, type WaterMarks } from '../demand/water-marks.js'

/** How messages are compressed (RFC 7692). */
export interface DeflateOptions {
  /** Shorter messages are not compressed: 1,024. It applies where the server's context is not kept. */
  readonly threshold?: number
  /**
   * Whether the compression context is kept from one message to the next: no. It costs up to 300 KiB for each
   * connection, as long as that lasts.
   */
  readonly contextTakeover?: boolean
}

/** The options of a WebSocket connection. */
export interface WebSocketOptions extends WaterMarks {
  /**
   * The subprotocols that the server supports: the first of the client's list that is among them is chosen. Or a
   * function that chooses one of those offered; null for none. Unless given, none is chosen.
   *
   * @see RFC 6455 §4.2.2
   */
  readonly protocols?: readonly string[] | ((offered: readonly string[]) => string | null)
  /**
   * The origins whose pages may connect, as `https://example.org`; `'*'` for all; or a function that gets the origin,
   * null where the client sent none. Unless given, pages of the server's own host: with its port, unless a proxy
   * removed that from Host; then pages of the host at any port may connect (see {@link sameHost}). A list also admits
   * clients without an origin: a client that is not a browser could claim any.
   *
   * @see RFC 6455 §10.2
   */
  readonly origins?: '*' | readonly string[] | ((origin: string | null) => boolean)
  /** The most bytes of a message from the client, uncompressed: 1 MiB. Over it, the connection is closed with 1009. */
  readonly maxPayload?: number
  /**
   * Whether messages are compressed, where the client can. Not unless given. A message that many clients get is
   * compressed once for all whose context is not kept and whose window is the same.
   */
  readonly deflate?: boolean | DeflateOptions
  /**
   * How often a ping is sent: 30 s; 0 for never. A client that sends no byte until the next ping is due, or takes none
   * of the pending output in that time, is terminated.
   */
  readonly pingIntervalMs?: number
  /**
   * How long the client may take to answer a close, and to take the output before it: 10 s. Then the connection is
   * terminated.
   */
  readonly closeTimeoutMs?: number
  /**
   * With more than this many bytes pending, the next write terminates the connection: 1 MiB. It bounds writes without
   * demand.
   */
  readonly bufferLimit?: number
  /**
   * Provides the time: real time unless given, even where a test runner fakes timers. Tests pass their own scheduler.
   */
  readonly scheduler?: SchedulerLike
}

/** The options with their defaults, without those of the handshake. */
export interface Settings {
  readonly marks: Marks
  readonly maxPayload: number
  readonly deflate: DeflateOptions | null
  readonly pingIntervalMs: number
  readonly closeTimeoutMs: number
  readonly bufferLimit: number
  /** Null: real time. */
  readonly scheduler: SchedulerLike | null
}

const MIB = 1024 * 1024

const LIST: Shape = { what: 'a list of strings', isFit: isList }

const KINDS = {
  protocols: either(LIST, FUNCTION), origins: either(oneOf('*'), LIST, FUNCTION), deflate: either(BOOLEAN, OBJECT),
  scheduler: SCHEDULER, maxPayload: COUNT, pingIntervalMs: TIME, closeTimeoutMs: TIME, bufferLimit: COUNT,
  highWaterMark: SIZE, lowWaterMark: COUNT,
}

const DEFLATE_KINDS = { threshold: COUNT, contextTakeover: BOOLEAN }

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every(one => typeof one === 'string')
}

/**
 * The options with their defaults.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: an invalid value, or a misspelt name of an option
 */
export function settingsOf(options: WebSocketOptions): Settings {
  checkOptions(options, KINDS)
  const { deflate = false, highWaterMark, lowWaterMark } = options
  if (typeof deflate === 'object') checkOptions(deflate, DEFLATE_KINDS)
  return {
    marks: settledMarks({ highWaterMark, lowWaterMark }),
    maxPayload: options.maxPayload ?? MIB,
    deflate: typeof deflate === 'object' ? deflate : deflate ? {} : null,
    pingIntervalMs: options.pingIntervalMs ?? 30_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 10_000,
    bufferLimit: options.bufferLimit ?? MIB,
    scheduler: options.scheduler ?? null,
  }
}
