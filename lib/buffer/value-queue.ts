/**
 * A first-in, first-out queue of values that holds on to nothing that left it.
 */

/** How many places may stand empty at the front before the others move up. */
const SLACK = 32

/** A queue whose `shift` costs the same however long it is; Array's moves every value behind the first. */
export class ValueQueue<T> {
  private values: (T | undefined)[]
  /** Where the queue begins: the places before it are empty. */
  private first: number

  constructor() {
    this.values = []
    this.first = 0
  }

  /** How many values wait. */
  get length(): number {
    return this.values.length - this.first
  }

  /** Adds the value at the end. */
  push(value: T): void {
    this.values.push(value)
  }

  /** Takes the first value out. The queue must not be empty. */
  shift(): T {
    const value = this.values[this.first] as T
    this.values[this.first++] = undefined
    if (this.length === 0) this.clear()
    else if (this.first >= SLACK && this.first >= this.length) this.moveUp()
    return value
  }

  /** Forgets all values. */
  clear(): void {
    this.values = []
    this.first = 0
  }

  private moveUp(): void {
    this.values = this.values.slice(this.first)
    this.first = 0
  }
}
