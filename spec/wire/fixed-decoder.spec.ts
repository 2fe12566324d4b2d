/**
 * The decoder of a body with Content-Length.
 */
import { describe, expect, it } from '@jest/globals'
import { FixedDecoder } from '../../lib/wire/fixed-decoder.js'

describe('a body of a known length (RFC 9112 §6.2)', () => {
  it('is available until it is taken completely', () => {
    const decoder = new FixedDecoder(5)
    expect([decoder.available, decoder.isDone, decoder.isWithinTrailers]).toEqual([5, false, false])
    expect(decoder.advance()).toBe(0)
    decoder.take(3)
    expect([decoder.available, decoder.isDone]).toEqual([2, false])
    decoder.take(2)
    expect([decoder.available, decoder.isDone, decoder.trailers, decoder.fault]).toEqual([0, true, null, null])
  })

  it('fails if the input ends early', () => {
    const decoder = new FixedDecoder(5)
    decoder.take(3)
    decoder.advanceEof()
    expect([decoder.fault, decoder.faultOffset]).toEqual(['unexpectedEof', 3])
  })
})
