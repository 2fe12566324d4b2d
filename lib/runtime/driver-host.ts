/**
 * The interfaces through which a connection's driver uses the server and its owner.
 *
 * Strategy: the driver knows bytes, loops and timers, and nothing of requests. What all connections of a server share
 * (limits, clock, scheduling) comes as one context object; what the driver has to report goes to its owner.
 */
import type { Clock } from './clock.js'
import type { TimeLimits } from './deadlines.js'
import type { Breakage, EventSink } from './events.js'
import type { ReadLimits } from './read-loop.js'
import type { TurnTasks } from './turn-tasks.js'

/** Limits, clock and scheduling that all drivers of a server share. */
export interface DriverContext extends TurnTasks {
  readonly timeLimits: TimeLimits
  readonly readLimits: ReadLimits
  readonly clock: Clock
}

/** What moves a connection: the driver of HTTP, or what is left of it after a hand-over. */
export interface Driving {
  /** Whether the connection holds no resources and its owner has been told. */
  readonly isOver: boolean
  /** How the transport was cut, if it was. */
  readonly breakage: Breakage
  /** Closes when the work in progress is done; with `takesFurther` also that which still arrives. */
  drain(takesFurther: boolean): void
  /** Closes now, or after the response to the request in flight. */
  end(): void
  /** Closes the transport now and fails whatever is in flight. With `isReset` the peer sees a reset. */
  destroy(isReset: boolean): void
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
