/**
 * The head of an informational response.
 */
import { describe, expect, it } from '@jest/globals'
import { Headers } from '../../lib/message/headers.js'
import { interimHead } from '../../lib/wire/response-head.js'
import { codeOf } from './code-of.js'

describe('an informational response (RFC 9110 §15.2)', () => {
  it('is a head without framing fields and without Connection', () => {
    expect(interimHead(103, Headers.ofList([['Link', '</a>; rel=preload'], ['Link', '</b>'], ['Content-Length', '3'],
      ['Transfer-Encoding', 'chunked'], ['Connection', 'close']])))
      .toBe('HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n')
    expect(interimHead(199, Headers.empty)).toBe('HTTP/1.1 199 \r\n\r\n')
  })

  it.each([101, 200, 99, 103.5, NaN])('refuses the status %d', status => {
    expect(codeOf(() => interimHead(status, Headers.empty))).toBe('badStatus')
  })

  it('refuses a line end in a field value', () => {
    expect(codeOf(() => interimHead(103, Headers.of({ A: 'b\r\n\r\n' })))).toBe('badField')
  })
})
