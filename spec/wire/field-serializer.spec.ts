/**
 * Serialized header fields: their text, the framing that they declare, and refused fields.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { LocalProtocolError } from '../../lib/errors.js'
import { type Field, Headers } from '../../lib/message/headers.js'
import { serializeFields } from '../../lib/wire/field-serializer.js'

const serialized = (...fields: Field[]): ReturnType<typeof serializeFields> => serializeFields(Headers.ofList(fields))

/** Returns the serialized fields, or the code of the error that is thrown. */
function faultOf(...fields: Field[]): string {
  try {
    return serialized(...fields).text
  } catch (error) {
    if (error instanceof LocalProtocolError) return error.code
    throw error
  }
}

describe('the serializer of fields', () => {
  it('writes lines of name, colon, space and value', () => {
    expect(serialized(['A', 'b'], ['a', ''], ['C', 'd\te\xff']).text).toBe('A: b\r\na: \r\nC: d\te\xff\r\n')
    expect(serialized().text).toBe('')
  })

  it('serializes each collection once', () => {
    const headers = Headers.ofList([['A', 'b']])
    expect(serializeFields(headers)).toBe(serializeFields(headers))
  })

  it('reports the framing, Connection and Date of the fields', () => {
    expect(serialized(['A', 'b'])).toMatchObject(
      { contentLength: -1, isChunked: false, closes: false, hasConnection: false, hasDate: false })
    expect(serialized(['content-length', '012'])).toMatchObject({ contentLength: 12 })
    expect(serialized(['transfer-encoding', 'gzip, Chunked'])).toMatchObject({ isChunked: true })
    expect(serialized(['transfer-encoding', 'a'], ['Transfer-Encoding', 'chunked'])).toMatchObject({ isChunked: true })
    expect(serialized(['connection', 'a, Close'], ['date', ''])).toMatchObject(
      { closes: true, hasConnection: true, hasDate: true })
  })

  it.each(['', ' ', 'a b', 'a:', 'a\r\nb', 'a\n', 'a\0', '\xe9', '\u{1f600}', 'a(b)'])('refuses the name %j', name => {
    expect(faultOf([name, 'x'])).toBe('badField')
  })

  it.each([
    '\r', '\n', '\r\n', '\0', 'a\r\nSet-Cookie: b', 'a\x7f', '\x1f', '\v', '\u0100', '\u560a\u560d', '\u{1f600}',
  ])('refuses the value %j', value => {
    expect(faultOf(['A', value])).toBe('badField')
  })

  it.each([
    '', 'x', '-1', '+1', '1.5', '0x3', '1e3', '1, 1', '9007199254740992', ' 1',
  ])('refuses Content-Length %j', value => {
    expect(faultOf(['Content-Length', value])).toBe('badFraming')
  })

  it('refuses two Content-Lengths', () => {
    expect(faultOf(['Content-Length', '1'], ['Content-Length', '1'])).toBe('badFraming')
  })

  it.each(['', ',', 'gzip', 'identity', 'chunked, gzip', 'chunked, chunked', 'xchunked', 'chunked;a=b'])(
    'refuses Transfer-Encoding %j', value => {
      expect(faultOf(['Transfer-Encoding', value])).toBe('badFraming')
    },
  )

  it('writes exactly one line for each field that it does not refuse (RFC 9112 §11.1)', () => {
    const character = fc.oneof(fc.constantFrom('\r', '\n', '\0', ':', ' '), fc.string({ unit: 'binary' }))
    const text = fc.string({ unit: character })
    fc.assert(fc.property(fc.array(fc.tuple(text, text)), fields => {
      const written = faultOf(...fields)
      if (!written.startsWith('bad')) expect(written.split(/[\r\n]+/)).toHaveLength(fields.length + 1)
    }))
  })
})
