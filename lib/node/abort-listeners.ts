/**
 * Tasks that run when a signal aborts. Many servers may share one signal, and Node 20 warns of more than ten listeners,
 * so each signal gets a single listener, which runs all tasks and is removed with the last.
 */
interface Waiting {
  readonly tasks: Set<() => void>
  readonly run: () => void
}

const waiting = new WeakMap<AbortSignal, Waiting>()

/** Runs the task when the signal aborts. Returns a function that removes the task. */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  const { tasks, run } = waiting.get(signal) ?? listenTo(signal)
  tasks.add(task)
  return () => {
    if (!tasks.delete(task) || tasks.size > 0) return
    signal.removeEventListener('abort', run)
    waiting.delete(signal)
  }
}

function listenTo(signal: AbortSignal): Waiting {
  const tasks = new Set<() => void>()
  const run = (): void => { for (const task of [...tasks]) task() }
  signal.addEventListener('abort', run)
  const all = { tasks, run }
  waiting.set(signal, all)
  return all
}
