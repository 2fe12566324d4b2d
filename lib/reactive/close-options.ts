/**
 * How a server closes: what it waits for, and how long.
 */
import { checkOptions, OPEN_TIME } from '../connection/option-check.js'

/** How to close a server. */
export interface CloseOptions {
  /** How long responses in flight may take, in milliseconds: 10 s. What is left then is cut. */
  readonly graceMs?: number
  /**
   * How long idle connections may still bring a request, in milliseconds: 0, which answers what has come unseen. For a
   * rolling restart, longer than clients or the proxy in front pause between two requests: each then gets
   * `Connection: close` with a response, and none loses a request.
   */
  readonly idleMs?: number
}

const GRACE_MS = 10_000

/** What the options take. */
export const CLOSE_KINDS = { graceMs: OPEN_TIME, idleMs: OPEN_TIME }

/**
 * How to close, by what is given then, or else was given when the server was made.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: a value that no option takes; a name that is nearly one
 */
export function closingOf(now: CloseOptions, before: CloseOptions): Required<CloseOptions> {
  checkOptions(now, CLOSE_KINDS)
  return { graceMs: now.graceMs ?? before.graceMs ?? GRACE_MS, idleMs: now.idleMs ?? before.idleMs ?? 0 }
}
