/**
 * Protocol violations of the peer, in heads and in bodies, and the responses to them.
 */
import { describe, expect, it } from '@jest/globals'
import { RemoteProtocolError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import {
  Runtime, echoTarget, errorResponse, get, ok, post, postChunks, readBody, readOnce, responding, response,
  withPendingErrorHandler,
} from '../helpers/runtime.js'

const CHUNKED = response('200 OK', ['Transfer-Encoding: chunked'])
const BOOM = new Error('boom')
const boom = (): never => { throw BOOM }

describe('a fault in a head', () => {
  const TOO_LARGE = '431 Request Header Fields Too Large'
  const faults: [string, string, string, string][] = [
    ['a method that is not a token', 'badMethod', '400 Bad Request', '('],
    ['CR LF within the method', 'badLineEnd', '400 Bad Request', 'GE\r\nT / HTTP/1.1\r\n'],
    ['an asterisk for GET', 'badTarget', '400 Bad Request', 'GET * HTTP/1.1\r\n'],
    ['a malformed version', 'badVersion', '400 Bad Request', 'GET / HTTQ'],
    ['HTTP/2.0', 'unknownVersion', '505 HTTP Version Not Supported', 'GET / HTTP/2.0\r\n'],
    ['an empty field name', 'badFieldName', '400 Bad Request', 'GET / HTTP/1.1\r\n: x\r\n'],
    ['a space before the colon', 'badFieldName', '400 Bad Request', 'GET / HTTP/1.1\r\nHost : x\r\n'],
    ['NUL in a value', 'badFieldValue', '400 Bad Request', 'GET / HTTP/1.1\r\nHost: a\0b\r\n'],
    ['a folded line', 'obsoleteFold', '400 Bad Request', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n'],
    ['no Host', 'badHost', '400 Bad Request', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', 'badHost', '400 Bad Request', get('/', 'Host: a', 'Host: a')],
    ['Content-Length 0x3', 'badContentLength', '400 Bad Request', get('/', 'Content-Length: 0x3')],
    ['Content-Length +3', 'badContentLength', '400 Bad Request', get('/', 'Content-Length: +3')],
    ['two Content-Lengths', 'badContentLength', '400 Bad Request', get('/', 'Content-Length: 3', 'Content-Length: 4')],
    ['both framing fields', 'ambiguousLength', '400 Bad Request', postChunks('Content-Length: 3')],
    ['chunked before gzip', 'badTransferEncoding', '400 Bad Request', get('/', 'Transfer-Encoding: chunked, gzip')],
    ['an unknown coding', 'unknownTransferCoding', '501 Not Implemented', get('/', 'Transfer-Encoding: gzip, chunked')],
    ['an unknown expectation', 'expectationFailed', '417 Expectation Failed', post('', 'Expect: tea')],
    ['a target that is too long', 'targetTooLong', '414 URI Too Long', `GET /${'x'.repeat(20_000)}`],
    ['a field that is too long', 'headTooLarge', TOO_LARGE, `GET / HTTP/1.1\r\na: ${'x'.repeat(20_000)}`],
    ['too many fields', 'tooManyFields', TOO_LARGE, get('/', ...Array<string>(300).fill('a: b'))],
  ]

  it.each(faults)('%s (%s) is answered with %s', (_, code, status, input) => {
    const runtime = new Runtime()
    runtime.readString(input)
    runtime.writeResponse(errorResponse(status))
    expect(runtime.connection.errorCode).toBeInstanceOf(RemoteProtocolError)
    expect(runtime.connection.errorCode).toMatchObject({ code })
    expect(runtime.reqds).toEqual([])
    runtime.connectionIsShutdown()
  })

  it('is answered after the complete responses to the requests before it', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/1') + get('/2') + 'bad\r\n\r\n')
    runtime.writeResponse(ok('/1') + ok('/2') + errorResponse('400 Bad Request'))
    runtime.connectionIsShutdown()
  })

  it('is answered once the request before it is, which wakes the reader', () => {
    const runtime = new Runtime()
    expect(runtime.offer(`${get('/1')}bad\r\n\r\n`)).toBe(get('/1').length)
    runtime.readerYielded()
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('x')
    runtime.readerAsleep()
    body.close()
    runtime.readerWoken()
    runtime.readString('bad\r\n\r\n')
    runtime.writeResponse(`${CHUNKED}1\r\nx\r\n0\r\n\r\n${errorResponse('400 Bad Request')}`)
    runtime.connectionIsShutdown()
  })

  it('is reported with its offset, and with the request if the head could be parsed', () => {
    const { runtime, calls } = withPendingErrorHandler()
    runtime.readString('GET / HTTP/1.1\r\nbad field\r\n')
    expect(calls[0]).toMatchObject({ error: { code: 'badFieldName', offset: 19 }, request: undefined })
    const other = withPendingErrorHandler()
    other.runtime.readString('GET /x HTTP/1.1\r\n\r\n')
    expect(other.calls[0]).toMatchObject({ error: { code: 'badHost' }, request: { target: '/x' } })
  })

  it('is answered without a body if the request was HEAD', () => {
    for (const input of ['HEAD / HTTP/1.1\r\n\r\n', 'HEAD / HTTP/1.1\r\nbad field\r\n']) {
      const runtime = new Runtime()
      runtime.readString(input)
      runtime.writeResponse(errorResponse('400 Bad Request', ''))
      runtime.connectionIsShutdown()
    }
  })
})

describe('a fault in a body', () => {
  it('is answered with 400 if no response has begun, and fails the reader', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    runtime.readString('3\r\nabc\r\n')
    runtime.readString('x\r\n')
    expect(events).toEqual(['abc', 'failed: badChunk'])
    runtime.writeResponse(errorResponse('400 Bad Request'))
    expect(runtime.connection.errorCode).toMatchObject({ code: 'badChunk', offset: 8 })
    runtime.connectionIsShutdown()
  })

  it('is answered by the error handler, and a later response of the handler is dropped', () => {
    const { runtime, calls } = withPendingErrorHandler()
    runtime.readString(postChunks())
    readBody(runtime.reqd)
    runtime.readString('x')
    echoTarget(runtime.reqd)
    runtime.writerYieldsNow()
    calls[0].startResponse(Headers.of({ 'Content-Length': 0 })).close()
    runtime.writeResponse(response('400 Bad Request', ['Content-Length: 0', 'Connection: close']))
    runtime.connectionIsShutdown()
  })

  it('cuts a streamed response: the last chunk is missing', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('abc')
    runtime.readString('x')
    expect(events).toEqual(['failed: badChunk'])
    expect(body.isClosed).toBe(true)
    body.writeString('def')
    body.close()
    runtime.writeResponse(`${CHUNKED}3\r\nabc\r\n`)
    runtime.connectionIsShutdown()
  })

  it('replaces a streamed response whose head is not queued yet', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    readBody(runtime.reqd)
    const body = runtime.reqd.respondWithStreaming(responding(200))
    runtime.readString('x')
    body.writeString('abc')
    body.close()
    runtime.writeResponse(errorResponse('400 Bad Request'))
    runtime.connectionIsShutdown()
  })

  it('after a complete response closes the connection without another one', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(postChunks())
    runtime.writeResponse(ok('/'))
    runtime.readString('x')
    runtime.connectionIsShutdown()
    expect(runtime.connection.errorCode).toMatchObject({ code: 'badChunk' })
  })

  it('after a complete response fails the reader', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    echoTarget(runtime.reqd)
    runtime.readString('x')
    expect(events).toEqual(['failed: badChunk'])
    runtime.writeResponse(ok('/'))
    runtime.connectionIsShutdown()
  })

  it('may be in its trailers, or be an excess of extensions', () => {
    for (const [rest, code, status] of [
      ['0\r\nbad field\r\n', 'badFieldName', '400 Bad Request'],
      [`1;${'x'.repeat(20_000)}`, 'headTooLarge', '431 Request Header Fields Too Large'],
    ]) {
      const runtime = new Runtime()
      runtime.readString(postChunks())
      const { events } = readBody(runtime.reqd)
      runtime.readString(rest)
      expect(events).toEqual([`failed: ${code}`])
      runtime.writeResponse(errorResponse(status))
      runtime.connectionIsShutdown()
    }
  })

  it('fails reads that are scheduled afterwards', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { requestBody } = runtime.reqd
    const { reqd } = runtime
    runtime.connection.read(Buffer.from('x'), 0, 1)
    const events: string[] = []
    readOnce(reqd, events)
    readOnce(reqd, events)
    expect(events).toEqual(['failed: badChunk', 'failed: badChunk'])
    requestBody.scheduleRead({ onRead: boom, onEof: boom })
  })
})
