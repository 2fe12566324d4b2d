/**
 * Latin-1 decoding and encoding, with and without the runtime's Buffer.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { decodeLatin1, type Latin1, latin1Of, writeLatin1 } from '../../lib/buffer/latin1.js'

function fails(): never {
  throw new Error('not here')
}

const IMPLEMENTATIONS: [string, Latin1][] = [
  ['as exported', { decodeLatin1, writeLatin1 }],
  ['with Buffer', latin1Of(Buffer)],
  ['with a Buffer without its inner methods', latin1Of({ prototype: {} })],
  ['with a Buffer without a prototype', latin1Of({ prototype: undefined })],
  ['with a Buffer whose inner methods throw', latin1Of({ prototype: { latin1Slice: fails, latin1Write: fails } })],
  ['with a Buffer whose inner methods are wrong', latin1Of({
    prototype: { latin1Slice: () => 'A', latin1Write: (...[, , length]) => length },
  })],
  ['with a Buffer whose inner methods are not functions', latin1Of({
    prototype: { latin1Slice: 1, latin1Write: null } as never,
  })],
  ['without Buffer', latin1Of(undefined)],
]

const bytes = fc.uint8Array({ maxLength: 40 })
const naively = (range: Uint8Array): string => Array.from(range, byte => String.fromCharCode(byte)).join('')

describe.each(IMPLEMENTATIONS)('latin-1 %s', (_, latin1) => {
  it('decodes each byte to the character of its value', () => {
    const all = Uint8Array.from({ length: 256 }, (__, byte) => byte)
    const text = latin1.decodeLatin1(all, 0, 256)
    expect(Array.from(text, character => character.charCodeAt(0))).toEqual([...all])
  })

  it('decodes the given range', () => {
    fc.assert(fc.property(bytes, fc.nat(40), fc.nat(40), (array, one, other) => {
      const start = Math.min(one, other, array.length)
      const end = Math.min(Math.max(one, other), array.length)
      expect(latin1.decodeLatin1(array, start, end)).toBe(naively(array.subarray(start, end)))
    }))
  })

  it('decodes a part of a view of a Buffer', () => {
    expect(latin1.decodeLatin1(Buffer.from('caf\u00e9', 'latin1').subarray(1), 1, 3)).toBe('f\u00e9')
  })

  it.each([0, 1, 4095, 4096, 4097, 100_000])('decodes %d bytes', length => {
    const array = Uint8Array.from({ length }, (__, index) => index % 251)
    expect(latin1.decodeLatin1(array, 0, length)).toBe(naively(array))
  })

  it('encodes what it decoded, and writes nothing around it', () => {
    fc.assert(fc.property(bytes, fc.nat(5), fc.nat(5), (array, before, after) => {
      const target = new Uint8Array(before + array.length + after).fill(0xaa)
      const written = latin1.writeLatin1(target, latin1.decodeLatin1(array, 0, array.length), before)
      expect(written).toBe(array.length)
      expect([...target]).toEqual([...Array(before).fill(0xaa), ...array, ...Array(after).fill(0xaa)])
    }))
  })

  it.each(['short', 'longer than a short one'])('writes as much as fits of a text that is %s', text => {
    const target = new Uint8Array(4)
    expect(latin1.writeLatin1(target, text, 2)).toBe(2)
    expect(naively(target)).toBe('\0\0' + text.slice(0, 2))
    expect(latin1.writeLatin1(target, text, 4)).toBe(0)
  })

  it.each(['\u010a', 'twenty characters: \u010a'])('writes the low byte of a character above 0xff', text => {
    const target = new Uint8Array(text.length)
    latin1.writeLatin1(target, text, 0)
    expect(target[text.length - 1]).toBe(0x0a)
  })
})
