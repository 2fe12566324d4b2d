/**
 * Where frames and messages end, however the frames arrive.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { FrameCutter } from '../../lib/ws/frame-cutter.js'
import { BINARY, chopped, CLOSE, CONTINUATION, frame, part, PING, TEXT } from './frames.js'

/** The cuts in a stream that comes in these pieces: how many bytes are before each end of a message. */
function cutsOf(pieces: Buffer[]): number[] {
  const cutter = new FrameCutter()
  const cuts: number[] = []
  let before = 0
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      at = cutter.cut(piece, at)
      if (cutter.isBehindMessage) cuts.push(before + at)
    }
    before += piece.length
  }
  return cuts
}

const FRAMES = fc.array(fc.record({
  opcode: fc.constantFrom(CONTINUATION, TEXT, BINARY, CLOSE, PING, 3, 15),
  size: fc.oneof(fc.integer({ min: 0, max: 130 }), fc.constantFrom(65_535, 65_536, 70_000)),
  isFinal: fc.boolean(),
  isMasked: fc.boolean(),
}), { maxLength: 8 })

describe('a stream of frames is cut', () => {
  it('after each frame that ends a message, and nowhere else', () => {
    const frames = [frame(TEXT, 'a'), part(TEXT, 'b'), frame(PING, 'p'), frame(CONTINUATION, ''), frame(CLOSE)]
    const [a, b, p, c] = frames.map(bytes => bytes.length)
    expect(cutsOf([Buffer.concat(frames)])).toEqual([a, a + b + p + c])
  })

  it('at the same places, whether it arrives whole or in pieces', () => {
    fc.assert(fc.property(FRAMES, fc.integer({ min: 1, max: 40 }), (frames, size) => {
      const expected: number[] = []
      let length = 0
      const bytes = Buffer.concat(frames.map(({ opcode, size: count, ...options }) => {
        const made = frame(opcode, Buffer.alloc(count), options)
        length += made.length
        if (options.isFinal && opcode < 3) expected.push(length)
        return made
      }))
      expect(cutsOf([bytes])).toEqual(expected)
      expect(cutsOf(chopped(bytes, bytes.length > 1_000 ? size * 100 : size))).toEqual(expected)
    }), { numRuns: 200 })
  })
})
