/**
 * What the driver of a connection needs of the server and of its owner.
 */
import type { Clock } from './clock.js'
import type { TimeLimits } from './deadlines.js'
import type { ConnectionEventDetail } from './events.js'
import type { ReadLimits } from './read-loop.js'

/** What the drivers of a server share. */
export interface DriverContext {
  readonly timeLimits: TimeLimits
  readonly readLimits: ReadLimits
  readonly clock: Clock
  /** Runs the task soon, once what happens now is over. */
  readonly defer: (task: () => void) => void
  /** Runs the task after other connections had their turn. */
  readonly later: (task: () => void) => void
  /** Runs the task once what the transports have by now was read. */
  readonly afterRead: (task: () => void) => void
}

/** Receives the notifications of a driver. */
export interface DriverHost {
  /** Whether somebody listens to events. */
  readonly isObserved: boolean
  emit(detail: ConnectionEventDetail): void
  /** A turn is over: whatever failed in it is known to the connection. */
  turnEnded(): void
  /** The application did something wrong. */
  report(error: unknown): void
  /** The transport broke before the connection was done. */
  transportFailed(error: unknown): void
  /** The connection is over and holds nothing any more. */
  finished(): void
}
