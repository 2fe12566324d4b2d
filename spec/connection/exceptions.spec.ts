/**
 * Failures of the application, before, during and after the response and in callbacks, and their effects.
 */
import { describe, expect, it } from '@jest/globals'
import { Headers } from '../../lib/message/headers.js'
import {
  Runtime, echoTarget, errorResponse, get, ok, post, postChunks, readBody, responding, response,
} from '../helpers/runtime.js'

const CHUNKED = response('200 OK', ['Transfer-Encoding: chunked'])
const BOOM = new Error('boom')
const boom = (): never => { throw BOOM }
const SERVER_ERROR = errorResponse('500 Internal Server Error')

describe('an exception of the handler', () => {
  it('before the response is answered with 500', () => {
    const runtime = new Runtime(boom)
    runtime.readString(get('/') + get('/never'))
    runtime.writeResponse(SERVER_ERROR)
    expect(runtime.connection.errorCode).toBe(BOOM)
    expect(runtime.reqds).toHaveLength(1)
    runtime.connectionIsShutdown()
  })

  it('before the response is answered with 500 if it is reported later, too', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    runtime.writerYielded()
    runtime.readerYielded()
    runtime.reqd.reportExn(BOOM)
    runtime.writerWoken()
    runtime.readerWoken()
    runtime.writeResponse(SERVER_ERROR)
    runtime.connectionIsShutdown()
  })

  it('during the response cuts it', () => {
    const runtime = new Runtime(reqd => {
      reqd.respondWithStreaming(responding(200)).writeString('x')
      boom()
    })
    runtime.readString(get('/'))
    runtime.writeResponse(`${CHUNKED}1\r\nx\r\n`)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('after the response closes the connection: the response is delivered, and no second one follows', () => {
    const runtime = new Runtime(reqd => {
      echoTarget(reqd)
      boom()
    })
    runtime.readString(get('/') + get('/never'))
    runtime.writeResponse(ok('/'))
    expect(runtime.connection.errorCode).toBe(BOOM)
    expect(runtime.reqds).toHaveLength(1)
    runtime.connectionIsShutdown()
  })

  it('after the last response of a connection changes nothing', () => {
    const runtime = new Runtime(reqd => {
      echoTarget(reqd)
      boom()
    })
    runtime.readString(get('/', 'Connection: close'))
    runtime.writeResponse(ok('/', 'Connection: close'))
    runtime.connectionIsShutdown()
  })

  it('after the response closes the connection if the request body is still read, too', () => {
    const runtime = new Runtime(reqd => {
      readBody(reqd)
      echoTarget(reqd)
      boom()
    })
    runtime.readString(post('hello').slice(0, -5))
    runtime.writeResponse(ok('/'))
    runtime.connectionIsShutdown()
  })

  it('reported after the exchange changes nothing', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    runtime.writeResponse(ok('/'))
    runtime.reqd.reportExn(BOOM)
    expect(runtime.connection.errorCode).toBeNull()
    runtime.connectionIsIdle()
  })

  it('is caught and returned by tryWith, and answered with 500', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    expect(runtime.reqd.tryWith(() => {})).toBeNull()
    expect(runtime.reqd.tryWith(boom)).toBe(BOOM)
    runtime.writeResponse(SERVER_ERROR)
    runtime.connectionIsShutdown()
  })

  it('may be any value, even null or undefined', () => {
    for (const exn of [undefined, null, 0, 'text']) {
      const runtime = new Runtime()
      runtime.readString(get('/'))
      runtime.reqd.reportExn(exn)
      runtime.writeResponse(SERVER_ERROR)
      const isNothing = exn === undefined || exn === null
      const seen = runtime.connection.errorCode
      if (isNothing) expect(seen).toMatchObject({ message: `${exn} was thrown`, cause: exn })
      else expect(seen).toBe(exn)
      runtime.connectionIsShutdown()
    }
  })
})

describe('an exception of a callback', () => {
  it.each([
    ['onRead', { onRead: boom, onEof: () => {} }, 'hello'],
    ['onRead of a part of the body', { onRead: boom, onEof: () => {} }, 'he'],
  ])('in %s is answered with 500', (_, callbacks, input) => {
    const runtime = new Runtime(reqd => { reqd.requestBody.scheduleRead(callbacks) })
    runtime.readString(post('hello').slice(0, -5) + input)
    runtime.writeResponse(SERVER_ERROR)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('in onEof is answered with 500', () => {
    const runtime = new Runtime(reqd => {
      reqd.requestBody.scheduleRead({
        onRead: () => { reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom }) }, onEof: boom,
      })
    })
    runtime.readString(post('hello'))
    runtime.writeResponse(SERVER_ERROR)
    runtime.connectionIsShutdown()
  })

  it('in onEof after the response closes the connection: the response is delivered', () => {
    const runtime = new Runtime(reqd => {
      reqd.requestBody.scheduleRead({
        onRead: () => { reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom }) }, onEof: boom,
      })
      echoTarget(reqd)
    })
    runtime.readString(post('hello') + get('/never'))
    runtime.writeResponse(ok('/'))
    runtime.connectionIsShutdown()
  })

  it('in onError does not replace the error of the body', () => {
    const runtime = new Runtime(reqd => { reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom, onError: boom }) })
    runtime.readString(postChunks())
    runtime.readString('x')
    runtime.writeResponse(errorResponse('400 Bad Request'))
    expect(runtime.connection.errorCode).toMatchObject({ code: 'badChunk' })
    runtime.connectionIsShutdown()
  })

  it('in onError after a shutdown becomes the failure of the connection', () => {
    const runtime = new Runtime(reqd => { reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom, onError: boom }) })
    runtime.readString(postChunks())
    runtime.connection.shutdown()
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('in a flush callback cuts the response', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    const body = runtime.reqd.respondWithStreaming(responding(200))
    const calls: string[] = []
    body.flush(boom)
    body.flush(result => { calls.push(result) })
    runtime.writeResponse(CHUNKED)
    expect(calls).toEqual(['written'])
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('in a flush callback between two requests closes the connection without a response', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.flush(boom)
    body.close()
    runtime.writeResponse(`${CHUNKED}0\r\n\r\n`)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('in whenDrained cuts the response', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    const body = runtime.reqd.respondWithStreaming(responding(200), { flushHeadersImmediately: true })
    body.whenDrained(0, boom)
    runtime.writeResponse(CHUNKED)
    runtime.connectionIsShutdown()
  })

  it('in an upgrade listener closes the connection', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), boom) })
    runtime.readString(get('/', 'Connection: upgrade', 'Upgrade: x'))
    runtime.writeAll()
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('in the clock closes the connection without a response', () => {
    const runtime = new Runtime(echoTarget, { config: { date: boom } })
    runtime.readString(get('/'))
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })
})
