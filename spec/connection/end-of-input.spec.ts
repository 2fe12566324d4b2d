/**
 * The end of the input: between requests, in a head, in a body, and behind requests that are not answered yet.
 */
import { describe, expect, it } from '@jest/globals'
import {
  Runtime, echoTarget, errorResponse, get, ok, post, postChunks, readBody, readOnce, responding, response,
  streaming,
} from '../helpers/runtime.js'

const CHUNKED_CLOSE = response('200 OK', ['Transfer-Encoding: chunked', 'Connection: close'])

describe('the end of the input', () => {
  it('before any request closes the connection without a response', () => {
    const runtime = new Runtime()
    runtime.readEof()
    expect(runtime.connection.errorCode).toBeNull()
    runtime.connectionIsShutdown()
  })

  it('between two requests closes the connection when the response is written, without a 400', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    runtime.writePartially('HTTP')
    runtime.readEof()
    runtime.readerClosed()
    runtime.writeAll()
    runtime.connectionIsShutdown()
  })

  it('behind empty lines closes the connection without a response', () => {
    const runtime = new Runtime()
    runtime.readString('\r\n\r\n')
    runtime.readEof()
    runtime.connectionIsShutdown()
  })

  it.each(['G', 'GET / HTTP/1.1', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nHost: a', 'GET / HTTP/1.1\r\nHost: a\r\n'])(
    'within a head is answered with 400: %j', text => {
      const together = new Runtime()
      expect(together.readEof(text)).toBe(text.length)
      const apart = new Runtime()
      const consumed = apart.offer(text)
      apart.readEof(text.slice(consumed))
      for (const runtime of [together, apart]) {
        runtime.writeResponse(errorResponse('400 Bad Request'))
        expect(runtime.connection.errorCode).toMatchObject({ code: 'unexpectedEof', offset: text.length })
        runtime.connectionIsShutdown()
      }
    })

  it('in the same read as a request: the request is answered', () => {
    const runtime = new Runtime(echoTarget)
    expect(runtime.readEof(get('/'))).toBe(get('/').length)
    runtime.writeResponse(ok('/'))
    runtime.connectionIsShutdown()
  })

  it('while a request is handled: it is answered with Connection: close', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    runtime.readEof()
    runtime.writerYieldsNow()
    expect(runtime.connection.isClosed).toBe(false)
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/', 'Connection: close'))
    runtime.connectionIsShutdown()
  })

  it('before a response is streamed: it is streamed completely, with Connection: close', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    runtime.readEof()
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('x')
    body.close()
    runtime.writeResponse(`${CHUNKED_CLOSE}1\r\nx\r\n0\r\n\r\n`)
    runtime.connectionIsShutdown()
  })

  it('while a response is streamed: it is completed', () => {
    const [runtime, body] = streaming()
    body.writeString('x')
    runtime.readEof()
    expect(runtime.connection.isClosed).toBe(false)
    body.writeString('y')
    body.close()
    const head = response('200 OK', ['Transfer-Encoding: chunked'])
    runtime.writeResponse(`${head}1\r\nx\r\n1\r\ny\r\n0\r\n\r\n`)
    runtime.connectionIsShutdown()
  })

  it('behind pipelined requests: all are answered, as the unconsumed bytes are offered again', () => {
    const runtime = new Runtime()
    const rest = get('/2') + get('/3')
    expect(runtime.readEof(get('/1') + rest)).toBe(get('/1').length)
    runtime.readerYielded()
    echoTarget(runtime.reqd)
    runtime.readerWoken()
    expect(runtime.readEof(rest)).toBe(get('/2').length)
    echoTarget(runtime.reqd)
    expect(runtime.readEof(get('/3'))).toBe(get('/3').length)
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/1') + ok('/2') + ok('/3', 'Connection: close'))
    runtime.connectionIsShutdown()
  })

  it('behind an incomplete request: its 400 follows the responses before it', () => {
    const runtime = new Runtime()
    expect(runtime.readEof(`${get('/1')}bad`)).toBe(get('/1').length)
    echoTarget(runtime.reqd)
    expect(runtime.readEof('bad')).toBe(3)
    runtime.writeResponse(ok('/1') + errorResponse('400 Bad Request'))
    expect(runtime.connection.errorCode).toMatchObject({ code: 'unexpectedEof' })
    runtime.connectionIsShutdown()
  })

  it('waits while more output is pending than writeBufferSize', () => {
    const runtime = new Runtime(echoTarget, { config: { writeBufferSize: 10 } })
    const rest = get('/2') + 'GET / HTTP/1.1\r\nHos'
    expect(runtime.readEof(get('/1') + rest)).toBe(get('/1').length)
    runtime.readerYielded()
    runtime.writeResponse(ok('/1'))
    runtime.readerWoken()
    expect(runtime.readEof(rest)).toBe(get('/2').length)
    runtime.writeResponse(ok('/2'))
    expect(runtime.readEof('GET / HTTP/1.1\r\nHos')).toBe(19)
    runtime.writeResponse(errorResponse('400 Bad Request'))
    runtime.connectionIsShutdown()
  })
})

