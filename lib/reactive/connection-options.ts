/**
 * The options of a server that do not depend on its kind of socket.
 *
 * Times are in milliseconds; 0 means no limit. A time limit fires no earlier than its time and at most two ticks
 * (`connectionsCheckingInterval`) later. Names are Node's where Node has the option.
 */
import type { SchedulerLike } from 'rxjs'
import { DEFAULT_LIMITS, LIMIT_KINDS, withDefaults, type Config } from '../connection/config.js'
import type { ErrorHandler } from '../connection/error-handler.js'
import { BOOLEAN, checkValues, COUNT, FUNCTION, INTERVAL, SCHEDULER, SIZE, TIME } from '../connection/option-check.js'
import type { Reqd } from './streamed-reqd.js'

/** The limits and callbacks of a server's connections. Times are in milliseconds, sizes in bytes. */
export interface ConnectionOptions extends Partial<Omit<Config, 'date' | 'keepAlive' | 'scheme'>> {
  /** How long a head may take: 60 s. Then 408 and close; a client that sent no byte gets no 408. */
  readonly headersTimeout?: number
  /** How long the connection waits in total for the bytes of one request: 300 s. Then 408 and close. */
  readonly requestTimeout?: number
  /** How long a body that is being read may receive no byte: no limit. Then 408 and close. */
  readonly readTimeout?: number
  /** Whether responses carry the hint `Keep-Alive: timeout=`, with `keepAliveTimeout` in whole seconds: no. */
  readonly keepAliveHint?: boolean
  /** How long a connection may be idle between requests: 65 s. Then it is closed. */
  readonly keepAliveTimeout?: number
  /** How long pending output may make no progress: 300 s. Then the connection is cut. */
  readonly writeTimeout?: number
  /** How long a handler may take until the first byte of its response: no limit. Then 503 and close. */
  readonly handlerTimeout?: number
  /** How long a response in flight, with no output pending, may wait for its source: no limit. Then it is cut. */
  readonly sourceTimeout?: number
  /** How long a handler may go without responding before the event `stalled` is emitted: 30 s; 0: never. */
  readonly stalledAfter?: number
  /**
   * How long `errorHandler` may stall before its response is complete: 10 s. Then the default handler answers instead;
   * a response in flight is cut.
   */
  readonly errorHandlerTimeout?: number
  /**
   * Whether a client that half-closes still gets its responses: no. Without it such a client counts as gone: its
   * requests are aborted, and only queued output is still written.
   */
  readonly allowHalfOpen?: boolean
  /**
   * How long input is dropped after the last response, so that the client receives it (RFC 9112 §9.6): 2 s. The rest of
   * a request body whose response is complete is dropped in the same way, for this long and up to `drainLimit`, before
   * the connection closes. A handler that keeps reading after its response keeps the body as long as it receives and
   * reads some of it within this time.
   */
  readonly lingerTimeout?: number
  /** How many bytes are dropped after the last response at most: 1 MiB. */
  readonly lingerBytes?: number
  /** How many requests a connection serves: no limit. The last response says `Connection: close`. */
  readonly maxRequestsPerSocket?: number
  /**
   * Whether all clients are trusted proxies, which may terminate (or add) TLS: no. If so, a request target may name
   * `https:` on a plain connection and `http:` on one with TLS; otherwise the answer is 421 (RFC 9110 §7.4).
   */
  readonly trustProxy?: boolean
  /** The interval at which one timer checks the time limits of all connections: 1 s. */
  readonly connectionsCheckingInterval?: number
  /**
   * The high-water mark of a streamed response: how many of its bytes may be pending. Default: 16 KiB. A pull source
   * whose client took the last 8 MiB without a wait gets 16 times as much, up to 256 KiB.
   */
  readonly highWaterMark?: number
  /**
   * The low-water mark: a source is asked for more when pending bytes fall to it. Default: half the high-water mark.
   */
  readonly lowWaterMark?: number
  /** The source of time. Default: real time, even under a test runner's fake timers. Tests pass their own. */
  readonly scheduler?: SchedulerLike
  /** Answers errors, in place of the default's short plain-text body. */
  readonly errorHandler?: ErrorHandler
  /**
   * Receives errors of handlers and protocol errors of clients, with the request; null if there is none, for example
   * after a malformed head. The default prints the errors of handlers. If the callback itself throws or rejects, that
   * is printed.
   */
  readonly onError?: (error: unknown, reqd: Reqd | null) => void
}

/** The options with their defaults filled in, those of the core's limits too; without the water marks. */
export type Settings = Required<
  Omit<ConnectionOptions, 'scheduler' | 'errorHandler' | 'onError' | 'highWaterMark' | 'lowWaterMark'>
>

const DEFAULTS: Settings = {
  ...DEFAULT_LIMITS,
  headersTimeout: 60_000,
  requestTimeout: 300_000,
  readTimeout: 0,
  keepAliveHint: false,
  keepAliveTimeout: 65_000,
  writeTimeout: 300_000,
  handlerTimeout: 0,
  sourceTimeout: 0,
  stalledAfter: 30_000,
  errorHandlerTimeout: 10_000,
  allowHalfOpen: false,
  lingerTimeout: 2_000,
  lingerBytes: 1024 * 1024,
  maxRequestsPerSocket: 0,
  trustProxy: false,
  connectionsCheckingInterval: 1_000,
}

/** The valid values of the options. */
export const CONNECTION_KINDS = {
  ...LIMIT_KINDS,
  headersTimeout: TIME, requestTimeout: TIME, readTimeout: TIME, keepAliveTimeout: TIME, writeTimeout: TIME,
  handlerTimeout: TIME, sourceTimeout: TIME, stalledAfter: TIME, errorHandlerTimeout: TIME, lingerTimeout: TIME,
  connectionsCheckingInterval: INTERVAL, lingerBytes: COUNT, maxRequestsPerSocket: COUNT,
  highWaterMark: SIZE, lowWaterMark: COUNT,
  keepAliveHint: BOOLEAN, allowHalfOpen: BOOLEAN, trustProxy: BOOLEAN,
  scheduler: SCHEDULER, errorHandler: FUNCTION, onError: FUNCTION,
}

/**
 * Checks the options and fills in the defaults. The water marks are settled apart (demand/water-marks.ts).
 *
 * @throws {@link LocalProtocolError} badRange: not a number, or out of range; badOption: any other invalid value
 */
export function settingsOf(options: ConnectionOptions): Settings {
  checkValues(options, CONNECTION_KINDS)
  return withDefaults(DEFAULTS, options)
}
