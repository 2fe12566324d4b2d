/**
 * How the runtime defers work.
 *
 * Strategy: the runtime imports no timer and no `setImmediate`. Each platform (Node's event loop, virtual time)
 * implements these three, so that a handler behaves alike on a socket and in a marble test.
 */

/** A task: an object, because one that exists already costs no closure. */
export interface Task {
  run(): void
}

/** Schedules tasks; each runs once. */
export interface TurnTasks {
  /** Runs the task soon, after the current call stack. */
  readonly defer: (task: Task) => void
  /** Runs the task after other connections have had their turn. */
  readonly later: (task: () => void) => void
  /** Runs the task after the input that the operating system holds by now was read. */
  readonly afterRead: (task: () => void) => void
}
