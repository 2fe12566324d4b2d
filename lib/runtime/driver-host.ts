/**
 * What the driver of a connection needs of the server and of its owner.
 */
import type { Clock } from './clock.js'
import type { TimeLimits } from './deadlines.js'
import type { EventSink } from './events.js'
import type { ReadLimits } from './read-loop.js'
import type { TurnTasks } from './turn-tasks.js'

/** What the drivers of a server share. */
export interface DriverContext extends TurnTasks {
  readonly timeLimits: TimeLimits
  readonly readLimits: ReadLimits
  readonly clock: Clock
}

/** The owner of a driver: it stands in a later room, so the driver knows it by this. */
export interface DriverHost extends EventSink {
  /** A turn is over: whatever failed in it is known to the connection. */
  turnEnded(): void
  /** The application did something wrong. */
  report(error: unknown): void
  /** The transport broke before the connection was done. */
  transportFailed(error: unknown): void
  /** The connection is over and holds nothing any more. */
  finished(): void
}
