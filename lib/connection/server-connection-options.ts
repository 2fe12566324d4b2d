/**
 * The options of a connection.
 */
import type { Config } from './config.js'
import type { ErrorHandler } from './error-handler.js'
import { FUNCTION, OBJECT } from './option-check.js'
import type { Reqd } from './reqd.js'

/** The options of a connection. */
export interface ServerConnectionOptions {
  /** Limits; each has a default. */
  readonly config?: Partial<Config>
  /** Answers errors. Default: {@link defaultErrorHandler}, which writes a short plain-text body. */
  readonly errorHandler?: ErrorHandler
  /**
   * Receives, once, the failure that ended the connection's work (`errorCode` from then on) and the request that was
   * handled, or null. It is called before the error handler, and must not throw. Default: none.
   */
  readonly onFailure?: ((error: unknown, reqd: Reqd | null) => void) | undefined
  /**
   * Receives the errors of callbacks that are not the failure: of earlier exchanges (for example, of a flush whose
   * bytes were written after the response was complete), and after a failure. `reqd` is the request that is handled, or
   * null. It must not throw. Default: none.
   */
  readonly onLateError?: ((error: unknown, reqd: Reqd | null) => void) | undefined
}

/** The values that the options accept. @internal */
export const SERVER_KINDS = { config: OBJECT, errorHandler: FUNCTION, onFailure: FUNCTION, onLateError: FUNCTION }
