/**
 * Tasks that run when the current one ends.
 *
 * Strategy: one tick of Node runs all of them. An event for many clients defers a task for each, and a tick of its own
 * takes an object, its asynchronous context and a turn of Node's queue: 300 clients take 0.95 of the CPU without.
 */
import type { Task } from '../runtime/turn-tasks.js'
import { nextTick } from './runtime.js'

/** A list of tasks, first in, first out. */
export class Deferred {
  private readonly tick: (task: () => void) => void
  private tasks: Task[]
  private readonly run: () => void

  constructor(tick: (task: () => void) => void = nextTick) {
    this.tick = tick
    this.tasks = []
    this.run = this.runAll.bind(this)
  }

  /** Runs the task when the current one ends, behind those that were added before. */
  add(task: Task): void {
    if (this.tasks.push(task) === 1) this.tick(this.run)
  }

  /** A task that throws does not stop the others. */
  private runAll(): void {
    const { tasks } = this
    let next = 0
    this.tasks = []
    try {
      while (next < tasks.length) tasks[next++].run()
    } finally {
      for (const task of tasks.slice(next)) this.tick(() => { task.run() })
    }
  }
}
