/**
 * The guarantees of a connection beyond those of http/af, one rule per block, through its public interface.
 */
import { describe, expect, it } from '@jest/globals'
import { Body, DEFAULT_CONFIG, ServerConnection, defaultErrorHandler, statusOf } from '../../lib/connection/index.js'
import { conversationInEveryCut } from '../helpers/conversation.js'
import {
  Runtime, echoTarget, errorResponse, get, head, ok, post, postChunks, readBody, responding, response, thrownBy,
} from '../helpers/runtime.js'

describe('the public interface', () => {
  it('exports the connection, its bodies and its defaults', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    expect(runtime.reqd.requestBody).toBeInstanceOf(Body.Reader)
    expect(runtime.reqd.respondWithStreaming(responding(200))).toBeInstanceOf(Body.Writer)
    expect(runtime.connection).toBeInstanceOf(ServerConnection)
    expect(DEFAULT_CONFIG.maxHeaderSize).toBe(16 * 1024)
    expect(statusOf(new Error('any'))).toBe(500)
    expect(defaultErrorHandler.length).toBe(2)
  })
})

describe('1. an unread body', () => {
  it('makes the reader yield', () => {
    const runtime = new Runtime()
    expect(runtime.offer(post('x'.repeat(1000)))).toBe(post('x'.repeat(1000)).length - 1000)
    runtime.readerYielded()
  })
})

describe('2. a failed body', () => {
  it('never looks complete', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('x')
    runtime.reqd.reportExn(new Error('mid-stream'))
    expect(runtime.writeAll()).not.toContain('0\r\n\r\n')
    runtime.connectionIsShutdown()
  })
})

describe('3. a hand-over', () => {
  it('leaves the bytes behind the request unconsumed', () => {
    const runtime = new Runtime(reqd => { reqd.takeOver(() => {}) })
    expect(runtime.offer(`${get('/')}others`)).toBe(get('/').length)
    runtime.readerYielded()
  })
})

describe('4. framing', () => {
  it('is chosen if the handler does not', () => {
    const runtime = new Runtime(reqd => {
      if (reqd.request.target === '/whole') reqd.respondWithString(responding(200), 'x')
      else reqd.respondWithStreaming(responding(200)).close()
    })
    runtime.readString(get('/whole') + get('/streamed') + head('GET /streamed HTTP/1.0'))
    runtime.writeResponse(ok('x') + response('200 OK', ['Transfer-Encoding: chunked'], '0\r\n\r\n')
      + response('200 OK', ['Connection: close']))
  })

  it.each([[204], [304]])('has no body with a %d, whatever the fields declare', status => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    runtime.reqd.respondWithStreaming(responding(status, ['Transfer-Encoding', 'chunked'])).close()
    const text = runtime.writeAll()
    expect(text.indexOf('\r\n\r\n')).toBe(text.length - 4)
    runtime.connectionIsIdle()
  })
})

