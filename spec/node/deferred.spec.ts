/**
 * Tasks of one tick: they run in order, and an exception of one does not stop another.
 */
import { describe, expect, it } from '@jest/globals'
import { Deferred } from '../../lib/node/deferred.js'

/** Ticks controlled by a test. */
class Ticks {
  readonly log: string[] = []
  readonly deferred = new Deferred(task => { this.due.push(task) }, task => { this.afterPoll.push(task) })
  readonly afterPoll: (() => void)[] = []
  private due: (() => void)[] = []

  add(...names: string[]): void {
    for (const name of names) this.deferred.add({ run: () => { this.log.push(name) } })
  }

  get count(): number {
    return this.due.length
  }

  /** Runs the pending ticks, and returns their exceptions. */
  tick(): unknown[] {
    const { due } = this
    const thrown: unknown[] = []
    this.due = []
    for (const task of due) {
      try {
        task()
      } catch (error) {
        thrown.push(error)
      }
    }
    return thrown
  }
}

describe('deferred tasks', () => {
  it('run in their order, in one tick', () => {
    const ticks = new Ticks()
    ticks.add('a', 'b', 'c')
    expect(ticks.count).toBe(1)
    expect(ticks.log).toEqual([])
    ticks.tick()
    expect(ticks.log).toEqual(['a', 'b', 'c'])
    expect(ticks.count).toBe(0)
  })

  it('run in the next tick if they were deferred by one', () => {
    const ticks = new Ticks()
    ticks.deferred.add({ run: () => { ticks.add('later') } })
    ticks.add('a')
    ticks.tick()
    expect(ticks.log).toEqual(['a'])
    ticks.tick()
    expect(ticks.log).toEqual(['a', 'later'])
  })

  it('run although one of them throws, and before those that are deferred then', () => {
    const ticks = new Ticks()
    const error = new Error('a task failed')
    ticks.add('a')
    ticks.deferred.add({ run: () => { throw error } })
    ticks.add('b', 'c')
    expect(ticks.tick()).toEqual([error])
    ticks.add('d')
    while (ticks.count > 0) expect(ticks.tick()).toEqual([])
    expect(ticks.log).toEqual(['a', 'b', 'c', 'd'])
  })

  it('that are many run in parts, between which the sockets are polled', () => {
    const ticks = new Ticks()
    const names = Array.from({ length: 300 }, (_, index) => `${index}`)
    const error = new Error('a task failed')
    ticks.add(...names.slice(0, 10))
    ticks.deferred.add({ run: () => { throw error } })
    ticks.add(...names.slice(10))
    expect(ticks.tick()).toEqual([error])
    while (ticks.count > 0) ticks.tick()
    expect(ticks.log).toHaveLength(127)
    for (const done of [255, 300]) {
      expect(ticks.afterPoll).toHaveLength(1)
      ticks.afterPoll.shift()?.()
      expect(ticks.log).toHaveLength(done)
    }
    expect(ticks.afterPoll).toEqual([])
    expect(ticks.log).toEqual(names)
  })
})