describe('the end of the input within a body', () => {
  it('is answered with 400 if no response has begun, and the reader fails', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    const { events } = readBody(runtime.reqd)
    runtime.readEof()
    expect(events).toEqual(['failed: unexpectedEof'])
    runtime.writeResponse(errorResponse('400 Bad Request'))
    runtime.connectionIsShutdown()
  })

  it('is answered with 400 if the handler waits for the end of the body', () => {
    const runtime = new Runtime(reqd => {
      const parts: string[] = []
      reqd.requestBody.scheduleRead({
        onRead: bytes => { parts.push(String(bytes.length)) },
        onEof: () => { echoTarget(reqd) },
      })
    })
    runtime.readString(post('hello').slice(0, -1))
    runtime.readEof()
    runtime.writeResponse(errorResponse('400 Bad Request'))
    runtime.connectionIsShutdown()
  })

  it('reports the number of bytes that were received', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    readBody(runtime.reqd)
    runtime.readString('3\r\nabc\r\n4')
    runtime.readEof()
    expect(runtime.connection.errorCode).toMatchObject({ code: 'unexpectedEof', offset: 9 })
  })

  it('is answered with 400 if the body is not read, too', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    runtime.readEof()
    const events: string[] = []
    readOnce(runtime.reqd, events)
    expect(events).toEqual(['failed: unexpectedEof'])
    runtime.writeResponse(errorResponse('400 Bad Request'))
    runtime.connectionIsShutdown()
  })

  it('waits until the received bytes are read', () => {
    const runtime = new Runtime()
    const events: string[] = []
    expect(runtime.readEof(post('hello'))).toBe(post('').length)
    runtime.readerYielded()
    readOnce(runtime.reqd, events)
    runtime.readerWoken()
    expect(runtime.readEof('hello')).toBe(5)
    readOnce(runtime.reqd, events)
    expect(events).toEqual(['hello', 'eof'])
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/', 'Connection: close'))
    runtime.connectionIsShutdown()
  })

  it('waits until the received bytes of a truncated body are read', () => {
    const runtime = new Runtime()
    const events: string[] = []
    runtime.readEof(post('hello').slice(0, -1))
    readOnce(runtime.reqd, events)
    runtime.readEof('hell')
    readOnce(runtime.reqd, events)
    expect(events).toEqual(['hell', 'failed: unexpectedEof'])
    runtime.writeResponse(errorResponse('400 Bad Request'))
    runtime.connectionIsShutdown()
  })

  it('cuts a response that has begun', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    const { events } = readBody(runtime.reqd)
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('x')
    runtime.readEof()
    body.close()
    expect(events).toEqual(['failed: unexpectedEof'])
    expect(runtime.writeAll()).toMatch(/\r\n\r\n1\r\nx\r\n$/)
    runtime.connectionIsShutdown()
  })

  it('that is dropped after a complete response closes the connection without an error', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(post('hello').slice(0, -5))
    runtime.writeResponse(ok('/'))
    runtime.readEof()
    expect(runtime.connection.errorCode).toBeNull()
    runtime.connectionIsShutdown()
  })

  it('that is still read after a complete response fails the reader and closes the connection', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    const { events } = readBody(runtime.reqd)
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/'))
    runtime.readEof()
    expect(events).toEqual(['failed: unexpectedEof'])
    runtime.connectionIsShutdown()
  })

  it('is answered with 400 within trailers, and the reader fails', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    runtime.readString('0\r\n')
    expect(runtime.readEof('a: b')).toBe(4)
    expect(events).toEqual(['failed: unexpectedEof'])
    runtime.writeResponse(errorResponse('400 Bad Request'))
    runtime.connectionIsShutdown()
  })
})
