/**
 * The framing of the body of a message, by the rules of RFC 9112 §6.3 in their order.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import {
  CHUNKED, CLOSE_DELIMITED, NO_BODY, requestBodyLength, responseBodyLength, type BodyLength,
} from '../../lib/message/body-length.js'
import { type Field, Headers } from '../../lib/message/headers.js'
import { Request } from '../../lib/message/request.js'
import { Response } from '../../lib/message/response.js'
import { Version } from '../../lib/message/version.js'
import { parsed } from './fields.js'

const fixed = (length: number): BodyLength => ({ type: 'fixed', length })
const error = (code: string): object => ({ type: 'error', code })
const length = (value: string): Field => ['Content-Length', value]
const coding = (value: string): Field => ['Transfer-Encoding', value]

function ofRequest(fields: Field[], version = Version.HTTP_1_1): BodyLength {
  const own = requestBodyLength(Request.create('POST', '/', { version, headers: Headers.ofList(fields) }))
  expect(requestBodyLength(Request.create('POST', '/', { version, headers: parsed(...fields) }))).toEqual(own)
  return own
}

describe('the body length of a request (RFC 9112 §6.3)', () => {
  it.each<[rule: string, fields: Field[], expected: object]>([
    ['§6.3 item 7: neither field', [['Host', 'a']], NO_BODY],
    ['§6.3 item 6: a decimal number', [length('5')], fixed(5)],
    ['§6.3 item 6: zero', [length('0')], NO_BODY],
    ['§6.3 item 6: leading zeros', [length('007')], fixed(7)],
    ['§6.3 item 6: the largest exact number', [length('9007199254740991')], fixed(Number.MAX_SAFE_INTEGER)],
    ['§6.3 item 5: equal numbers in a list', [length('5, 5,\t5')], fixed(5)],
    ['§6.3 item 5: equal numbers in several fields', [length('5'), ['content-length', '5']], fixed(5)],
    ['§6.3 item 5: equal numbers, written differently', [length('5, 05')], fixed(5)],
    ['§6.3 item 5: different numbers in a list', [length('5, 6')], error('badContentLength')],
    ['§6.3 item 5: different numbers in several fields', [length('5'), length('6')], error('badContentLength')],
    ['§6.3 item 5: a valid and an invalid number', [length('5'), length('x')], error('badContentLength')],
    ['§6.3 item 5: two invalid numbers', [length('x'), length('x')], error('badContentLength')],
    ['§7.1: chunked', [coding('chunked')], CHUNKED],
    ['§7: codings are case-insensitive', [coding('ChunKed')], CHUNKED],
    ['RFC 9110 §5.6.1: empty members', [coding(' , chunked ,')], CHUNKED],
    ['§6.3 item 3: both fields', [coding('chunked'), length('5')], error('ambiguousLength')],
    ['§6.3 item 3: both fields, in the other order', [length('5'), coding('chunked')], error('ambiguousLength')],
    ['§6.3 item 3: both fields, both invalid', [length('x'), coding('gzip')], error('ambiguousLength')],
    ['§6.3 item 4: chunked before another coding', [coding('chunked, gzip')], error('badTransferEncoding')],
    ['§6.3 item 4: another coding without chunked', [coding('gzip')], error('badTransferEncoding')],
    ['§6.3 item 4: identity, which is no longer a coding', [coding('identity')], error('badTransferEncoding')],
    ['§6.3 item 4: an empty list', [coding('')], error('badTransferEncoding')],
    ['§6.3 item 4: a name that ends in chunked', [coding('xchunked')], error('badTransferEncoding')],
    ['§6.3 item 4: chunked in quotes', [coding('"chunked"')], error('badTransferEncoding')],
    ['§6.3 item 4: a vertical tab before chunked', [coding('\vchunked')], error('badTransferEncoding')],
    ['§7.1: chunked with a parameter', [coding('chunked;a=b')], error('badTransferEncoding')],
    ['§6.1: chunked twice', [coding('chunked, chunked')], error('badTransferEncoding')],
    ['§6.1: chunked twice, in two fields', [coding('chunked'), coding('chunked')], error('badTransferEncoding')],
    ['§6.1: chunked before and after another coding', [coding('chunked, gzip, chunked')], error('badTransferEncoding')],
    ['§6.1: an unknown coding before chunked', [coding('gzip, chunked')], error('unknownTransferCoding')],
    ['§6.1: the same two codings in two fields', [coding('gzip'), coding('chunked')], error('unknownTransferCoding')],
    ['§6.1: identity before chunked', [coding('identity, chunked')], error('unknownTransferCoding')],
  ])('%s', (_rule, fields, expected) => {
    expect(ofRequest(fields)).toEqual(expected)
  })

  it.each([
    '', ' ', '-1', '-0', '+3', '0x3', '1e3', '1.0', '5 5', '5;', 'five', '1_000', ',5', '5,', '5,,5', '٣', '\u00a05',
    '9007199254740992', '18446744073709551621', '9'.repeat(400),
  ])('§6.2: is an error for Content-Length %j', value => {
    expect(ofRequest([length(value)])).toEqual(error('badContentLength'))
  })

  it('§6.1: is an error for Transfer-Encoding in HTTP/1.0, and only there', () => {
    expect(ofRequest([coding('chunked')], Version.HTTP_1_0)).toEqual(error('badTransferEncoding'))
    expect(ofRequest([length('3')], Version.HTTP_1_0)).toEqual(fixed(3))
    expect(ofRequest([coding('chunked')], Version.of(1, 2))).toBe(CHUNKED)
  })

  it('is the decimal number in Content-Length, with or without leading zeros', () => {
    fc.assert(fc.property(fc.maxSafeNat(), fc.nat(3), (bytes, zeros) => {
      expect(ofRequest([length('0'.repeat(zeros) + String(bytes))])).toEqual(fixed(bytes))
    }))
  })

  it('is an error for every Content-Length that is not a list of 1*DIGIT', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), value => {
      fc.pre(!/^[ \t]*\d+[ \t]*(,[ \t]*\d+[ \t]*)*$/.test(value))
      expect(ofRequest([length(value)])).toEqual(error('badContentLength'))
    }))
  })
})

describe('the body length of a response (RFC 9112 §6.3)', () => {
  const ofResponse = (method: string, status: number, fields: Field[], version = Version.HTTP_1_1): BodyLength =>
    responseBodyLength(method, Response.create(status, { version, headers: Headers.ofList(fields) }))

  it.each<[rule: string, method: string, status: number]>([
    ['item 1: HEAD', 'HEAD', 200],
    ['item 1: 1xx', 'GET', 103],
    ['item 1: 204', 'GET', 204],
    ['item 1: 304', 'GET', 304],
    ['RFC 9110 §15.3.6: 205', 'GET', 205],
    ['item 2: 2xx to CONNECT', 'CONNECT', 200],
  ])('%s: no body, whatever valid framing the fields declare', (_rule, method, status) => {
    expect(ofResponse(method, status, [])).toBe(NO_BODY)
    expect(ofResponse(method, status, [length('5')])).toBe(NO_BODY)
    expect(ofResponse(method, status, [coding('chunked')])).toBe(NO_BODY)
    expect(ofResponse(method, status, [length('x')])).toEqual(error('badContentLength'))
  })

  it.each<[rule: string, fields: Field[], expected: object]>([
    ['item 3: both fields', [length('5'), coding('chunked')], error('ambiguousLength')],
    ['item 4: chunked', [coding('chunked')], CHUNKED],
    ['item 4: chunked after another coding', [coding('gzip, chunked')], CHUNKED],
    ['§6.1: another coding alone', [coding('gzip')], error('badTransferEncoding')],
    ['RFC 9110 §8.6: a list of equal lengths', [length('3, 3')], error('badContentLength')],
    ['RFC 9110 §8.6: two equal lengths', [length('3'), length('3')], error('badContentLength')],
    ['§6.1: chunked before another coding', [coding('chunked, gzip')], error('badTransferEncoding')],
    ['§6.1: chunked twice', [coding('chunked, chunked')], error('badTransferEncoding')],
    ['item 5: a hexadecimal number', [length('0x3')], error('badContentLength')],
    ['item 6: a decimal number', [length('5')], fixed(5)],
    ['item 6: zero', [length('0')], NO_BODY],
    ['item 8: neither field', [], CLOSE_DELIMITED],
  ])('%s', (_rule, fields, expected) => {
    expect(ofResponse('GET', 200, fields)).toEqual(expected)
  })

  it('is that of the fields for an error response to CONNECT', () => {
    expect(ofResponse('CONNECT', 403, [length('5')])).toEqual(fixed(5))
  })

  it('§6.1: is an error for Transfer-Encoding in HTTP/1.0', () => {
    expect(ofResponse('GET', 200, [coding('chunked')], Version.HTTP_1_0)).toEqual(error('badTransferEncoding'))
  })
})
