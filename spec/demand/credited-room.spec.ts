/**
 * The room in a queue, counted by the sizes of values.
 */
import { describe, expect, it } from '@jest/globals'
import { CreditedRoom } from '../../lib/demand/credited-room.js'
import { Level } from './level.js'

/** How much the framing of each value adds. */
const FRAME = 5

/** A room of 100 bytes, with a low-water mark of 40. Writing returns the demand after it. */
function room(): { level: Level; calls: number[]; room: CreditedRoom; write: (size: number) => number } {
  const level = new Level()
  const calls: number[] = []
  const made: CreditedRoom = new CreditedRoom(level, { highWaterMark: 100, lowWaterMark: 40 }, () => {
    calls.push(made.wanted)
  })
  made.refill()
  const write = (size: number): number => {
    made.spend(size)
    level.pending += size + FRAME
    made.refill()
    return made.wanted
  }
  return { level, calls, room: made, write }
}

describe('a room that is counted by values', () => {
  it('is the distance to the high-water mark after each value that leaves little pending', () => {
    const { calls, room: { wanted }, write } = room()
    expect([wanted, calls]).toEqual([100, [100]])
    expect([write(10), write(20)]).toEqual([85, 60])
  })

  it('is used up by the sizes of values, not by their framing, until the queue has drained', () => {
    const { level, calls, write } = room()
    expect([write(50), write(40), write(10)]).toEqual([50, 10, 0])
    expect(level.pending).toBe(115)
    level.drain(74)
    expect(calls).toEqual([100])
    level.drain(1)
    expect(calls).toEqual([100, 60])
  })

  it('may be used up by more than there is, and is reported where the queue has drained within the write', () => {
    const { level, calls, room: made, write } = room()
    expect(write(300)).toBe(-200)
    level.drain(305)
    made.spend(200)
    made.refill()
    expect([made.wanted, calls]).toEqual([100, [100, 100, 100]])
  })
})
