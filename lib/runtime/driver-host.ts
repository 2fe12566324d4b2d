/**
 * The interfaces through which a connection's driver uses the server and its owner.
 *
 * Strategy: the driver knows bytes, loops and timers, and nothing of requests. What all connections of a server share
 * (limits, clock, scheduling) comes as one context object; what the driver has to report goes to its owner.
 */
import type { Clock } from './clock.js'
import type { TimeLimits } from './deadlines.js'
import type { EventSink } from './events.js'
import type { ReadLimits } from './read-loop.js'
import type { TurnTasks } from './turn-tasks.js'

/** Limits, clock and scheduling that all drivers of a server share. */
export interface DriverContext extends TurnTasks {
  readonly timeLimits: TimeLimits
  readonly readLimits: ReadLimits
  readonly clock: Clock
}

/** The owner of a driver. It lives in a later room (reactive/), which the driver may not import. */
export interface DriverHost extends EventSink {
  /** The application misused the connection. */
  report(error: unknown): void
  /** The transport broke before the connection was done. */
  transportFailed(error: unknown): void
  /** The connection is over and holds no resources. */
  finished(): void
}
