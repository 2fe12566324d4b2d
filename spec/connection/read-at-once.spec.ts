/**
 * Reads that call back at once, and failures that are null or undefined: callbacks are guarded whoever calls them, and
 * anything that is thrown counts as a failure.
 */
/* eslint-disable @typescript-eslint/only-throw-error -- anything can be thrown */
import { describe, expect, it } from '@jest/globals'
import type { Reqd } from '../../lib/connection/reqd.js'
import {
  Runtime, echoTarget, errorResponse, get, ok, post, readOnce, responding, response,
} from '../helpers/runtime.js'

const BOOM = new Error('boom')
const boom = (): never => { throw BOOM }
const SERVER_ERROR = errorResponse('500 Internal Server Error')

/** The ways in which a body has ended before it is read. */
const ENDED: Record<string, (runtime: Runtime) => Reqd> = {
  'a head without a body': runtime => {
    runtime.readString(get('/'))
    return runtime.reqd
  },
  'a close of the body': runtime => {
    runtime.offer(post('hello').slice(0, -1))
    runtime.reqd.requestBody.close()
    return runtime.reqd
  },
  'a close of the body with a scheduled read': runtime => {
    runtime.offer(post('hello').slice(0, -5))
    readOnce(runtime.reqd, [])
    runtime.reqd.requestBody.close()
    return runtime.reqd
  },
  'the end of the body': runtime => {
    runtime.offer(post('hello').slice(0, -5))
    readOnce(runtime.reqd, [])
    runtime.readString('hello')
    return runtime.reqd
  },
}

describe.each(Object.keys(ENDED))('a read after %s', how => {
  it('calls onEof each time before it returns', () => {
    const reqd = ENDED[how](new Runtime())
    for (let time = 0; time < 2; time++) {
      const events: string[] = []
      readOnce(reqd, events)
      expect(events).toEqual(['eof'])
      expect(reqd.requestBody).toMatchObject({ isScheduled: false, isClosed: true })
    }
  })

  it('fails the request, not the caller, if onEof throws', () => {
    const runtime = new Runtime()
    const reqd = ENDED[how](runtime)
    reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom })
    runtime.writeResponse(SERVER_ERROR)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('cuts a response that has begun if onEof throws', () => {
    const runtime = new Runtime()
    const reqd = ENDED[how](runtime)
    reqd.respondWithStreaming(responding(200)).writeString('x')
    reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom })
    runtime.writeResponse(response('200 OK', ['Transfer-Encoding: chunked'], '1\r\nx\r\n'))
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })
})

describe('a callback that is called at once after its exchange', () => {
  it('has its exception reported, which does not affect the next request', () => {
    const late: unknown[] = []
    const runtime = new Runtime(echoTarget, { onLateError: error => { late.push(error) } })
    runtime.readString(get('/1'))
    const [first] = runtime.reqds
    runtime.readString(get('/2'))
    first.requestBody.scheduleRead({ onRead: boom, onEof: boom })
    expect(late).toEqual([BOOM])
    runtime.writeResponse(ok('/1') + ok('/2'))
    runtime.connectionIsIdle()
  })

  it('is onError if the body failed', () => {
    const late: unknown[] = []
    const runtime = new Runtime(() => undefined, { onLateError: error => { late.push(error) } })
    runtime.offer(post('hello').slice(0, -1))
    runtime.connection.shutdown()
    runtime.reqd.requestBody.scheduleRead({ onRead: () => undefined, onEof: () => undefined })
    runtime.reqd.requestBody.scheduleRead({ onRead: () => undefined, onEof: () => undefined, onError: boom })
    expect(late).toEqual([BOOM])
    runtime.connectionIsShutdown()
  })
})

describe.each([[null], [undefined]])('a failure that is %s', exn => {
  const told = { message: `${exn} was thrown`, cause: exn }

  it('reported while a request is handled is answered with 500', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    expect(runtime.connection.errorCode).toBeNull()
    runtime.connection.reportExn(exn)
    runtime.writeResponse(SERVER_ERROR)
    expect(runtime.connection.errorCode).toBeInstanceOf(Error)
    expect(runtime.connection.errorCode).toMatchObject(told)
    runtime.connectionIsShutdown()
  })

  it('reported between two requests closes the connection without a response', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    runtime.writeAll()
    runtime.connection.reportExn(exn)
    expect(runtime.connection.errorCode).toMatchObject(told)
    runtime.connectionIsShutdown()
  })

  it('remains the error of the connection if another one follows', () => {
    const runtime = new Runtime(() => { throw exn }, { errorHandler: () => undefined })
    runtime.readString(get('/'))
    runtime.connection.reportExn(BOOM)
    expect(runtime.connection.errorCode).toMatchObject(told)
    runtime.writeResponse(SERVER_ERROR)
    runtime.connectionIsShutdown()
  })

  it('thrown by a callback is answered with 500', () => {
    const runtime = new Runtime(reqd => {
      reqd.requestBody.scheduleRead({ onRead: () => { throw exn }, onEof: () => undefined })
    })
    runtime.readString(post('hello'))
    expect(runtime.connection.errorCode).toMatchObject(told)
    runtime.writeResponse(SERVER_ERROR)
    runtime.connectionIsShutdown()
  })
})

describe('a read that is scheduled when the client leaves', () => {
  it('receives the rest, if that completes the body', () => {
    const runtime = new Runtime()
    runtime.offer(post('hello').slice(0, -5))
    const events: string[] = []
    readOnce(runtime.reqd, events)
    runtime.connection.lost(Buffer.from('hello'), () => BOOM)
    expect(events).toEqual(['hello'])
    readOnce(runtime.reqd, events)
    expect(events).toEqual(['hello', 'eof'])
    runtime.connectionIsShutdown()
  })
})

describe('a draining connection that awaits one more request', () => {
  it('closes after it, and ignores further ones that it is not told of', () => {
    const runtime = new Runtime(echoTarget)
    runtime.connection.drain(true)
    runtime.readString(get('/') + get('/never'))
    runtime.writeResponse(ok('/', 'Connection: close'))
    runtime.connectionIsShutdown()
  })
})
