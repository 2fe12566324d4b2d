/**
 * The queue of values, compared with an array.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ValueQueue } from '../../lib/buffer/value-queue.js'

describe('ValueQueue', () => {
  it('behaves like an array', () => {
    fc.assert(fc.property(fc.array(fc.nat(60)), fc.boolean(), (steps, cleared) => {
      const queue = new ValueQueue<number>()
      const model: number[] = []
      // An even step pushes that many values, an odd one shifts that many.
      for (const step of steps) {
        for (let i = 0; i < step && step % 2 === 0; i++) model.push(queuePush(queue, i))
        for (let i = 0; i < step && step % 2 === 1 && model.length > 0; i++) expect(queue.shift()).toBe(model.shift())
        expect(queue.length).toBe(model.length)
      }
      if (cleared) queue.clear()
      expect(queue.length).toBe(cleared ? 0 : model.length)
    }))
  })

  it('releases values that were shifted', () => {
    const queue = new ValueQueue<object>()
    for (let i = 0; i < 20; i++) queue.push({ i })
    for (let i = 0; i < 15; i++) queue.shift()
    expect(JSON.stringify(queue).match(/\{"i":\d+\}/g)).toHaveLength(5)
  })
})

function queuePush(queue: ValueQueue<number>, value: number): number {
  queue.push(value)
  return value
}
