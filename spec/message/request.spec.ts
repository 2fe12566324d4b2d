/**
 * The request as a value.
 */
import { describe, expect, it } from '@jest/globals'
import { Headers, Request, Version } from '../../lib/message/index.js'

describe('Request', () => {
  it('is HTTP/1.1 without fields by default', () => {
    const request = Request.create('GET', '/')
    expect(request).toMatchObject({ method: 'GET', target: '/', version: Version.HTTP_1_1 })
    expect(request.headers).toBe(Headers.empty)
  })

  it('toString writes its head', () => {
    const headers = Headers.of({ host: 'a' })
    const request = Request.create('PUT', '/x?y', { version: Version.HTTP_1_0, headers })
    expect(request.toString()).toBe('PUT /x?y HTTP/1.0\r\nhost: a\r\n\r\n')
  })
})
