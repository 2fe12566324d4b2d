/**
 * A few things in each turn of the event loop, however many wait.
 *
 * Strategy: all immediates that were set run in one turn. Of 200 connections that each write what they may within their
 * turn (a quarter of a MiB) that made turns of 25 ms, in which no request came through. So there is one immediate at a
 * time, which does a few tasks; then the event loop looks at what came. A turn more costs some microseconds, each task
 * some hundred.
 */
import { ValueQueue } from '../buffer/value-queue.js'
import { setImmediate } from './runtime.js'

/** How many tasks are done in one turn. */
const TASKS = 4

/** Tasks that wait for their turn, first come, first served. */
export class Turns {
  private readonly waiting: ValueQueue<() => void>
  private readonly run: () => void
  private isSet: boolean

  constructor() {
    this.waiting = new ValueQueue()
    this.run = () => { this.runSome() }
    this.isSet = false
  }

  /** Runs the task in a coming turn of the event loop, when those before it had theirs. */
  add(task: () => void): void {
    this.waiting.push(task)
    this.set()
  }

  private set(): void {
    if (this.isSet) return
    this.isSet = true
    setImmediate(this.run)
  }

  /** The next turn is set before: a task that throws stops none of the others. */
  private runSome(): void {
    this.isSet = false
    const count = Math.min(TASKS, this.waiting.length)
    if (this.waiting.length > 0) this.set()
    for (let left = count; left > 0; left--) this.waiting.shift()()
  }
}
