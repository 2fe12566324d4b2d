/**
 * Replies as values.
 */
import { describe, expect, it } from '@jest/globals'
import { of } from 'rxjs'
import { Headers } from '../../lib/message/headers.js'
import { isSource, responseOf, type HandlerResult } from '../../lib/reactive/reply.js'

describe('a reply', () => {
  it('is an object that is not a source of replies', () => {
    const replies: HandlerResult[] = [{}, { body: 'text' }, { status: 204 }, { body: of('text') }]
    const sources: HandlerResult[] = [
      of({}), Promise.resolve({}), [{}], { then: () => undefined } as never, { subscribe: () => undefined } as never,
      new ReadableStream(), (function* () { yield {} })(), { getReader: () => undefined } as never,
    ]
    for (const reply of replies) expect(isSource(reply)).toBe(false)
    for (const source of sources) expect(isSource(source)).toBe(true)
  })

  it('is 200 without fields by default', () => {
    expect(responseOf({})).toMatchObject({ status: 200, reason: 'OK', headers: Headers.empty })
    expect(responseOf({ status: 404 })).toMatchObject({ status: 404, reason: 'Not Found' })
  })

  it.each([0, 99, 1000, 1.5, NaN, '200' as never])('may not have the status %p', status => {
    expect(() => responseOf({ status })).toThrow(expect.objectContaining({ code: 'badStatus' }))
  })
})
