/**
 * Tasks that run when the current one ends.
 *
 * Strategy: one tick of Node runs them. An event for many clients defers a task for each, and a tick of its own takes
 * an object, its asynchronous context and a turn of Node's queue: 300 clients take 0.95 of the CPU without. Of very
 * many tasks only the first ones run in that tick; the event loop polls the sockets before it runs the next ones,
 * because each may be a write: a request that comes while an event goes to thousands does not wait for all of them.
 */
import type { Task } from '../runtime/turn-tasks.js'
import { nextTick, setImmediate } from './runtime.js'

/** The number of tasks after which sockets are polled. */
const AT_ONCE = 128

/** A list of tasks, first in, first out. */
export class Deferred {
  private readonly tick: (task: () => void) => void
  private readonly later: (task: () => void) => void
  private tasks: Task[]
  private readonly run: () => void

  /** `tick` runs a task when the current one ends, `later` after the sockets were polled. */
  constructor(tick: (task: () => void) => void = nextTick, later: (task: () => void) => void = setImmediate) {
    this.tick = tick
    this.later = later
    this.tasks = []
    this.run = this.runAll.bind(this)
  }

  /** Runs the task when the current one ends, behind those that were added before. */
  add(task: Task): void {
    if (this.tasks.push(task) === 1) this.tick(this.run)
  }

  private runAll(): void {
    const { tasks } = this
    this.tasks = []
    this.runFrom(tasks, 0)
  }

  /** Runs the next tasks of a list. One that throws does not stop the others. */
  private runFrom(tasks: readonly Task[], start: number): void {
    const end = Math.min(tasks.length, start + AT_ONCE)
    if (end < tasks.length) this.later(() => { this.runFrom(tasks, end) })
    let next = start
    try {
      while (next < end) tasks[next++].run()
    } finally {
      for (const task of tasks.slice(next, end)) this.tick(() => { task.run() })
    }
  }
}
