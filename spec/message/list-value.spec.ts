/**
 * Fields whose value is a list: all members, and the search for one.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { Headers } from '../../lib/message/headers.js'
import { listIncludes, listMembers, trimBlanks } from '../../lib/message/list-value.js'
import { parsed } from './fields.js'

const member = fc.constantFrom('close', 'Close', 'keep-alive', 'upgrade', 'clos', 'closer')
const blanks = fc.stringMatching(/^[ \t]{0,2}$/)
const item = fc.tuple(blanks, fc.oneof(member, fc.constant('')), blanks).map(parts => parts.join(''))
const listField = fc.array(item, { maxLength: 4 }).map(items => ['Connection', items.join(',')] as const)

describe('list values (RFC 9110 §5.6.1)', () => {
  it('are the members of all fields of the name, in order, in lower case, without blanks and empty members', () => {
    const headers = parsed(['Connection', ', a ,,B\t,'], ['X', 'y'], ['connection', ''], ['CONNECTION', 'c'])
    expect(listMembers(headers, 'connection')).toEqual(['a', 'b', 'c'])
    expect(listMembers(headers, 'upgrade')).toEqual([])
  })

  it.each([
    ['close', true],
    ['CLOSE', true],
    ['keep-alive, close', true],
    [' , close\t,', true],
    ['closed', false],
    ['close d', false],
    ['not-close', false],
    ['clos,e', false],
    ['"close"', false],
    ['', false],
    [',', false],
  ])('%j includes close: %s', (value, expected) => {
    expect(listIncludes(Headers.ofList([['connection', value]]), 'Connection', 'close')).toBe(expected)
  })

  it('listIncludes(h, n, m) = listMembers(h, n).includes(lowerCase(m))', () => {
    fc.assert(fc.property(fc.array(listField, { maxLength: 3 }), member, (fields, wanted) => {
      const headers = Headers.ofList(fields)
      const expected = listMembers(headers, 'connection').includes(wanted.toLowerCase())
      expect(listIncludes(headers, 'connection', wanted)).toBe(expected)
    }))
  })

  it('trimBlanks removes spaces and tabs only (RFC 9110 §5.6.3)', () => {
    expect(trimBlanks(' \ta b\t ')).toBe('a b')
    expect(trimBlanks(' \t ')).toBe('')
    expect(trimBlanks('\u00a0a\v')).toBe('\u00a0a\v')
  })
})
