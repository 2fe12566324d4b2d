/**
 * The heads that are kept with fields, for responses that differ in the length of their body at most.
 */
import { expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { Headers, type Field } from '../../lib/message/headers.js'
import { Response } from '../../lib/message/response.js'
import { Version } from '../../lib/message/version.js'
import { responseHead, UNKNOWN_LENGTH, type HeadContext } from '../../lib/wire/response-head.js'

const contexts: HeadContext[] = ['GET', 'HEAD', 'CONNECT'].flatMap(method => [true, false].flatMap(isHttp11 =>
  [true, false].flatMap(isPersistent => ['', 'Sat, 28 Nov 2026 09:03:49 GMT'].flatMap(date =>
    [0, 65].map(keepAlive => ({ method, isHttp11, isPersistent, date, keepAlive }))))))

const lists: Field[][] = [
  [], [['Connection', 'close']], [['Content-Type', 'text/plain']], [['Transfer-Encoding', 'chunked']],
  [['Date', 'Sat, 28 Nov 2026 09:03:50 GMT']], [['Content-Length', '5']],
]

const response = fc.record({
  context: fc.constantFrom(...contexts),
  status: fc.constantFrom(200, 204, 205, 304, 404),
  reason: fc.constantFrom('OK', 'Fine'),
  version: fc.constantFrom(Version.HTTP_1_1, Version.HTTP_1_0),
  length: fc.constantFrom(UNKNOWN_LENGTH, 0, 5, 13, 5000),
})

/** The result, or the error. */
function resultOf(make: () => unknown): unknown {
  try {
    return make()
  } catch (error) {
    return String(error)
  }
}

it('the head of a response with fields that were sent before is the one that new fields get', () => {
  fc.assert(fc.property(fc.constantFrom(...lists), fc.array(response), (list, responses) => {
    const kept = Headers.ofList(list)
    for (const { context, length, ...options } of responses) {
      const headOf = (headers: Headers) => (): unknown =>
        responseHead(Response.create(options.status, { ...options, headers }), context, length)
      expect(resultOf(headOf(kept))).toEqual(resultOf(headOf(Headers.ofList(list))))
    }
  }))
})

it('with the same context and status, only the length differs', () => {
  const [context] = contexts
  const headers = Headers.ofList([['Content-Type', 'text/plain']])
  const texts = [5, 13, 5].map(length => responseHead(Response.create(200, { headers }), context, length).text)
  expect(texts[1]).toBe(texts[0].replace('Content-Length: 5', 'Content-Length: 13'))
  expect(texts[2]).toBe(texts[0])
})
