/**
 * The marks of a queue, and the room of a source in it.
 */
import { describe, expect, it } from '@jest/globals'
import { Room, settledMarks } from '../../lib/demand/water-marks.js'
import { Level } from './level.js'

describe('the marks', () => {
  it('have defaults, and are used unchanged if both are given', () => {
    const given = { highWaterMark: 10, lowWaterMark: 0 }
    expect(settledMarks()).toEqual({ highWaterMark: 16_384, lowWaterMark: 8_192 })
    expect(settledMarks({ highWaterMark: 9 })).toEqual({ highWaterMark: 9, lowWaterMark: 4 })
    expect(settledMarks({ lowWaterMark: 1 })).toEqual({ highWaterMark: 16_384, lowWaterMark: 1 })
    expect(settledMarks(given)).toBe(given)
  })

  it('default to half of the high-water mark for the low one, however large it is', () => {
    const lowOf = (highWaterMark: number): number => settledMarks({ highWaterMark }).lowWaterMark
    expect(lowOf(9)).toBe(4)
    expect(lowOf(2 ** 32)).toBe(2 ** 31)
    expect(lowOf(Infinity)).toBeLessThan(Infinity)
  })

  it('are refused if the low one is negative or not below the high one', () => {
    const refusal = (high: number, low: number): string =>
      `lowWaterMark must be less than highWaterMark, which is ${high}, not ${low}, and at least 0`
    for (const [high, low] of [[4, 4], [4, 5], [4, -1], [4, NaN]]) {
      expect(() => settledMarks({ highWaterMark: high, lowWaterMark: low })).toThrow(refusal(high, low))
    }
    expect(() => settledMarks({ highWaterMark: 0 })).toThrow(refusal(0, 0))
  })
})

describe('the room of a source', () => {
  it('is the distance to the high-water mark, and zero from there down to the low-water mark', () => {
    const level = new Level()
    let calls = 0
    const room = new Room(level, { highWaterMark: 10, lowWaterMark: 4 }, () => { calls++ })
    expect(room.wanted()).toBe(10)
    level.pending = 9
    expect(room.wanted()).toBe(1)
    level.pending = 12
    expect(room.wanted()).toBe(0)
    level.drain(7)
    expect([room.wanted(), calls]).toEqual([0, 0])
    level.drain(1)
    expect([room.wanted(), calls]).toEqual([6, 1])
  })

  it('is available again within the call that reports it', () => {
    const level = new Level()
    const seen: number[] = []
    const room: Room = new Room(level, { highWaterMark: 10, lowWaterMark: 4 }, () => { seen.push(room.wanted()) })
    level.pending = 10
    room.wanted()
    level.drain(10)
    expect(seen).toEqual([10])
  })
})
