/**
 * Requests and their responses, one after the other, without failures.
 */
import { describe, expect, it } from '@jest/globals'
import {
  Runtime, echoTarget, get, head, ok, post, readBody, responding, response,
} from '../helpers/runtime.js'

describe('a single request', () => {
  it('is answered, and the connection is idle until the next one', () => {
    const runtime = new Runtime(echoTarget)
    runtime.connectionIsIdle()
    runtime.readString(get('/a'))
    runtime.writeResponse(ok('/a'))
    runtime.connectionIsIdle()
    runtime.readString(get('/b'))
    runtime.writeResponse(ok('/b'))
    runtime.connectionIsIdle()
  })

  it('may arrive in several reads: the request line is consumed first, then the fields', () => {
    const runtime = new Runtime(echoTarget)
    expect(runtime.offer('GET / HT')).toBe(0)
    expect(runtime.connection.isWithinHead).toBe(false)
    expect(runtime.offer('GET / HTTP/1.1\r\nHo')).toBe(16)
    expect(runtime.connection.isWithinHead).toBe(true)
    expect(runtime.offer('Host: a\r\n')).toBe(0)
    runtime.readString('Host: a\r\n\r\n')
    runtime.writeResponse(ok('/'))
    runtime.connectionIsIdle()
  })

  it('may be answered later: both loops wait, and are woken by the response', () => {
    const runtime = new Runtime()
    runtime.writerYielded()
    runtime.readString(get('/a'))
    runtime.readerYielded()
    runtime.writerAsleep()
    expect(runtime.connection.isHandling).toBe(true)
    expect(runtime.connection.isResponseOwed).toBe(true)
    echoTarget(runtime.reqd)
    runtime.writerWoken()
    runtime.readerWoken()
    expect(runtime.connection.hasPendingOutput).toBe(true)
    runtime.writeResponse(ok('/a'))
    runtime.connectionIsIdle()
  })

  it('has its response from its beginning', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    expect(runtime.reqd.response).toBeNull()
    expect(runtime.reqd.isWaiting).toBe(true)
    const answer = responding(404)
    runtime.reqd.respondWithString(answer, '')
    expect(runtime.reqd.response).toBe(answer)
    expect(runtime.reqd.isWaiting).toBe(false)
  })
})

describe('the body of a response', () => {
  it('may be bytes', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithBytes(responding(200), Uint8Array.of(0x61, 0x62)) })
    runtime.readString(get('/'))
    runtime.writeResponse(ok('ab'))
  })

  it('is not copied if it is large', () => {
    const body = new Uint8Array(5000).fill(0x61)
    const runtime = new Runtime(reqd => { reqd.respondWithBytes(responding(200), body) })
    runtime.readString(get('/'))
    const operation = runtime.connection.nextWriteOperation()
    expect(operation.type === 'write' && operation.iovecs[1].buffer).toBe(body)
    runtime.writeResponse(ok('a'.repeat(5000)))
  })

  it('is UTF-8 if it is a text', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithString(responding(200), 'ä€') })
    runtime.readString(get('/'))
    runtime.writeResponse(ok(Buffer.from('ä€').toString('latin1')))
  })

  it('is chunked if its fields say so', () => {
    const runtime = new Runtime(reqd => {
      const answer = responding(200, ['Transfer-Encoding', 'chunked'])
      if (reqd.request.target === '/text') reqd.respondWithString(answer, 'abc')
      else reqd.respondWithBytes(answer, Uint8Array.of(0x61))
    })
    runtime.readString(get('/text') + get('/bytes'))
    const chunked = ['Transfer-Encoding: chunked']
    runtime.writeResponse(response('200 OK', chunked, '3\r\nabc\r\n0\r\n\r\n')
      + response('200 OK', chunked, '1\r\na\r\n0\r\n\r\n'))
    runtime.connectionIsIdle()
  })

  it('may be empty', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithString(responding(200), '') })
    runtime.readString(get('/'))
    runtime.writeResponse(ok(''))
  })
})

describe('a Date', () => {
  it('is sent if there is a clock, with errors too', () => {
    const runtime = new Runtime(echoTarget, { config: { date: () => 'now' } })
    runtime.readString(get('/') + 'bad\r\n\r\n')
    runtime.writeResponse(response('200 OK', ['Date: now', 'Content-Length: 1'], '/')
      + response('400 Bad Request', ['Date: now', 'Content-Type: text/plain; charset=utf-8', 'Content-Length: 12',
        'Connection: close'], 'Bad Request\n'))
    runtime.connectionIsShutdown()
  })
})

