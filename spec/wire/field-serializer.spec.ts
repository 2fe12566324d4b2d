/**
 * Header fields as text.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { LocalProtocolError } from '../../lib/errors.js'
import { type Field, Headers } from '../../lib/message/headers.js'
import { serializeFields } from '../../lib/wire/field-serializer.js'

const serialized = (...fields: Field[]): ReturnType<typeof serializeFields> => serializeFields(Headers.ofList(fields))

/** The code of the error that serializing these fields throws, or what was written. */
function faultOf(...fields: Field[]): string {
  try {
    return serialized(...fields).text
  } catch (error) {
    if (error instanceof LocalProtocolError) return error.code
    throw error
  }
}

describe('serialized fields', () => {
  it('are lines of name, colon, space and value', () => {
    expect(serialized(['A', 'b'], ['a', ''], ['C', 'd\te\xff']).text).toBe('A: b\r\na: \r\nC: d\te\xff\r\n')
    expect(serialized().text).toBe('')
  })

  it('are made once for each collection', () => {
    const headers = Headers.ofList([['A', 'b']])
    expect(serializeFields(headers)).toBe(serializeFields(headers))
  })

  it('say what they say about framing', () => {
    expect(serialized(['A', 'b'])).toMatchObject(
      { contentLength: -1, isChunked: false, closes: false, hasConnection: false, hasDate: false })
    expect(serialized(['content-length', '012'])).toMatchObject({ contentLength: 12 })
    expect(serialized(['transfer-encoding', 'gzip, Chunked'])).toMatchObject({ isChunked: true })
    expect(serialized(['transfer-encoding', 'a'], ['Transfer-Encoding', 'chunked'])).toMatchObject({ isChunked: true })
    expect(serialized(['connection', 'a, Close'], ['date', ''])).toMatchObject(
      { closes: true, hasConnection: true, hasDate: true })
  })

  it.each(['', ' ', 'a b', 'a:', 'a\r\nb', 'a\n', 'a\0', '\xe9', '\u{1f600}', 'a(b)'])('have no name %j', name => {
    expect(faultOf([name, 'x'])).toBe('badField')
  })

  it.each([
    '\r', '\n', '\r\n', '\0', 'a\r\nSet-Cookie: b', 'a\x7f', '\x1f', '\v', '\u0100', '\u560a\u560d', '\u{1f600}',
  ])('have no value %j', value => {
    expect(faultOf(['A', value])).toBe('badField')
  })

  it.each([
    '', 'x', '-1', '+1', '1.5', '0x3', '1e3', '1, 1', '9007199254740992', ' 1',
  ])('have no Content-Length %j', value => {
    expect(faultOf(['Content-Length', value])).toBe('badFraming')
  })

  it('have no two Content-Lengths', () => {
    expect(faultOf(['Content-Length', '1'], ['Content-Length', '1'])).toBe('badFraming')
  })

  it.each(['', ',', 'gzip', 'identity', 'chunked, gzip', 'chunked, chunked', 'xchunked', 'chunked;a=b'])(
    'have no Transfer-Encoding %j', value => {
      expect(faultOf(['Transfer-Encoding', value])).toBe('badFraming')
    },
  )

  it('are as many lines as there are fields, whatever their names and values (RFC 9112 §11.1)', () => {
    const character = fc.oneof(fc.constantFrom('\r', '\n', '\0', ':', ' '), fc.string({ unit: 'binary' }))
    const text = fc.string({ unit: character })
    fc.assert(fc.property(fc.array(fc.tuple(text, text)), fields => {
      const written = faultOf(...fields)
      if (!written.startsWith('bad')) expect(written.split(/[\r\n]+/)).toHaveLength(fields.length + 1)
    }))
  })
})