describe('5. the grammar', () => {
  it.each<[string, string, string[], string]>([
    ['an empty line before the request line', `\r\n${get('/')}`, ['GET / a', 'body  undefined'], 'none'],
    ['any method', head('BREW /pot HTTP/1.1'), ['BREW /pot a', 'body  undefined'], 'none'],
    ['an asterisk for OPTIONS', head('OPTIONS * HTTP/1.1'), ['OPTIONS * a', 'body  undefined'], 'none'],
    ['HTTP/1.2 as HTTP/1.1', head('GET / HTTP/1.2'), ['GET / a', 'body  undefined'], 'none'],
    ['several requests', get('/1') + post('body') + get('/2'),
      ['GET /1 a', 'body  undefined', 'POST / a', 'body body undefined', 'GET /2 a', 'body  undefined'], 'none'],
    ['a chunked body with extensions and trailers', `${postChunks()}5 ;a;b=c;d="e\\""\r\nhello\r\n0\r\nx: y\r\n\r\n`,
      ['POST / a', 'body hello x: y\r\n\r\n'], 'none'],
    ['no request', '', [], 'none'],
    ['a fault', `${get('/')}bad request\r\n\r\n`, ['GET / a', 'body  undefined'], 'badRequestLine'],
    ['a fault in a body', `${postChunks()}1\r\nx\r\n1\n`, ['POST / a', 'body x, then badChunk'], 'badChunk'],
    ['an early end', `${get('/')}GET / HTTP/1.1\r\nHost`, ['GET / a', 'body  undefined'], 'unexpectedEof'],
    ['an early end of a body', post('hello').slice(0, -1), ['POST / a', 'body hell, then unexpectedEof'],
      'unexpectedEof'],
  ])('reads the same in every cut: %s', (_, input, events, error) => {
    expect(conversationInEveryCut(input)).toMatchObject({ events, error })
  })

  it('replaces Host by the authority of an absolute-form target', () => {
    const runtime = new Runtime()
    runtime.readString(get('http://example.org/x', 'Host: other'))
    expect(runtime.reqd.request.headers.getMulti('host')).toEqual(['example.org'])
    expect(runtime.reqd.request.target).toBe('http://example.org/x')
  })

  it.each(['GET / HTTP/1.1\nHost: a\n\n', 'GET / HTTP/1.1\rHost: a\r\r', get('/', 'a: b\rc'), get('/', 'a: b\nc: d')])(
    'refuses a bare CR or LF: %j', input => {
      const runtime = new Runtime()
      runtime.readString(input)
      runtime.writeResponse(errorResponse('400 Bad Request'))
    })
})

describe('6. the limits', () => {
  it('can be set', () => {
    const runtime = new Runtime(echoTarget, { config: { maxHeaderSize: 40, maxHeadersCount: 1 } })
    runtime.readString(get('/') + get('/', 'a: b'))
    runtime.writeResponse(ok('/') + errorResponse('431 Request Header Fields Too Large'))
  })

  it('apply to trailers', () => {
    const runtime = new Runtime(reqd => { readBody(reqd) }, { config: { maxHeadersCount: 2 } })
    runtime.readString(`${postChunks()}0\r\na: b\r\na: b\r\na: b\r\n\r\n`)
    runtime.writeResponse(errorResponse('431 Request Header Fields Too Large'))
  })
})

describe('7. linear time', () => {
  it('a body of one-byte chunks causes one callback per 4 KiB', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    runtime.readString(`${'1\r\nx\r\n'.repeat(65536)}0\r\n\r\n`)
    expect(events).toHaveLength(17)
  })
})

describe('8. pipelining', () => {
  it('sends responses that are ready together in one write with one iovec', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/').repeat(16))
    const operation = runtime.connection.nextWriteOperation()
    expect(operation.type === 'write' && operation.iovecs).toHaveLength(1)
    runtime.writeResponse(ok('/').repeat(16))
  })
})

describe('9. response splitting', () => {
  // The last one would become CR LF if only the lower byte of a character is written.
  it.each(['a\rb', 'a\nb', 'a\0b', 'a\u010d\u010ab'])('is refused in a field value: %j', value => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    expect(thrownBy(() => { runtime.reqd.respondWithString(responding(200, ['Name', value]), '') }))
      .toMatchObject({ code: 'badField' })
  })
})

describe('10. the order of responses', () => {
  it('delays the 400 to a bad request until the responses before it are complete', () => {
    const runtime = new Runtime(() => {}, { config: { date: () => 'now' } })
    expect(runtime.offer(`${get('/slow')}bad`)).toBe(get('/slow').length)
    runtime.writerYieldsNow()
    echoTarget(runtime.reqd)
    runtime.readString('bad\r\n')
    expect(runtime.writeAll()).toMatch(/^HTTP\/1\.1 200 .*\/slowHTTP\/1\.1 400 .*Date: now.*Content-Length: /s)
    runtime.connectionIsShutdown()
  })
})
