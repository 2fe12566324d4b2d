/**
 * The coverage of the pure layers by one execution, from the counters that `jest --coverage` puts into the code.
 */
import { join } from 'node:path'
import { ROOT } from '../../helpers/built.js'

/** The counters of istanbul in one file: statements by number, branches by number and arm. */
interface FileCounters {
  readonly s: Record<string, number>
  readonly b: Record<string, number[]>
}

const LAYERS = ['buffer', 'message', 'wire', 'connection'].map(name => join(ROOT, 'lib', name) + '/')

/** The counters of the current execution, and the coverage of all executions so far. */
export class Coverage {
  private readonly places: (readonly [counters: Record<string, number> | number[], key: string | number])[]
  /** For each place, the orders of magnitude that its counter had, a bit each. */
  private readonly seen: Uint8Array

  constructor() {
    const files = (globalThis as { __coverage__?: Record<string, FileCounters> }).__coverage__
    if (files === undefined) throw new Error('there are no counters: run jest with --coverage')
    const layers = Object.entries(files).filter(([name]) => LAYERS.some(layer => name.startsWith(layer)))
    this.places = layers.flatMap(([, { s, b }]) => [
      ...Object.keys(s).map(key => [s, key] as const),
      ...Object.values(b).flatMap(arms => arms.map((_, index) => [arms, index] as const)),
    ])
    this.seen = new Uint8Array(this.places.length)
  }

  /** The number of places reached so far, and of all places. */
  get summary(): string {
    return `${this.seen.reduce((count, bits) => count + Number(bits > 0), 0)} of ${this.places.length}`
  }

  /** Sets all counters to 0. */
  reset(): void {
    for (const [counters, key] of this.places) (counters as Record<string | number, number>)[key] = 0
  }

  /** Records the counters. Returns whether a place was reached first, or an order of magnitude more often. */
  take(): boolean {
    let isNew = false
    for (let index = 0; index < this.places.length; index++) {
      const [counters, key] = this.places[index]
      const count = (counters as Record<string | number, number>)[key]
      if (count === 0) continue
      const bit = 1 << Math.min(7, 31 - Math.clz32(count))
      if ((this.seen[index] & bit) !== 0) continue
      this.seen[index] |= bit
      isNew = true
    }
    return isNew
  }
}
