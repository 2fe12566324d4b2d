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
  it('calls back those that waited for as many bytes, in order, and once', () => {
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

  it('tells the others of a drained queue that it is closed', () => {
    const { queue, log, add } = queueAndLog()
    add(2, 'a')
    add(3, 'b')
    queue.call(2, true)
    expect(log).toEqual([['a', 'written'], ['b', 'closed']])
  })

  it('can be used again when it was empty', () => {
    const { queue, log, add } = queueAndLog()
    add(1, 'a')
    queue.call(1, false)
    add(2, 'b')
    queue.call(2, false)
    expect(log).toEqual([['a', 'written'], ['b', 'written']])
  })

  it('takes any number', () => {
    const { queue, log, add } = queueAndLog()
    for (let position = 0; position < 100_000; position++) add(position, '')
    queue.call(100_000, false)
    expect(log).toHaveLength(100_000)
  })
})