describe('pipelined requests', () => {
  it('are answered in order, in one write', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/a') + get('/b') + get('/c'))
    runtime.writeResponse(ok('/a') + ok('/b') + ok('/c'))
    runtime.connectionIsIdle()
  })

  it('are handled one at a time', () => {
    const runtime = new Runtime()
    const input = get('/a') + get('/b')
    expect(runtime.offer(input)).toBe(get('/a').length)
    runtime.readerYielded()
    expect(runtime.reqds).toHaveLength(1)
    echoTarget(runtime.reqd)
    runtime.readerWoken()
    runtime.readString(get('/b'))
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/a') + ok('/b'))
    runtime.connectionIsIdle()
  })

  it('may follow a body', () => {
    const runtime = new Runtime(reqd => {
      readBody(reqd)
      echoTarget(reqd)
    })
    runtime.readString(post('abc') + get('/b'))
    runtime.writeResponse(ok('/') + ok('/b'))
    runtime.connectionIsIdle()
  })

  it('are not started while more output is pending than writeBufferSize, and continue when it is written', () => {
    const runtime = new Runtime(echoTarget, { config: { writeBufferSize: 60 } })
    const input = get('/1').repeat(5)
    expect(runtime.offer(input)).toBe(2 * get('/1').length)
    runtime.readerYielded()
    runtime.writePartially(ok('/1').slice(0, 10))
    runtime.readerAsleep()
    runtime.writeAll()
    runtime.readerWoken()
    expect(runtime.offer(input)).toBe(2 * get('/1').length)
  })

  it('never hold more output than writeBufferSize and one response, however many there are', () => {
    const runtime = new Runtime(echoTarget)
    const input = get('/').repeat(5000)
    const limit = 64 * 1024 + ok('/').length
    let requests = 0
    let off = 0
    while (off < input.length) {
      off += runtime.offer(input.slice(off))
      const waiting = runtime.pendingText.length
      expect(waiting).toBeLessThanOrEqual(limit)
      requests += waiting / ok('/').length
      runtime.writeAll()
    }
    expect(requests).toBe(5000)
  })
})

describe('persistence', () => {
  it.each([
    ['HTTP/1.1', [], true, []],
    ['HTTP/1.1', ['Connection: close'], false, ['Connection: close']],
    ['HTTP/1.1', ['Connection: Close'], false, ['Connection: close']],
    ['HTTP/1.1', ['Connection: foo , CLOSE'], false, ['Connection: close']],
    ['HTTP/1.1', ['Connection: foo', 'Connection: close'], false, ['Connection: close']],
    ['HTTP/1.1', ['Connection: closed'], true, []],
    ['HTTP/1.0', [], false, ['Connection: close']],
    ['HTTP/1.0', ['Connection: keep-alive'], true, ['Connection: keep-alive']],
    ['HTTP/1.0', ['Connection: Keep-Alive'], true, ['Connection: keep-alive']],
    ['HTTP/1.0', ['Connection: keep-alive, close'], false, ['Connection: close']],
  ])('%s with %j: %p', (version, fields, isPersistent, said) => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(head(`GET / ${version}`, ...fields))
    runtime.writeResponse(ok('/', ...said))
    if (isPersistent) runtime.connectionIsIdle()
    else runtime.connectionIsShutdown()
  })

  it('ends with a response that has Connection: close', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithString(responding(200, ['Connection', 'close']), '') })
    runtime.readString(get('/'))
    runtime.writeResponse(response('200 OK', ['Connection: close', 'Content-Length: 0']))
    runtime.connectionIsShutdown()
  })

  it('ends with the last request: later input is ignored', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/', 'Connection: close') + get('/never'))
    runtime.writeResponse(ok('/', 'Connection: close'))
    expect(runtime.reqds).toHaveLength(1)
    runtime.connectionIsShutdown()
  })
})

describe('a response without a body', () => {
  const statuses: [string, string, number, string[]][] = [
    ['HEAD', '200 OK', 200, ['Content-Length: 4']],
    ['GET', '204 No Content', 204, []],
    ['GET', '304 Not Modified', 304, []],
  ]

  it.each(statuses)('%s %s, whole', (method, status, code, fields) => {
    const runtime = new Runtime(reqd => { reqd.respondWithString(responding(code), 'body') })
    runtime.readString(head(`${method} / HTTP/1.1`).repeat(2))
    runtime.writeResponse(response(status, fields).repeat(2))
    runtime.connectionIsIdle()
  })

  it.each(statuses)('%s %s, streamed', (method, status, code) => {
    const runtime = new Runtime()
    runtime.readString(head(`${method} / HTTP/1.1`))
    const body = runtime.reqd.respondWithStreaming(responding(code))
    expect(body.isBodiless).toBe(true)
    body.writeString('text')
    body.writeBytes(Uint8Array.of(1, 2))
    body.scheduleBytes(Uint8Array.of(1, 2))
    runtime.writeResponse(response(status, []))
    body.close()
    runtime.connectionIsIdle()
  })

  it('keeps the Content-Length of the handler if the method is HEAD', () => {
    const runtime = new Runtime()
    runtime.readString(head('HEAD / HTTP/1.1'))
    const body = runtime.reqd.respondWithStreaming(responding(200, ['Content-Length', '99']))
    body.close()
    runtime.writeResponse(response('200 OK', ['Content-Length: 99']))
    runtime.connectionIsIdle()
  })
})

describe('a response to an HTTP/1.0 client', () => {
  it('is never chunked: a streamed body is close-delimited', () => {
    const runtime = new Runtime()
    runtime.readString(head('GET / HTTP/1.0', 'Connection: keep-alive'))
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('one,')
    body.writeString('two')
    body.close()
    runtime.writeResponse(response('200 OK', ['Connection: close'], 'one,two'))
    runtime.connectionIsShutdown()
  })

  it('keeps the connection open with the Content-Length of the handler', () => {
    const runtime = new Runtime()
    runtime.readString(head('GET / HTTP/1.0', 'Connection: keep-alive'))
    const body = runtime.reqd.respondWithStreaming(responding(200, ['Content-Length', '2']))
    body.writeString('ab')
    body.close()
    runtime.writeResponse(ok('ab', 'Connection: keep-alive'))
    runtime.connectionIsIdle()
  })
})
