/**
 * Limits the tasks of one turn of the event loop.
 *
 * Strategy: Node runs all pending immediates in one turn. With 200 connections that each write 256 KiB in theirs, turns
 * took 25 ms, during which no request was read. So there is one immediate at a time, which runs a few tasks; then the
 * event loop polls the sockets. An additional turn costs some microseconds, a task some hundred.
 */
import { ValueQueue } from '../buffer/value-queue.js'
import { setImmediate } from './runtime.js'

/** The number of tasks in one turn. */
const TASKS = 4

/** A queue of tasks, first in, first out. */
export class Turns {
  private readonly waiting: ValueQueue<() => void>
  private readonly run: () => void
  private isSet: boolean

  constructor() {
    this.waiting = new ValueQueue()
    this.run = this.runSome.bind(this)
    this.isSet = false
  }

  /** Runs the task in a later turn of the event loop, after the queued ones. */
  add(task: () => void): void {
    this.waiting.push(task)
    this.set()
  }

  private set(): void {
    if (this.isSet) return
    this.isSet = true
    setImmediate(this.run)
  }

  /** Runs a few tasks. The next turn is scheduled first, so that a task that throws does not stop the others. */
  private runSome(): void {
    this.isSet = false
    const count = Math.min(TASKS, this.waiting.length)
    if (this.waiting.length > 0) this.set()
    for (let left = count; left > 0; left--) this.waiting.shift()()
  }
}

/** The turns of this thread. */
export const turns = new Turns()
