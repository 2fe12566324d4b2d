/**
 * The parser of a field section, in every cut of its input.
 */
import { describe, expect, it } from '@jest/globals'
import type { Field } from '../../lib/message/headers.js'
import { fieldSection } from './subjects.js'

describe('a field section (RFC 9112 §5)', () => {
  it.each<[text: string, fields: Field[]]>([
    ['\r\n', []],
    ['A: b\r\n\r\n', [['A', 'b']]],
    ['A: b\r\na: c\r\n\r\n', [['A', 'b'], ['a', 'c']]],
    ['A:b\r\n\r\n', [['A', 'b']]],
    ['A:\r\n\r\n', [['A', '']]],
    ['A: \t \r\n\r\n', [['A', '']]],
    ['A: \t b\tc  d \t\r\n\r\n', [['A', 'b\tc  d']]],
    ['A: :b:\r\n\r\n', [['A', ':b:']]],
    ['A: \x80\xff!~\r\n\r\n', [['A', '\x80\xff!~']]],
    ["!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n", [["!#$%&'*+-.^_`|~09azAZ", 'x']]],
  ])('%j', (text, fields) => {
    expect(fieldSection(text)).toEqual(fields)
  })

  it.each<[text: string, fault: string]>([
    [': b\r\n\r\n', 'badFieldName@0'],
    ['A : b\r\n\r\n', 'badFieldName@1'],
    ['A\t: b\r\n\r\n', 'badFieldName@1'],
    ['A\r\n\r\n', 'badFieldName@1'],
    ['A b: c\r\n\r\n', 'badFieldName@1'],
    ['A\0: b\r\n\r\n', 'badFieldName@1'],
    ['\xc0: b\r\n\r\n', 'badFieldName@0'],
    ['A(: b\r\n\r\n', 'badFieldName@1'],
    [' A: b\r\n\r\n', 'badFieldName@0'],
    ['\tA: b\r\n\r\n', 'badFieldName@0'],
    ['A: b\r\n c\r\n\r\n', 'obsoleteFold@6'],
    ['A: b\r\n\tc\r\n\r\n', 'obsoleteFold@6'],
    ['A: b\r\n \r\n\r\n', 'obsoleteFold@6'],
    ['A: b\0c\r\n\r\n', 'badFieldValue@4'],
    ['A: b\x01c\r\n\r\n', 'badFieldValue@4'],
    ['A: b\x7f\r\n\r\n', 'badFieldValue@4'],
    ['A: \v\r\n\r\n', 'badFieldValue@3'],
    ['A: b\n\r\n', 'badLineEnd@4'],
    ['A: b\rB: c\r\n\r\n', 'badLineEnd@4'],
    ['A: b\r\r\n\r\n', 'badLineEnd@4'],
    ['A: b\r\nB\n: c\r\n\r\n', 'badLineEnd@7'],
    ['A: b\r\n\n', 'badLineEnd@6'],
    ['\n', 'badLineEnd@0'],
    ['A: b\r\n\rB: c\r\n\r\n', 'badLineEnd@6'],
    ['\r\r\n', 'badLineEnd@0'],
    ['\rA', 'badLineEnd@0'],
  ])('refuses %j: %s', (text, fault) => {
    expect(fieldSection(text)).toBe(fault)
  })

  it('accepts or refuses a byte of a value whatever its position', () => {
    for (const code of [...Array(0x22).keys(), 0x7e, 0x7f, 0x80, 0xff]) {
      const character = String.fromCharCode(code)
      const isLineEnd = character === '\r' || character === '\n'
      const isGood = code === 0x09 || (code >= 0x20 && code !== 0x7f)
      for (let place = 1; place < 8; place++) {
        const value = 'x'.repeat(place) + character + 'x'.repeat(8 - place)
        const fault = `${isLineEnd ? 'badLineEnd' : 'badFieldValue'}@${3 + place}`
        expect(fieldSection(`A: ${value}\r\n\r\n`)).toEqual(isGood ? [['A', value]] : fault)
      }
    }
  })

  it.each(['', '\r', 'A', 'A:', 'A: b', 'A: b\r', 'A: b\r\n', 'A: b\r\n\r'])('is incomplete after %j', text => {
    expect(fieldSection(text)).toBe(`unexpectedEof@${text.length}`)
  })

  it('may be as long as its limit, and no longer', () => {
    const text = 'A: b\r\nC: d\r\n\r\n'
    expect(fieldSection(text, text.length)).toEqual([['A', 'b'], ['C', 'd']])
    for (const limit of [text.length - 1, text.length - 2, 6, 1, 0]) {
      expect(fieldSection(text, limit)).toBe(`headTooLarge@${limit}`)
    }
  })

  it('reports its limit rather than a fault beyond it', () => {
    expect(fieldSection('A: b\r\n\0', 6)).toBe('headTooLarge@6')
    expect(fieldSection('A: b\rX', 5)).toBe('headTooLarge@5')
    expect(fieldSection('A: b\r\n\0', 7)).toBe('badFieldName@6')
  })

  it('may have as many fields as their limit, and no more', () => {
    const text = 'A: b\r\nC: d\r\n\r\n'
    expect(fieldSection(text, 1000, 2)).toEqual([['A', 'b'], ['C', 'd']])
    expect(fieldSection(text, 1000, 1)).toBe('tooManyFields@6')
    expect(fieldSection(text, 1000, 0)).toBe('tooManyFields@0')
    expect(fieldSection('\r\n', 1000, 0)).toEqual([])
  })
})
