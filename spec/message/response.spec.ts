/**
 * The response as a value.
 */
import { describe, expect, it } from '@jest/globals'
import { LocalProtocolError } from '../../lib/errors.js'
import { Headers, Request, Response, Status, Version } from '../../lib/message/index.js'
import { serializeFields } from '../../lib/wire/field-serializer.js'

describe('Response', () => {
  it('is HTTP/1.1 with the registered phrase and without fields by default', () => {
    const response = Response.create(Status.NOT_FOUND)
    expect(response).toMatchObject({ status: 404, reason: 'Not Found', version: Version.HTTP_1_1 })
    expect(response.headers).toBe(Headers.empty)
  })

  it('toString writes its head', () => {
    const headers = Headers.of({ 'content-length': 0 })
    const response = Response.create(200, { version: Version.HTTP_1_0, reason: 'Fine', headers })
    expect(response.toString()).toBe('HTTP/1.0 200 Fine\r\ncontent-length: 0\r\n\r\n')
    expect(Response.create(299).toString()).toBe('HTTP/1.1 299 \r\n\r\n')
  })

  it.each<unknown>([{ a: 'b' }, [['a', 'b']], [10], new Map(), 'a: b', null])('refuses %p for Headers', headers => {
    const error = new TypeError('headers must be Headers, as Headers.of({ … }) or Headers.ofList([ … ]) makes them')
    expect(() => Response.create(200, { headers } as never)).toThrow(error)
    expect(() => Request.create('GET', '/', { headers } as never)).toThrow(error)
    expect(() => serializeFields(headers as never)).toThrow(headers === null ? TypeError : error)
  })

  it.each([99, 1000, 200.5, NaN])('refuses the status %d', status => {
    const create = (): Response => Response.create(status)
    expect(create).toThrow(LocalProtocolError)
    expect(create).toThrow(expect.objectContaining({ code: 'badStatus' }))
  })
})
