/**
 * The syntax of what this side sends, character by character, is that of what the parser accepts.
 */
import { describe, expect, it } from '@jest/globals'
import { isFieldValue, isToken } from '../lib/field-syntax.js'
import { FIELD_VALUE, TOKEN } from '../lib/wire/grammar.js'

const CHARACTERS = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))

/** Indexes a table by character; 0 beyond it. */
function inTable(table: Uint8Array): (character: string) => boolean {
  return character => table[character.charCodeAt(0)] === 1
}

describe.each([
  ['a token', isToken, inTable(TOKEN)],
  ['a field value', isFieldValue, inTable(FIELD_VALUE)],
])('%s', (_, isSent, isParsed) => {
  it('has the characters that the parser takes, alone and at each place', () => {
    const expected = CHARACTERS.filter(isParsed)
    expect(CHARACTERS.filter(isSent)).toEqual(expected)
    expect(CHARACTERS.filter(character => isSent(`a${character}b`))).toEqual(expected)
    expect(CHARACTERS.filter(character => isSent(`a${character}`))).toEqual(expected)
  })

  it('has no character above U+00FF', () => {
    expect(['\u0100', '\u010a', '\u{1f600}'].filter(isSent)).toEqual([])
  })
})

it('a token is not empty, a value may be', () => {
  expect([isToken(''), isFieldValue('')]).toEqual([false, true])
})
