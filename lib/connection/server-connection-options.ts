/**
 * What a connection can be told when it is made.
 */
import type { Config } from './config.js'
import type { ErrorHandler } from './error-handler.js'
import { FUNCTION, OBJECT } from './option-check.js'
import type { Reqd } from './reqd.js'

/** What a connection is created with, besides its handler. */
export interface ServerConnectionOptions {
  /** Limits; each has a default. */
  readonly config?: Partial<Config>
  /** Who answers errors; the default writes a short plain-text body. */
  readonly errorHandler?: ErrorHandler
  /**
   * Hears what ended the connection's work, once: what `errorCode` says from then on, and the request that was handled,
   * or null. It is called before the error handler, and must not throw. Default: nobody does.
   */
  readonly onFailure?: ((error: unknown, reqd: Reqd | null) => void) | undefined
  /**
   * Hears of what a callback throws when its exchange is over and another one is under way: of a flush, for example,
   * whose bytes left later. It must not throw. Default: nobody does.
   */
  readonly onLateError?: ((error: unknown) => void) | undefined
}

/** What the options take. @internal */
export const SERVER_KINDS = { config: OBJECT, errorHandler: FUNCTION, onFailure: FUNCTION, onLateError: FUNCTION }
