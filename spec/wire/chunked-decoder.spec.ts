/**
 * The decoder of the chunked transfer coding, in every cut of its input.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { ChunkedDecoder } from '../../lib/wire/chunked-decoder.js'
import { chunkedBody, type DecodedBody } from './subjects.js'

describe('a chunked body (RFC 9112 §7.1)', () => {
  it.each<[text: string, body: DecodedBody]>([
    ['0\r\n\r\n', { data: '' }],
    ['000\r\n\r\n', { data: '' }],
    ['1\r\na\r\n0\r\n\r\n', { data: 'a' }],
    ['5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', { data: 'hello world' }],
    ['009\r\n0\r\n\r\n\r\n\0\xff\r\n0\r\n\r\n', { data: '0\r\n\r\n\r\n\0\xff' }],
    ['A\r\n0123456789\r\n0\r\n\r\n', { data: '0123456789' }],
    ['0000000000001\r\na\r\n0\r\n\r\n', { data: 'a' }],
    ['0\r\nA: b\r\n\r\n', { data: '', trailers: [['A', 'b']] }],
    ['1\r\na\r\n0\r\nA: b\r\nc:d \r\n\r\n', { data: 'a', trailers: [['A', 'b'], ['c', 'd']] }],
  ])('%j', (text, body) => {
    expect(chunkedBody(text)).toEqual(body)
  })

  it.each([
    ';a', ';a=b', ';a="b"', ';a=b;c', ';a;b="c";d=e', ' ; a', '\t;\ta\t=\tb', ';a = "b" ; c', ';a=""', ';a="b;c\t d"',
    ';a="\\"\\\\\\b\\\t"', ';a="\xe9\\\xe9"', ";!#$%&'*+-.^_`|~09azAZ=~",
  ])('§7.1.1: ignores the extension %j', extension => {
    expect(chunkedBody(`1${extension}\r\na\r\n0${extension}\r\n\r\n`)).toEqual({ data: 'a' })
  })

  it.each<[text: string, offset: number]>([
    ['\r\n', 0], ['g', 0], [' 1', 0], ['-1', 0], ['+1', 0], [';a', 0], [':', 0], ['@', 0], ['`', 0], ['/', 0],
    ['\xb2', 0],
    ['0x1', 1], ['1\n', 1], ['1h', 1], ['1_0', 1], ['1\0', 1], ['1\rX', 2], ['1\r\r', 2],
    ['1 \r\n', 2], ['1 1', 2], ['1 a', 2], ['1;\r\n', 2], ['1;;', 2], ['1; =', 3], ['1;a=\r\n', 4], ['1;a=;', 4],
    ['1;a =\n', 5],
    ['1;a \r\n', 4], ['1;a b', 4], ['1;a=b c', 6], ['1;a=b \r\n', 6], ['1;a=b=c', 5], ['1;a="b\r', 6],
    ['1;a="b\n', 6], ['1;a="\0', 5],
    ['1;a="\\\r', 6], ['1;a="\\\0', 6], ['1;a="b"c', 7], ['1;a="b""', 7], ["1;a='b c'", 7], ['1;a\n', 3],
    ['1;a=b\n', 5], ['1;a="b"\n', 7],
    ['1;a\rX', 4], ['1;\xe9', 2],
    ['1\r\naX', 4], ['1\r\na\n', 4], ['1\r\nab', 4], ['1\r\na\rX', 5], ['1\r\na\r\r\n', 5],
    ['1\r\na\r\n\r\n', 6], ['1\r\na\r\nz', 6],
    ['fffffffffffffffff\r\n', 13], ['10000000000000\r\n', 13], ['00010000000000000\r\n', 16],
  ])('refuses %j at byte %d', (text, offset) => {
    expect(chunkedBody(text)).toMatchObject({ fault: `badChunk@${offset}` })
  })

  it('accepts 13 digits of a size, and maxHeaderSize more leading zeros, counted for each chunk', () => {
    const zeros = '0'.repeat(22)
    const text = `${zeros}5\r\nhello\r\n${zeros}5\r\nagain\r\n${zeros}0\r\n\r\n`
    expect(chunkedBody(text, 10)).toEqual({ data: 'helloagain' })
    expect(chunkedBody(text, 9)).toEqual({ data: '', fault: 'headTooLarge@22' })
    expect(chunkedBody(`5\r\nhello\r\n${'0'.repeat(13)}\r\n\r\n`, 0)).toEqual({ data: 'hello' })
  })

  it('reads sizes of 13 digits exactly', () => {
    const decoder = new ChunkedDecoder(0, 0)
    const text = Buffer.from('fffffffffffff\r\n')
    expect(decoder.advance(text, 0, text.length)).toBe(text.length)
    expect(decoder.available).toBe(2 ** 52 - 1)
  })

  it.each<[text: string, fault: string]>([
    ['0\r\nA : b\r\n\r\n', 'badFieldName@4'],
    ['0\r\nA: b\0\r\n\r\n', 'badFieldValue@7'],
    ['0\r\nA: b\r\n c\r\n\r\n', 'obsoleteFold@9'],
    ['0\r\n\n', 'badLineEnd@3'],
    ['0\r\n\rX', 'badLineEnd@3'],
    ['1\r\na\r\n0\r\nA: b\n\r\n', 'badLineEnd@13'],
  ])('§7.1.2: refuses the trailers of %j: %s', (text, fault) => {
    const data = text.startsWith('1') ? 'a' : ''
    expect(chunkedBody(text)).toEqual({ data, fault })
  })

  it.each([
    '', '1', '1;', '1\r', '1\r\n', '1\r\na', '1\r\na\r', '1\r\na\r\n', '0', '0\r\n', '0\r\n\r', '0\r\nA: b\r\n',
  ])('is incomplete after %j', text => {
    expect(chunkedBody(text)).toEqual({ data: text.includes('a') ? 'a' : '', fault: `unexpectedEof@${text.length}` })
  })

  describe('with a limit on its extensions and trailers together', () => {
    it('§7.1.1: counts every byte of extensions, including the semicolons', () => {
      const text = '1;abc\r\na\r\n0 ;d="e"\r\n\r\n'
      expect(chunkedBody(text, 11)).toEqual({ data: 'a' })
      expect(chunkedBody(text, 10)).toEqual({ data: 'a', fault: 'headTooLarge@17' })
      expect(chunkedBody(text, 4)).toEqual({ data: 'a', fault: 'headTooLarge@11' })
      expect(chunkedBody(text, 3)).toEqual({ data: '', fault: 'headTooLarge@4' })
      expect(chunkedBody(text, 0)).toEqual({ data: '', fault: 'headTooLarge@1' })
    })

    it('counts trailers without the empty line after them', () => {
      expect(chunkedBody('0\r\n\r\n', 0)).toEqual({ data: '' })
      expect(chunkedBody('0\r\nA: b\r\n\r\n', 6)).toEqual({ data: '', trailers: [['A', 'b']] })
      expect(chunkedBody('0\r\nA: b\r\n\r\n', 5)).toEqual({ data: '', fault: 'headTooLarge@10' })
      expect(chunkedBody('0;a\r\nA: b\r\n\r\n', 8)).toEqual({ data: '', trailers: [['A', 'b']] })
      expect(chunkedBody('0;a\r\nA: b\r\n\r\n', 7)).toEqual({ data: '', fault: 'headTooLarge@12' })
    })

    it('has another limit on the number of trailer fields', () => {
      expect(chunkedBody('0\r\nA: b\r\n\r\n', 100, 1)).toEqual({ data: '', trailers: [['A', 'b']] })
      expect(chunkedBody('0\r\nA: b\r\nC: d\r\n\r\n', 100, 1)).toEqual({ data: '', fault: 'tooManyFields@9' })
    })
  })

  it('is within its trailers from the last chunk until their end', () => {
    const decoder = new ChunkedDecoder(100, 100)
    const text = Buffer.from('0\r\nA: b\r\n\r\n')
    expect(decoder.isWithinTrailers).toBe(false)
    expect(decoder.advance(text, 0, 6)).toBe(3)
    expect([decoder.isWithinTrailers, decoder.isDone]).toEqual([true, false])
    expect(decoder.advance(text, 3, text.length)).toBe(8)
    expect([decoder.isWithinTrailers, decoder.isDone]).toEqual([false, true])
    expect(decoder.advance(text, 0, text.length)).toBe(0)
  })

  it('decodes or refuses any bytes alike in every cut', () => {
    const pieces = ['0', '1', 'a', ';', '=', '"', '\\', ' ', '\r\n', '\r', '\n', ':', 'b', '\0', '\r\n0\r\n\r\n']
    fc.assert(fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), chosen => {
      chunkedBody(chosen.join(''), 8, 1)
    }))
  })
})
