/**
 * The marks of a queue, and the room of a source in it.
 */
import { describe, expect, it } from '@jest/globals'
import { lowWaterMarkOf, Room, settledMarks } from '../../lib/demand/water-marks.js'
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
    expect(lowWaterMarkOf(9)).toBe(4)
    expect(lowWaterMarkOf(2 ** 32)).toBe(2 ** 31)
    expect(lowWaterMarkOf(Infinity)).toBeLessThan(Infinity)
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
