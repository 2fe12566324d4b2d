/**
 * The laws of iovecs, as properties over generated lists.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { IOVec } from '../../lib/buffer/iovec.js'
import { LocalProtocolError } from '../../lib/errors.js'

/** The bytes that a list covers, in order. */
const bytes = (iovecs: readonly IOVec[]): number[] => iovecs.flatMap(iovec => [...IOVec.view(iovec)])

/** A range somewhere within an array, possibly empty. */
const iovec = fc.record({ buffer: fc.uint8Array({ maxLength: 12 }), from: fc.nat(12), len: fc.nat(12) })
  .map(({ buffer, from, len }) => {
    const off = Math.min(from, buffer.length)
    return IOVec.create(buffer, off, Math.min(len, buffer.length - off))
  })

/** A list, and two counts that together are at most its length. */
const shifts = fc.array(iovec, { maxLength: 5 }).chain(iovecs => fc.record({
  iovecs: fc.constant(iovecs),
  both: fc.nat(IOVec.lengthv(iovecs)),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
})).map(({ iovecs, both, share }) => ({ iovecs, m: Math.floor(both * share), n: both - Math.floor(both * share) }))

const badRange = expect.objectContaining({ constructor: LocalProtocolError, code: 'badRange' })

describe('IOVec: the laws of shifting', () => {
  it('bytes(shiftv(v, n)) = bytes(v) without the first n', () => {
    fc.assert(fc.property(shifts, ({ iovecs, n }) => {
      expect(bytes(IOVec.shiftv(iovecs, n))).toEqual(bytes(iovecs).slice(n))
    }))
  })

  it('lengthv(shiftv(v, n)) = lengthv(v) - n', () => {
    fc.assert(fc.property(shifts, ({ iovecs, n }) => {
      expect(IOVec.lengthv(IOVec.shiftv(iovecs, n))).toBe(IOVec.lengthv(iovecs) - n)
    }))
  })

  it('shiftv(v, 0) = v', () => {
    fc.assert(fc.property(shifts, ({ iovecs }) => {
      expect(IOVec.shiftv(iovecs, 0)).toEqual(iovecs)
    }))
  })

  it('shiftv(shiftv(v, m), n) covers what shiftv(v, m + n) covers', () => {
    fc.assert(fc.property(shifts, ({ iovecs, m, n }) => {
      expect(bytes(IOVec.shiftv(IOVec.shiftv(iovecs, m), n))).toEqual(bytes(IOVec.shiftv(iovecs, m + n)))
    }))
  })

  it('shiftv([i], n) covers what [shift(i, n)] covers', () => {
    fc.assert(fc.property(shifts, ({ iovecs }) => {
      for (const each of iovecs) {
        for (let n = 0; n <= each.len; n++) {
          expect(bytes(IOVec.shiftv([each], n))).toEqual(bytes([IOVec.shift(each, n)]))
        }
      }
    }))
  })
})

describe('IOVec', () => {
  const buffer = Uint8Array.of(10, 11, 12, 13)

  it('covers the whole array by default, or the rest from an offset', () => {
    expect(IOVec.create(buffer)).toEqual({ buffer, off: 0, len: 4 })
    expect(IOVec.create(buffer, 1)).toEqual({ buffer, off: 1, len: 3 })
  })

  it('has its length in bytes, and a list has the sum', () => {
    expect(IOVec.length(IOVec.create(buffer, 1, 2))).toBe(2)
    expect(IOVec.lengthv([IOVec.create(buffer, 1, 2), IOVec.create(buffer)])).toBe(6)
    expect(IOVec.lengthv([])).toBe(0)
  })

  it('shares memory: a view and a shifted iovec see what is written to the array', () => {
    const own = Uint8Array.of(1, 2, 3)
    const shifted = IOVec.shift(IOVec.create(own), 1)
    own[2] = 9
    expect(shifted.buffer).toBe(own)
    expect([...IOVec.view(shifted)]).toEqual([2, 9])
  })

  it('does not change a list that is shifted, and drops iovecs that are used up', () => {
    const list = [IOVec.create(buffer, 0, 2), IOVec.create(buffer, 2, 2)]
    expect(IOVec.shiftv(list, 2)).toEqual([{ buffer, off: 2, len: 2 }])
    expect(list).toHaveLength(2)
  })

  it.each([[-1, 1], [0, 5], [5, 0], [1, 4], [0.5, 1], [0, NaN], [0, 1.5], [0, -1], [Infinity, 0]])(
    'refuses off %d and len %d of 4 bytes', (off, len) => {
      expect(() => IOVec.create(buffer, off, len)).toThrow(badRange)
    })

  it.each([-1, 5, 0.5, NaN, Infinity])('refuses to shift %d of 4 bytes', n => {
    expect(() => IOVec.shift(IOVec.create(buffer), n)).toThrow(badRange)
    expect(() => IOVec.shiftv([IOVec.create(buffer)], n)).toThrow(badRange)
  })
})
