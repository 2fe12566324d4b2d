/**
 * Long texts, which are encoded in parts: the same bytes as if they were encoded at once.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { Faraday, IOVec } from '../../lib/buffer/index.js'
import { isLong, LongText } from '../../lib/buffer/long-text.js'

const PART = 128 * 1024

function partsOf(text: string, isLatin1: boolean, length: number): Uint8Array[] {
  const long = new LongText(text, isLatin1)
  const parts: Uint8Array[] = []
  for (let sum = 0; sum < length; sum += parts[parts.length - 1].length) parts.push(long.nextPart())
  return parts
}

/** Lone surrogates, surrogate pairs and other characters. */
const units = fc.array(fc.constantFrom('a', '\u00e9', '\u20ac', '\ud83d', '\ude00', '\u{1f600}', '\udbff', '\udc00'), {
  minLength: 1, maxLength: 6,
}).map(parts => parts.join(''))

describe('a long text', () => {
  it('has the same bytes in parts as at once, whatever characters are at their boundaries', () => {
    fc.assert(fc.property(units, units, units, fc.nat(4), (start, cut, end, shift) => {
      const text = `${start}${'b'.repeat(PART - start.length - shift)}${cut}${'c'.repeat(PART - cut.length)}${end}`
      const whole = Buffer.from(text)
      const parts = partsOf(text, false, whole.length)
      expect(Buffer.concat(parts).equals(whole)).toBe(true)
      expect(parts.length).toBeLessThanOrEqual(3)
    }), { numRuns: 200 })
  })

  it('has one byte per character if it is latin-1', () => {
    const text = '\xe9\xff\0x'.repeat(100_000)
    expect(Buffer.concat(partsOf(text, true, text.length)).equals(Buffer.from(text, 'latin1'))).toBe(true)
  })

  it('is longer than a part', () => {
    expect(isLong('x'.repeat(PART))).toBe(false)
    expect(isLong('x'.repeat(PART + 1))).toBe(true)
  })

  it('is encoded in parts as it is shifted', () => {
    const queue = new Faraday()
    queue.writeLatin1('head')
    queue.writeString('x'.repeat(10 * PART))
    queue.writeString('\u20ac'.repeat(10 * PART), 30 * PART)
    queue.writeLatin1('end')
    expect(queue.pendingBytes).toBe(4 + 40 * PART + 3)
    const sizes: number[] = []
    while (queue.hasPending) {
      sizes.push(IOVec.lengthv(queue.iovecs()))
      // Iovecs that were handed out do not change.
      expect(IOVec.lengthv(queue.iovecs())).toBe(sizes[sizes.length - 1])
      queue.shift(Math.min(1000 + PART / 2, queue.pendingBytes))
    }
    expect(Math.max(...sizes)).toBeLessThan(5 * PART)
  })
})
