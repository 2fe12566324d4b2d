/**
 * A first-in, first-out queue of values that keeps no reference to a value that left it.
 *
 * Strategy: an array and the index of its first value. `shift` clears a place and advances the index; when at least
 * half of the array is empty, the values move to a new one. So `shift` takes constant time on average.
 */

/** The least number of empty places at the front for which the values move up. */
const SLACK = 32

/** A queue whose `shift` does not depend on its length; that of an Array moves every value after the first. */
export class ValueQueue<T> {
  private values: (T | undefined)[]
  /** The index of the first value: the places before it are empty. */
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
