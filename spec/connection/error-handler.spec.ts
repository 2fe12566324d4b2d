/**
 * The error handler: its responses and its own failures; and failures that are reported to the connection.
 */
import { describe, expect, it } from '@jest/globals'
import { statusOf, type ErrorHandler } from '../../lib/connection/error-handler.js'
import { RemoteProtocolError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import {
  Runtime, echoTarget, errorResponse, get, head, nameOf, ok, post, readBody, responding, response, thrownBy,
  withPendingErrorHandler,
} from '../helpers/runtime.js'

const CHUNKED = response('200 OK', ['Transfer-Encoding: chunked'])
const BOOM = new Error('boom')
const boom = (): never => { throw BOOM }
const SERVER_ERROR = errorResponse('500 Internal Server Error')

describe('the error handler', () => {
  it('may answer at once, with Content-Length', () => {
    const errorHandler: ErrorHandler = (error, startResponse) => {
      const text = `${statusOf(error)} ${nameOf(error)}`
      const body = startResponse(Headers.of({ 'Content-Length': text.length, 'X-A': 'b' }))
      body.writeString(text)
      body.close()
    }
    const runtime = new Runtime(() => {}, { errorHandler })
    runtime.readString('(')
    runtime.writeResponse(
      response('400 Bad Request', ['Content-Length: 13', 'X-A: b', 'Connection: close'], '400 badMethod'))
    runtime.connectionIsShutdown()
  })

  it('may answer later: the reader is closed, the writer waits', () => {
    const { runtime, calls } = withPendingErrorHandler()
    runtime.readString(get('/'))
    runtime.reqd.reportExn(BOOM)
    runtime.readerClosed()
    runtime.writerYielded()
    expect(runtime.connection.isClosed).toBe(false)
    expect(runtime.connection.isResponseOwed).toBe(true)
    expect(calls[0]).toMatchObject({ error: BOOM, request: { target: '/' } })
    const body = calls[0].startResponse(Headers.of({ 'Content-Length': 2 }))
    body.writeString('no')
    runtime.writerWoken()
    runtime.writeResponse(
      response('500 Internal Server Error', ['Content-Length: 2', 'Connection: close'], 'no'))
    runtime.writerYielded()
    body.close()
    runtime.writerWoken()
    runtime.connectionIsShutdown()
  })

  it('streams a chunked body to an HTTP/1.1 client', () => {
    const { runtime, calls } = withPendingErrorHandler(boom)
    runtime.readString(get('/'))
    const body = calls[0].startResponse(Headers.empty)
    body.writeString('one')
    runtime.writeResponse(
      response('500 Internal Server Error', ['Transfer-Encoding: chunked', 'Connection: close'], '3\r\none\r\n'))
    body.writeString('two')
    body.close()
    runtime.writeResponse('3\r\ntwo\r\n0\r\n\r\n')
    runtime.connectionIsShutdown()
  })

  it.each([
    ['an HTTP/1.0 client', head('GET / HTTP/1.0')],
    ['a client with a malformed head', 'GET / HTTP/1.1\r\nbad field\r\n'],
  ])(
    'streams a close-delimited body to %s', (_, input) => {
      const { runtime, calls } = withPendingErrorHandler(boom)
      runtime.readString(input)
      const body = calls[0].startResponse(Headers.empty)
      body.writeString('sorry')
      body.close()
      expect(runtime.writeAll()).toMatch(/^HTTP\/1.1 [45]00 [\w ]+\r\nConnection: close\r\n\r\nsorry$/)
      runtime.connectionIsShutdown()
    })

  it('is replaced by the default if it throws before it responds', () => {
    const runtime = new Runtime(boom, { errorHandler: () => { throw new Error('again') } })
    runtime.readString(get('/'))
    runtime.writeResponse(SERVER_ERROR)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('is replaced by the default if its fields are invalid', () => {
    const errorHandler: ErrorHandler = (_, startResponse) => { startResponse(Headers.of({ a: '\n' })) }
    const runtime = new Runtime(boom, { errorHandler })
    runtime.readString(get('/'))
    runtime.writeResponse(SERVER_ERROR)
    runtime.connectionIsShutdown()
  })

  it('has its response cut if it throws within it', () => {
    const runtime = new Runtime(boom, {
      errorHandler: (_, startResponse) => {
        startResponse(Headers.empty).writeString('x')
        boom()
      },
    })
    runtime.readString(get('/'))
    runtime.writeResponse(
      response('500 Internal Server Error', ['Transfer-Encoding: chunked', 'Connection: close'], '1\r\nx\r\n'))
    runtime.connectionIsShutdown()
  })

  it('has its response delivered if it throws after completing it', () => {
    const runtime = new Runtime(boom, {
      errorHandler: (_, startResponse) => {
        startResponse(Headers.of({ 'Content-Length': 0 })).close()
        boom()
      },
    })
    runtime.readString(get('/'))
    runtime.writeResponse(response('500 Internal Server Error', ['Content-Length: 0', 'Connection: close']))
    runtime.connectionIsShutdown()
  })

  it('may begin only one response', () => {
    const { runtime, calls } = withPendingErrorHandler(boom)
    runtime.readString(get('/'))
    const body = calls[0].startResponse(Headers.of({ 'Content-Length': 0 }))
    expect(thrownBy(() => calls[0].startResponse(Headers.empty))).toMatchObject({ code: 'alreadyResponded' })
    body.close()
    runtime.writeAll()
    runtime.connectionIsShutdown()
  })

  it('receives a closed body if the connection has ended', () => {
    const { runtime, calls } = withPendingErrorHandler(boom)
    runtime.readString(get('/'))
    runtime.writeFails()
    const body = calls[0].startResponse(Headers.empty)
    expect(body.isClosed).toBe(true)
    body.writeString('x')
    body.close()
    runtime.connectionIsShutdown()
  })

  it.each([['before it responds', false], ['before its response is sent', true]])(
    'is not called again for a second failure %s: the default answers', (_, isBegun) => {
      const { runtime, calls } = withPendingErrorHandler(boom)
      runtime.readString(get('/'))
      if (isBegun) calls[0].startResponse(Headers.empty)
      runtime.connection.reportExn(new Error('second'))
      expect(calls).toHaveLength(1)
      expect(runtime.connection.errorCode).toBe(BOOM)
      if (!isBegun) expect(calls[0].startResponse(Headers.empty).isClosed).toBe(true)
      runtime.writeResponse(SERVER_ERROR)
      runtime.connectionIsShutdown()
    })

  it('is replaced by the default if its body is too short and not sent yet', () => {
    const { runtime, calls } = withPendingErrorHandler(boom)
    runtime.readString(get('/'))
    const body = calls[0].startResponse(Headers.of({ 'Content-Length': 5 }))
    expect(thrownBy(() => { body.close() })).toMatchObject({ code: 'bodyTooShort' })
    runtime.writeResponse(SERVER_ERROR)
    runtime.connectionIsShutdown()
  })

  it('has its response cut by a second failure', () => {
    const { runtime, calls } = withPendingErrorHandler(boom)
    runtime.readString(get('/'))
    const body = calls[0].startResponse(Headers.empty)
    body.flush(() => { throw new Error('second') })
    runtime.writeAll()
    expect(body.isClosed).toBe(true)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('is not called after the last response is complete', () => {
    const { runtime, calls } = withPendingErrorHandler()
    runtime.readString(get('/', 'Connection: close'))
    echoTarget(runtime.reqd)
    runtime.connection.reportExn(BOOM)
    expect(calls).toEqual([])
    runtime.writeResponse(ok('/', 'Connection: close'))
    runtime.connectionIsShutdown()
  })
})

describe('reportExn on the connection', () => {
  it('answers between two requests: 408 to a timeout', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    runtime.connection.reportExn(new RemoteProtocolError('requestTimeout'))
    runtime.writeResponse(ok('/') + errorResponse('408 Request Timeout'))
    runtime.connectionIsShutdown()
  })

  it('answers within a head, without a body if the method is HEAD', () => {
    const runtime = new Runtime()
    runtime.readString('HEAD / HTTP/1.1\r\n')
    runtime.connection.reportExn(new RemoteProtocolError('requestTimeout'))
    runtime.writeResponse(errorResponse('408 Request Timeout', ''))
    runtime.connectionIsShutdown()
  })

  it('answers a request that the handler has not answered', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    const { events } = readBody(runtime.reqd)
    runtime.connection.reportExn(BOOM)
    expect(events).toEqual(['failed: Error: boom'])
    runtime.writeResponse(SERVER_ERROR)
    runtime.connectionIsShutdown()
  })

  it('cuts a response that has begun', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    runtime.reqd.respondWithStreaming(responding(200), { flushHeadersImmediately: true })
    runtime.connection.reportExn(BOOM)
    runtime.writeResponse(CHUNKED)
    runtime.connectionIsShutdown()
  })

  it('delivers a response that is complete', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(post('hello').slice(0, -5))
    runtime.connection.reportExn(BOOM)
    runtime.writeResponse(ok('/'))
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('closes the connection before an upgrade', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), boom) })
    runtime.readString(get('/', 'Connection: upgrade', 'Upgrade: x'))
    runtime.connection.reportExn(BOOM)
    runtime.writeAll()
    runtime.connectionIsShutdown()
  })

  it('changes nothing if the connection is closed', () => {
    const runtime = new Runtime()
    runtime.connection.shutdown()
    runtime.connection.reportExn(BOOM)
    expect(runtime.connection.errorCode).toBeNull()
    runtime.connectionIsShutdown()
  })
})
