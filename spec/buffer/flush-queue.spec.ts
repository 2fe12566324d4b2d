/**
 * The queue of callbacks that wait for a number of bytes.
 */
import { describe, expect, it } from '@jest/globals'
import { FlushQueue, type FlushResult } from '../../lib/buffer/flush-queue.js'

/** A queue, and a log of the callbacks with their results. */
function queueAndLog() {
  const queue = new FlushQueue()
  const log: [string, FlushResult][] = []
  const add = (position: number, name: string) => { queue.add(position, result => { log.push([name, result]) }) }
  return { queue, log, add }
}

describe('FlushQueue', () => {
  it('calls back up to the given position, in order, and once each', () => {
    const { queue, log, add } = queueAndLog()
    add(2, 'a')
    add(2, 'b')
    add(3, 'c')
    queue.call(1, false)
    expect(log).toEqual([])
    queue.call(2, false)
    expect(log).toEqual([['a', 'written'], ['b', 'written']])
    queue.call(9, false)
    expect(log.slice(2)).toEqual([['c', 'written']])
  })

  it('reports closed to the remaining callbacks of a drained queue', () => {
    const { queue, log, add } = queueAndLog()
    add(2, 'a')
    add(3, 'b')
    queue.call(2, true)
    expect(log).toEqual([['a', 'written'], ['b', 'closed']])
  })

  it('can be used again after it was emptied', () => {
    const { queue, log, add } = queueAndLog()
    add(1, 'a')
    queue.call(1, false)
    add(2, 'b')
    queue.call(2, false)
    expect(log).toEqual([['a', 'written'], ['b', 'written']])
  })

  it('holds 100,000 callbacks', () => {
    const { queue, log, add } = queueAndLog()
    for (let position = 0; position < 100_000; position++) add(position, '')
    queue.call(100_000, false)
    expect(log).toHaveLength(100_000)
  })
})
