/**
 * Status codes, checked against the registry.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { Status } from '../../lib/message/status.js'

/** The IANA registry of HTTP status codes without its temporary and unused entries. */
const REGISTRY: readonly (readonly [code: number, phrase: string])[] = [
  [100, 'Continue'], [101, 'Switching Protocols'], [102, 'Processing'], [103, 'Early Hints'],
  [200, 'OK'], [201, 'Created'], [202, 'Accepted'], [203, 'Non-Authoritative Information'], [204, 'No Content'],
  [205, 'Reset Content'], [206, 'Partial Content'], [207, 'Multi-Status'], [208, 'Already Reported'], [226, 'IM Used'],
  [300, 'Multiple Choices'], [301, 'Moved Permanently'], [302, 'Found'], [303, 'See Other'], [304, 'Not Modified'],
  [305, 'Use Proxy'], [307, 'Temporary Redirect'], [308, 'Permanent Redirect'],
  [400, 'Bad Request'], [401, 'Unauthorized'], [402, 'Payment Required'], [403, 'Forbidden'], [404, 'Not Found'],
  [405, 'Method Not Allowed'], [406, 'Not Acceptable'], [407, 'Proxy Authentication Required'],
  [408, 'Request Timeout'], [409, 'Conflict'], [410, 'Gone'], [411, 'Length Required'], [412, 'Precondition Failed'],
  [413, 'Content Too Large'], [414, 'URI Too Long'], [415, 'Unsupported Media Type'], [416, 'Range Not Satisfiable'],
  [417, 'Expectation Failed'], [421, 'Misdirected Request'], [422, 'Unprocessable Content'], [423, 'Locked'],
  [424, 'Failed Dependency'], [425, 'Too Early'], [426, 'Upgrade Required'], [428, 'Precondition Required'],
  [429, 'Too Many Requests'], [431, 'Request Header Fields Too Large'], [451, 'Unavailable For Legal Reasons'],
  [500, 'Internal Server Error'], [501, 'Not Implemented'], [502, 'Bad Gateway'], [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'], [505, 'HTTP Version Not Supported'], [506, 'Variant Also Negotiates'],
  [507, 'Insufficient Storage'], [508, 'Loop Detected'], [510, 'Not Extended'],
  [511, 'Network Authentication Required'],
]

/** Unregistered codes that http/af has. */
const UNREGISTERED = [[418, "I'm a teapot"], [420, 'Enhance Your Calm']] as const

describe('Status', () => {
  it.each([...REGISTRY, ...UNREGISTERED])('%d has the phrase %s, and a constant of that name', (code, phrase) => {
    expect(Status.reasonPhrase(code)).toBe(phrase)
    const name = phrase.toUpperCase().replace(/\W/g, '_')
    expect(Object.entries(Status)).toContainEqual([name, code])
  })

  it('has no other constants', () => {
    const codes = Object.values(Status).filter(value => typeof value === 'number')
    expect(codes).toHaveLength(REGISTRY.length + UNREGISTERED.length)
  })

  it('has an empty phrase for an unregistered code, as RFC 9112 §4 allows', () => {
    expect(Status.reasonPhrase(299)).toBe('')
    expect(Status.reasonPhrase(799)).toBe('')
  })

  // RFC 9110 §15.
  it.each([
    [100, 'isInformational'], [199, 'isInformational'],
    [200, 'isSuccessful'], [299, 'isSuccessful'],
    [300, 'isRedirection'], [399, 'isRedirection'],
    [400, 'isClientError'], [499, 'isClientError'],
    [500, 'isServerError'], [599, 'isServerError'],
  ] as const)('%d %s', (code, question) => {
    expect(Status[question](code)).toBe(true)
  })

  it('puts every code from 100 to 599 into exactly one class, and any other into none', () => {
    fc.assert(fc.property(fc.integer({ min: -10, max: 1100 }), code => {
      const { isInformational, isSuccessful, isRedirection, isClientError, isServerError } = Status
      const classes = [isInformational, isSuccessful, isRedirection, isClientError, isServerError]
      expect(classes.filter(isOfClass => isOfClass(code))).toHaveLength(code >= 100 && code <= 599 ? 1 : 0)
    }))
  })

  it('isError(c) = isClientError(c) or isServerError(c)', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1000 }), code => {
      expect(Status.isError(code)).toBe(Status.isClientError(code) || Status.isServerError(code))
    }))
  })

  it.each([100, 200, 599])('%d is valid', code => {
    expect(Status.isValid(code)).toBe(true)
  })

  it.each([99, 600, 999, 1000, 0, -200, 200.5, NaN, Infinity])('%d is not valid', code => {
    expect(Status.isValid(code)).toBe(false)
  })
})
