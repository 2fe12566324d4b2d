/**
 * The options of closing a server.
 *
 * Strategy: options given to `close` override those given to the server, which override the defaults.
 */
import { checkOptions, OPEN_TIME } from '../connection/option-check.js'

/** How to close a server. */
export interface CloseOptions {
  /** How long responses in flight may take, in milliseconds. Connections open after that are cut. Default: 10 s. */
  readonly graceMs?: number
  /**
   * How long idle connections may still send a request, in milliseconds. Default: 0, which answers only requests that
   * have already arrived. For a rolling restart, choose more than the pause of clients (or of the proxy in front)
   * between two requests: each then gets `Connection: close` with a response, and none loses a request.
   */
  readonly idleMs?: number
}

const GRACE_MS = 10_000

/** The valid values of the options. */
export const CLOSE_KINDS = { graceMs: OPEN_TIME, idleMs: OPEN_TIME }

/**
 * Merges the options of `close` with those of the server and the defaults.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: an invalid value, or a misspelt option name
 */
export function closingOf(now: CloseOptions, before: CloseOptions): Required<CloseOptions> {
  checkOptions(now, CLOSE_KINDS)
  return { graceMs: now.graceMs ?? before.graceMs ?? GRACE_MS, idleMs: now.idleMs ?? before.idleMs ?? 0 }
}
