/**
 * How the runtime puts work off. Each platform (Node's event loop, virtual time) has its own way.
 */

/** Runs tasks later, each once. */
export interface TurnTasks {
  /** Runs the task soon, once what happens now is over. */
  readonly defer: (task: () => void) => void
  /** Runs the task after other connections had their turn. */
  readonly later: (task: () => void) => void
  /** Runs the task once what the operating system has by now was read. */
  readonly afterRead: (task: () => void) => void
}
