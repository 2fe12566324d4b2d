/**
 * The configuration of a connection: limits on memory and on what a peer may send, and facts that the core cannot know
 * (the scheme, the date). It has no time limits: those are the driver's, because the core has no clock.
 */

import { COUNT, either, FUNCTION, oneOf, SIZE, TIME } from './option-check.js'

/** The configuration of a connection. Sizes are in bytes. */
export interface Config {
  /**
   * The largest head, and the most that one body's chunk extensions and trailers may take: 16 KiB. Over it 431 or 414.
   */
  readonly maxHeaderSize: number
  /** The most fields of one head, and of one trailer section: 256. Over it 431. */
  readonly maxHeadersCount: number
  /** How much input the caller should hold for the connection while a request is handled: 64 KiB. */
  readonly readBufferSize: number
  /** How much output may wait to be written when the next pipelined request is started: 64 KiB. */
  readonly writeBufferSize: number
  /** How much of an unread request body is read and dropped after the response: 64 KiB. Over it the connection ends. */
  readonly drainLimit: number
  /**
   * The scheme of the connection: `http` without TLS. A target in absolute-form that has the other one is answered
   * with 421 (RFC 9110 §7.4). With null both are accepted, as behind a proxy that terminates TLS.
   */
  readonly scheme: 'http' | 'https' | null
  /**
   * How many seconds the caller keeps an idle connection, as `Keep-Alive: timeout=` tells the client. Default 0: the
   * field is not sent. A client that heeds it sends no request into a connection that is about to be closed.
   */
  readonly keepAlive: number
  /** Returns the value of Date (RFC 9110 §6.6.1), or null: then no Date is sent, as from a server without a clock. */
  readonly date: (() => string) | null
}

/**
 * Merges options over their defaults. An option that is `undefined` keeps its default; a spread would overwrite it.
 *
 * @internal
 */
export function withDefaults<T extends object>(
  defaults: T, options: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  const merged = { ...defaults, ...options }
  for (const key of Object.keys(defaults) as (keyof T)[]) if (merged[key] === undefined) merged[key] = defaults[key]
  return merged
}

/** The limits of a configuration, which a server takes among its own options. @internal */
export type Limits = Omit<Config, 'date' | 'keepAlive' | 'scheme'>

/** The defaults of the limits. @internal */
export const DEFAULT_LIMITS: Limits = {
  maxHeaderSize: 16 * 1024,
  maxHeadersCount: 256,
  readBufferSize: 64 * 1024,
  writeBufferSize: 64 * 1024,
  drainLimit: 64 * 1024,
}

/** The defaults. */
export const DEFAULT_CONFIG: Config = {
  ...DEFAULT_LIMITS,
  scheme: 'http',
  keepAlive: 0,
  date: null,
}

/** The values that the limits take. @internal */
export const LIMIT_KINDS = {
  maxHeaderSize: SIZE, maxHeadersCount: SIZE, readBufferSize: COUNT, writeBufferSize: COUNT, drainLimit: COUNT,
}

/** The values that a configuration takes. @internal */
export const CONFIG_KINDS = {
  ...LIMIT_KINDS, keepAlive: TIME, scheme: oneOf('http', 'https', null), date: either(FUNCTION, oneOf(null)),
}
