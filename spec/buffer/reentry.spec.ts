/**
 * Work that requests itself: it runs for one caller at a time, in a loop, so that the stack does not grow.
 */
import { describe, expect, it } from '@jest/globals'
import { Reentry } from '../../lib/buffer/reentry.js'

describe('Reentry', () => {
  it('admits one caller at a time', () => {
    const loop = new Reentry()
    expect(loop.isBusy).toBe(false)
    expect(loop.enter()).toBe(true)
    expect(loop.isBusy).toBe(true)
    expect(loop.enter()).toBe(false)
    loop.leave()
    expect(loop.isBusy).toBe(false)
    expect(loop.enter()).toBe(true)
  })

  it('repeats the work once if it was requested meanwhile, however often', () => {
    const loop = new Reentry()
    const depths: number[] = []
    let depth = 0
    let asksLeft = 3
    const work = (): void => {
      if (!loop.enter()) return
      do {
        depths.push(++depth)
        if (asksLeft-- > 0) {
          work()
          work()
        }
        depth--
      } while (loop.again())
    }
    work()
    expect(depths).toEqual([1, 1, 1, 1])
    expect(loop.isBusy).toBe(false)
  })

  it('drops requests when the work is left', () => {
    const loop = new Reentry()
    loop.enter()
    loop.enter()
    loop.leave()
    expect(loop.enter()).toBe(true)
    expect(loop.again()).toBe(false)
    expect(loop.isBusy).toBe(false)
  })

  it('does not grow the stack of a loop that looks for more work itself', () => {
    const loop = new Reentry()
    let left = 100_000
    const work = (): void => {
      if (!loop.enter()) return
      while (left > 0) {
        left--
        work()
      }
      loop.leave()
    }
    work()
    expect(left).toBe(0)
  })
})
