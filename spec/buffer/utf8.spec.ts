/**
 * UTF-8 encoding with and without the runtime's Buffer, compared with the standard's encoder.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { type Utf8, UTF8_BYTES_PER_UNIT, utf8Length, utf8Of, writeUtf8 } from '../../lib/buffer/utf8.js'

function fails(): never {
  throw new Error('not here')
}

const IMPLEMENTATIONS: [string, Utf8][] = [
  ['as exported', { utf8Length, writeUtf8 }],
  ['with Buffer', utf8Of(Buffer)],
  ['with a Buffer without its inner methods', utf8Of({ byteLength: text => Buffer.byteLength(text), prototype: {} })],
  ['with a Buffer whose methods throw', utf8Of({ byteLength: fails, prototype: { utf8Write: fails } })],
  ['with a Buffer whose methods are wrong', utf8Of({ byteLength: () => 1, prototype: { utf8Write: () => 1 } })],
  ['with a Buffer that has none of them', utf8Of({} as never)],
  ['without Buffer', utf8Of(undefined)],
]

/** Text with encodings of every length, and with surrogates in and out of pairs. */
const text = fc.array(fc.oneof(
  fc.constantFrom('a', '\0', '\x7f', '\x80', '\u07ff', '\u0800', '\uffff', '\ud800', '\udbff', '\udc00', '\udfff', '😀'),
  fc.string({ unit: 'binary', maxLength: 4 }),
), { maxLength: 12 }).map(parts => parts.join(''))

const encoded = (string: string): number[] => [...new TextEncoder().encode(string)]

describe.each(IMPLEMENTATIONS)('UTF-8 %s', (_, utf8) => {
  it('measures the length of the standard encoding, one to three bytes per unit', () => {
    fc.assert(fc.property(text, string => {
      const length = utf8.utf8Length(string)
      expect(length).toBe(encoded(string).length)
      expect(length).toBeGreaterThanOrEqual(string.length)
      expect(length).toBeLessThanOrEqual(string.length * UTF8_BYTES_PER_UNIT)
    }))
  })

  it('writes the standard encoding, and nothing around it', () => {
    fc.assert(fc.property(text, fc.nat(5), fc.nat(5), (string, before, after) => {
      const expected = encoded(string)
      const target = new Uint8Array(before + expected.length + after).fill(0xaa)
      expect(utf8.writeUtf8(target, string, before)).toBe(expected.length)
      expect([...target]).toEqual([...Array(before).fill(0xaa), ...expected, ...Array(after).fill(0xaa)])
    }))
  })

  it('encodes a lone surrogate as U+FFFD', () => {
    const target = new Uint8Array(3)
    expect(utf8.writeUtf8(target, '\ud83d', 0)).toBe(3)
    expect([...target]).toEqual([0xef, 0xbf, 0xbd])
  })

  it('writes only whole characters if not all fit', () => {
    const target = new Uint8Array(4)
    expect(utf8.writeUtf8(target, 'aé€', 0)).toBe(3)
    expect([...target]).toEqual([0x61, 0xc3, 0xa9, 0])
  })
})
