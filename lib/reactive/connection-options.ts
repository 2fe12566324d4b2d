/**
 * The options of a server that have nothing to do with its kind of socket. Times are in milliseconds; each time limit
 * holds for at least its time and at most two ticks (`connectionsCheckingInterval`) longer; 0 means no limit. Names are
 * Node's where Node has the option.
 */
import type { SchedulerLike } from 'rxjs'
import { LIMIT_KINDS, withDefaults, type Config } from '../connection/config.js'
import type { ErrorHandler } from '../connection/error-handler.js'
import {
  BOOLEAN, checkMarks, checkValues, COUNT, FUNCTION, INTERVAL, SCHEDULER, SIZE, TIME,
} from '../connection/option-check.js'
import { DEFAULT_HIGH_WATER_MARK } from '../demand/water-marks.js'
import type { Reqd } from './streamed-reqd.js'

/** What the reactive layer can be told. */
export interface ConnectionOptions extends Partial<Omit<Config, 'date' | 'keepAlive' | 'scheme'>> {
  /** How long a head may take: 60 s. Then 408 and close; just close where not one byte came. */
  readonly headersTimeout?: number
  /** How long the connection waits for the bytes of one request in all: 300 s. Then 408 and close. */
  readonly requestTimeout?: number
  /** How long a body that is being read may bring no byte: no limit. Then 408 and close. */
  readonly readTimeout?: number
  /** Whether responses say `Keep-Alive: timeout=`, in whole seconds of `keepAliveTimeout`, as a hint: no. */
  readonly keepAliveHint?: boolean
  /** How long a connection may be idle between requests: 65 s. Then it is closed. */
  readonly keepAliveTimeout?: number
  /** How long output may wait without any progress: 300 s. Then the connection is cut. */
  readonly writeTimeout?: number
  /** How long a handler may take until the first byte of its response: no limit. Then 503 and close. */
  readonly handlerTimeout?: number
  /** How long a response that has begun may wait for its source, all else being sent: no limit. Then it is cut. */
  readonly sourceTimeout?: number
  /** After how long a handler that has not begun to respond is told of by the event `stalled`: 30 s; 0: never. */
  readonly stalledAfter?: number
  /**
   * How long `errorHandler` may have nothing to send before its response is complete: 10 s. Then the default answers in
   * its place; a response that has begun is cut.
   */
  readonly errorHandlerTimeout?: number
  /**
   * Whether a client that ends its side waits for its answers: no. Then it counts as gone at once: its requests are
   * aborted, and only what is queued is still written.
   */
  readonly allowHalfOpen?: boolean
  /**
   * After the last response, input is dropped for at most this long, 2 s, so that the client gets it (RFC 9112 §9.6).
   * The same goes for what is left of a request body when its response has left: it is dropped for this long, up to
   * `drainLimit`, and then the connection closes; a handler that reads on after its response keeps the body as long as
   * some of it comes and is read within this time.
   */
  readonly lingerTimeout?: number
  /** And at most this many bytes: 1 MiB. */
  readonly lingerBytes?: number
  /** How many requests a connection serves: no limit. The last response says `Connection: close`. */
  readonly maxRequestsPerSocket?: number
  /**
   * Whether whoever connects is a proxy of ours, which may have taken TLS off (or put it on): the target of a request
   * may name `https:` on a connection in the clear, and `http:` on one with TLS. Else that is answered with 421. No.
   */
  readonly trustProxy?: boolean
  /** How often the time limits of all connections are checked, by one timer: 1 s. */
  readonly connectionsCheckingInterval?: number
  /**
   * How many bytes of a streamed response may wait: 16 KiB. Of one that is pulled, and whose client took the last 8 MiB
   * as fast as they came, 16 times as many leave at once, up to 256 KiB.
   */
  readonly highWaterMark?: number
  /** How many bytes of one response may be left when more are asked for: half the high-water mark. */
  readonly lowWaterMark?: number
  /** Whose time it is: real time, whatever a test runner fakes. A test gives its own. */
  readonly scheduler?: SchedulerLike
  /** Who answers errors, in place of the short plain-text body. */
  readonly errorHandler?: ErrorHandler
  /**
   * Hears of what handlers throw and of what clients break, with the request that it came of; null where there is none,
   * for example of a head that is malformed. The default prints what handlers throw. What it throws itself, or rejects
   * with, is printed.
   */
  readonly onError?: (error: unknown, reqd: Reqd | null) => void
}

/** The options with nothing left open. */
export type Settings = Required<
  Omit<ConnectionOptions, keyof Config | 'scheduler' | 'errorHandler' | 'onError' | 'lowWaterMark'>
>

const DEFAULTS: Settings = {
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
  highWaterMark: DEFAULT_HIGH_WATER_MARK,
}

/** What the options take. */
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
 * The options with their defaults.
 *
 * @throws {@link LocalProtocolError} badRange: a number that is none, or out of its range; badOption: a value that no
 *   option takes
 */
export function settingsOf(options: ConnectionOptions): Settings {
  checkValues(options, CONNECTION_KINDS)
  const settings = withDefaults(DEFAULTS, options)
  checkMarks(options.lowWaterMark, settings.highWaterMark)
  return settings
}
