/**
 * The mask of captures: values of secret fields are masked in every form in which a client may send them, also in those
 * that the server refuses, and wherever they are split; other lines are not.
 */
import { describe, expect, it } from '@jest/globals'
import { everySplit } from '../../lib/testing/index.js'
import { FieldMask, FieldNames, REDACTED_FIELDS } from '../../lib/testing/redaction.js'

function masked(input: string): string {
  return everySplit(input, pieces => {
    const mask = new FieldMask(new FieldNames(REDACTED_FIELDS))
    return pieces.map(piece => Buffer.from(mask.mask(piece)).toString('latin1')).join('')
  })
}

describe('the value of a secret field is masked', () => {
  it.each([
    ['as it should be sent', 'A: b\r\nCookie: a=secret\r\nC: d\r\n\r\n', 'A: b\r\nCookie: xxxxxxxx\r\nC: d\r\n\r\n'],
    ['without a space', 'COOKIE:secret\r\n\r\n', 'COOKIE:xxxxxx\r\n\r\n'],
    ['with LF alone', 'Cookie: secret\nC: d\n\n', 'Cookie: xxxxxx\nC: d\n\n'],
    ['with blanks before the colon', 'Cookie \t : secret\r\n\r\n', 'Cookie \t : xxxxxx\r\n\r\n'],
    ['with blanks before the name', '\r\n \tCookie: secret\r\n\r\n', '\r\n \tCookie: xxxxxx\r\n\r\n'],
    ['folded', 'Cookie:\r\n secret\r\n\tmore\r\n\r\n', 'Cookie:\r\n xxxxxx\r\nxxxxx\r\n\r\n'],
  ])('%s', (_, input, output) => {
    expect(masked(input)).toBe(output)
  })
})

it.each([
  'Cookies: a\r\n\r\n', 'My-Cookie: a\r\n\r\n', ': cookie\r\n\r\n', 'A:\r\n b\r\n\r\n',
  'Cookie\r\n: a\r\n\r\n', '{\n  "a": 1\n}\n',
])('other lines are not: %j', input => {
  expect(masked(input)).toBe(input)
})
