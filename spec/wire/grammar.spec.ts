/**
 * The character classes of the grammar, compared with the RFC's rules for every byte.
 */
import { describe, expect, it } from '@jest/globals'
import {
  FIELD_VALUE, HEX_VALUE, NOT_HEX, QUERY, QUOTED_TEXT, TARGET, TOKEN, isBlank,
} from '../../lib/wire/grammar.js'

const ALL = Array.from({ length: 256 }, (_, code) => code)

/** The characters of a class, in the order of their codes. */
function members(belongs: (code: number) => boolean): string {
  return String.fromCharCode(...ALL.filter(belongs))
}

function range(first: number, last: number): string {
  return members(code => code >= first && code <= last)
}

const LETTERS_AND_DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const sorted = (text: string): string => Array.from(text).sort().join('')

describe('the grammar, byte by byte', () => {
  it('tchar (RFC 9110 §5.6.2)', () => {
    expect(members(code => TOKEN[code] === 1)).toBe(sorted("!#$%&'*+-.^_`|~" + LETTERS_AND_DIGITS))
  })

  it('field-vchar, SP and HTAB (RFC 9110 §5.5)', () => {
    expect(members(code => FIELD_VALUE[code] === 1)).toBe('\t' + range(0x20, 0x7e) + range(0x80, 0xff))
  })

  it('a target: visible ASCII except "#", and a backslash in its query only (RFC 9112 §3.2)', () => {
    const query = range(0x21, 0x7e).replace('#', '')
    expect(members(code => QUERY[code] === 1)).toBe(query)
    expect(members(code => TARGET[code] === 1)).toBe(query.replace('\\', ''))
  })

  it('qdtext (RFC 9110 §5.6.4)', () => {
    const text = '\t' + range(0x20, 0x7e) + range(0x80, 0xff)
    expect(members(code => QUOTED_TEXT[code] === 1)).toBe(text.replace('"', '').replace('\\', ''))
  })

  it('HEXDIG and its value (RFC 5234 §B.1)', () => {
    expect(members(code => HEX_VALUE[code] !== NOT_HEX)).toBe('0123456789ABCDEFabcdef')
    for (const digit of '0123456789ABCDEFabcdef') {
      expect(HEX_VALUE[digit.charCodeAt(0)]).toBe(Number.parseInt(digit, 16))
    }
  })

  it('SP and HTAB (RFC 9110 §5.6.3)', () => {
    expect(members(isBlank)).toBe('\t ')
  })
})
