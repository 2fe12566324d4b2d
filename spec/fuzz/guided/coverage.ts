/**
 * What the code of the pure layers did in one execution, as the counters say that `jest --coverage` puts into it.
 */
import { join } from 'node:path'
import { ROOT } from '../../helpers/built.js'

/** How istanbul counts in one file: statements by number, branches by number and arm. */
interface FileCounters {
  readonly s: Record<string, number>
  readonly b: Record<string, number[]>
}

const LAYERS = ['buffer', 'message', 'wire', 'connection'].map(name => join(ROOT, 'lib', name) + '/')

/** The counters of one execution after the other, and what was seen in any of them. */
export class Coverage {
  private readonly places: (readonly [counters: Record<string, number> | number[], key: string | number])[]
  /** For each place, which orders of magnitude its counter had, a bit each. */
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

  /** How many places were reached so far, of how many. */
  get summary(): string {
    return `${this.seen.reduce((count, bits) => count + Number(bits > 0), 0)} of ${this.places.length}`
  }

  /** Sets all counters to 0. */
  reset(): void {
    for (const [counters, key] of this.places) (counters as Record<string | number, number>)[key] = 0
  }

  /** Takes the counters. Returns whether a place was reached for the first time, or by an order more often. */
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
