/**
 * Which exchange a failure is charged to: unread bodies, responses before the body is read, failures of callbacks, and
 * cuts.
 */
import { describe, expect, it } from '@jest/globals'
import type { Reqd } from '../../lib/connection/reqd.js'
import { LocalProtocolError, RemoteProtocolError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import {
  Runtime, echoTarget, errorResponse, get, head, ok, post, postChunks, readBody, readOnce, responding, response,
  thrownBy, withPendingErrorHandler,
} from '../helpers/runtime.js'

const BOOM = new Error('boom')
const boom = (): never => { throw BOOM }
const HALF = post('hello').slice(0, -2)

describe('a body that its handler stopped reading', () => {
  it('is dropped by dropBody, and the next request is answered', () => {
    const runtime = new Runtime(reqd => {
      if (reqd.request.target === '/next') return echoTarget(reqd)
      reqd.requestBody.scheduleRead({ onRead: () => { reqd.respondWithString(responding(200), 'x') }, onEof: () => {} })
    })
    runtime.readString(HALF)
    runtime.writeResponse(ok('x'))
    expect(runtime.connection).toMatchObject({ isBodyLeftUnread: true, isDroppingBody: false, wantsInput: false })
    runtime.readerYielded()
    runtime.connection.dropBody()
    runtime.readerWoken()
    expect(runtime.connection).toMatchObject({ isBodyLeftUnread: false, isDroppingBody: true, wantsInput: true })
    runtime.readString(`lo${get('/next')}`)
    runtime.writeResponse(ok('/next'))
    runtime.connectionIsIdle()
  })

  it('ends the connection if it is too long to be dropped, and its reads fail', () => {
    const runtime = new Runtime()
    runtime.readString(head('POST / HTTP/1.1', 'Content-Length: 99999999'))
    const events: string[] = []
    readOnce(runtime.reqd, events)
    runtime.readString('x')
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/'))
    runtime.connection.dropBody()
    readOnce(runtime.reqd, events)
    expect(events).toEqual(['x', 'failed: bodyClosed'])
    runtime.connectionIsShutdown()
  })

  it('is dropped before an upgrade, too', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello', 'Connection: upgrade', 'Upgrade: x').slice(0, -5))
    readOnce(runtime.reqd, [])
    runtime.readString('he')
    let upgrades = 0
    runtime.reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => { upgrades++ })
    runtime.writeAll()
    expect(runtime.connection.isBodyLeftUnread).toBe(true)
    runtime.connection.dropBody()
    runtime.readString('llo')
    runtime.connectionIsUpgraded()
    expect(upgrades).toBe(1)
  })

  it('is not dropped before its handler has responded', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    runtime.connection.dropBody()
    const { events } = readBody(runtime.reqd)
    runtime.readString('hello')
    expect(events).toEqual(['hello', 'eof'])
  })
})

describe('a handler that responds before it reads the body', () => {
  const inputs: [string, string][] = [
    ['a short body', post('hello').slice(0, -5)],
    ['a body in chunks', postChunks()],
    ['a body over drainLimit', head('POST / HTTP/1.1', 'Content-Length: 70000')],
    ['a body that waits for 100 Continue', head('POST / HTTP/1.1', 'Content-Length: 5', 'Expect: 100-continue')],
  ]

  it.each(inputs)('receives %s, and the connection stays open', (name, input) => {
    const events: string[][] = []
    const runtime = new Runtime(reqd => {
      reqd.respondWithString(responding(202), '')
      events.push(readBody(reqd).events)
    })
    runtime.readString(input)
    const leave = name.includes('100 Continue') ? 'HTTP/1.1 100 Continue\r\n\r\n' : ''
    runtime.writeResponse(`${leave}${response('202 Accepted', ['Content-Length: 0'])}`)
    runtime.readString(name.includes('chunks') ? '5\r\nhello\r\n' : 'hello')
    expect(events).toEqual([name.includes('over') || name.includes('chunks') ? ['hello'] : ['hello', 'eof']])
    expect(runtime.connection.isClosed).toBe(false)
  })

  it.each(inputs)('keeps the connection open after a flushed head, with %s', (_, input) => {
    const runtime = new Runtime(reqd => {
      reqd.respondWithStreaming(responding(200), { flushHeadersImmediately: true })
      readBody(reqd)
    })
    runtime.readString(input)
    expect(runtime.writeAll()).not.toContain('close')
  })

  it('closes the connection if it leaves a body over drainLimit unread', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithString(responding(413), '') })
    runtime.readString(head('POST / HTTP/1.1', 'Content-Length: 70000'))
    runtime.writeResponse(response('413 Content Too Large', ['Content-Length: 0', 'Connection: close']))
    runtime.connectionIsShutdown()
  })

  it('has its response delivered if it then throws or shuts the connection down', () => {
    for (const then of [boom, (runtime: Runtime) => { runtime.connection.shutdown() }]) {
      const runtime: Runtime = new Runtime(reqd => {
        echoTarget(reqd)
        then(runtime)
      })
      runtime.readString(head('POST / HTTP/1.1', 'Content-Length: 70000'))
      runtime.writeResponse(ok('/', 'Connection: close'))
      runtime.connectionIsShutdown()
    }
  })
})

describe('a failure', () => {
  it('reported between two requests closes the connection without a response', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    runtime.writeAll()
    runtime.connection.reportExn(BOOM)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('in a flush callback of an earlier request is reported, and does not affect the next one', () => {
    const late: unknown[] = []
    const runtime = new Runtime(undefined, { onLateError: error => { late.push(error) } })
    runtime.readString(get('/1'))
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.flush(boom)
    body.close()
    runtime.readString(get('/2'))
    runtime.writeAll()
    expect(late).toEqual([BOOM])
    expect(runtime.connection.errorCode).toBeNull()
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/2'))
    runtime.connectionIsIdle()
  })

  it('in onEof of an empty body is answered with 500', () => {
    for (const read of [{ onRead: boom, onEof: boom }, { onRead: boom, onEof: boom, onError: boom }]) {
      const runtime = new Runtime(reqd => { reqd.requestBody.scheduleRead(read) })
      runtime.readString(get('/'))
      runtime.writeResponse(errorResponse('500 Internal Server Error'))
      expect(runtime.connection.errorCode).toBe(BOOM)
    }
  })

  it('in a late onError is reported, and not thrown to the caller', () => {
    const late: unknown[] = []
    const runtime = new Runtime(undefined, { onLateError: error => { late.push(error) } })
    runtime.readString(post('hello').slice(0, -5))
    runtime.connection.shutdown()
    runtime.reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom, onError: boom })
    expect(late).toEqual([BOOM])
  })

  it('by a response body that is too short is answered with 500 if its head was not sent', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    const body = runtime.reqd.respondWithStreaming(responding(200, ['Content-Length', '5']))
    expect(thrownBy(() => { body.close() })).toBeInstanceOf(LocalProtocolError)
    runtime.writeResponse(errorResponse('500 Internal Server Error'))
    runtime.connectionIsShutdown()
  })
})

describe('onFailure', () => {
  /** The calls of onFailure, of the error handler, which answers and then throws, and of onLateError, in order. */
  function told(handler: (reqd: Reqd) => void, ...inputs: string[]): { events: unknown[]; runtime: Runtime } {
    const events: unknown[] = []
    const runtime: Runtime = new Runtime(handler, {
      onFailure: (error, reqd) => {
        expect(runtime.connection.errorCode).toBe(error)
        events.push(['failure', error, reqd?.request.target ?? null])
      },
      onLateError: error => { events.push(['late', error]) },
      errorHandler: (error, startResponse) => {
        events.push(['answer', error])
        startResponse(Headers.empty).close()
        throw new Error('late')
      },
    })
    for (const input of inputs) runtime.readString(input)
    return { events, runtime }
  }

  it('is called once, before the error handler, with the request', () => {
    const { events, runtime } = told(boom, get('/bad'))
    runtime.connection.reportExn(new Error('another'))
    expect(events).toEqual([['failure', BOOM, '/bad'], ['answer', BOOM], ['late', new Error('late')]])
  })

  it('is called without a request if none was read', () => {
    const { events } = told(echoTarget, get('/'), 'bad\r\n\r\n')
    const fault = expect.any(RemoteProtocolError)
    expect(events).toEqual([['failure', fault, null], ['answer', fault], ['late', new Error('late')]])
  })

  it('is followed by onLateError for later errors of callbacks, unless they are the failure itself', () => {
    const later = new Error('later')
    const { events, runtime } = told(reqd => {
      const body = reqd.respondWithStreaming(responding(200))
      body.flush(() => { throw later })
      body.flush(boom)
      reqd.reportExn(BOOM)
    }, get('/'))
    runtime.writeAll()
    expect(events).toEqual([['failure', BOOM, '/'], ['late', later]])
  })

  it('is called if the failure is not answered', () => {
    const { events, runtime } = told(echoTarget)
    runtime.connection.reportExn(BOOM)
    expect(events).toEqual([['failure', BOOM, null]])
  })

  it('may respond to the request, which prevents the error response', () => {
    const runtime: Runtime = new Runtime(() => {}, { onFailure: (_, reqd) => { echoTarget(reqd!) } })
    runtime.readString(get('/'))
    runtime.connection.reportExn(BOOM)
    runtime.writeResponse(response('200 OK', ['Content-Length: 1', 'Connection: close'], '/'))
    runtime.connectionIsShutdown(0)
  })
})

describe('a cut of a close-delimited response', () => {
  it('delivers the complete response before it', () => {
    const { runtime, calls } = withPendingErrorHandler(echoTarget)
    runtime.readString(get('/1'))
    runtime.readString('BAD\r\n\r\n')
    calls[0].startResponse(Headers.empty).writeString('x')
    runtime.connection.reportExn(BOOM)
    runtime.writeResponse(ok('/1'))
    const { undelivered } = runtime.connection.nextWriteOperation() as { undelivered: number }
    expect(undelivered).toBeGreaterThan(0)
    runtime.connectionIsShutdown(undelivered)
  })

  it('delivers it in parts, and requests a reset if a write in flight went beyond it', () => {
    for (const isFurther of [false, true]) {
      const runtime = new Runtime(reqd => { if (reqd.request.target === '/1') echoTarget(reqd) })
      const first = head('GET /1 HTTP/1.0', 'Connection: keep-alive')
      runtime.readString(first + head('GET /2 HTTP/1.0', 'Connection: keep-alive'))
      runtime.reqd.respondWithStreaming(responding(200)).writeString('x')
      const all = runtime.pendingText
      runtime.connection.shutdown()
      const kept = runtime.pendingText
      expect(kept).toBe(ok('/1', 'Connection: keep-alive'))
      expect(runtime.connection.pendingText).toBe('')
      runtime.writePartially(kept.slice(0, 5))
      const count = kept.length - 5 + (isFurther ? 3 : 0)
      runtime.connection.reportWriteResult({ type: 'ok', count })
      runtime.connectionIsShutdown(all.length - kept.length - (isFurther ? 3 : 0), isFurther)
    }
  })
})

describe('callbacks of whenDrained', () => {
  it('belong to their body: the next exchange does not replace them', () => {
    const runtime = new Runtime()
    const calls: number[] = []
    runtime.readString(get('/1'))
    const first = runtime.reqd.respondWithStreaming(responding(200), { flushHeadersImmediately: true })
    first.whenDrained(0, () => { calls.push(1) })
    first.close()
    runtime.readString(get('/2'))
    const second = runtime.reqd.respondWithStreaming(responding(200), { flushHeadersImmediately: true })
    second.whenDrained(0, () => { calls.push(2) })
    runtime.writeAll()
    expect(calls).toEqual([1, 2])
  })
})

describe('a chunked text', () => {
  it('wakes the writer once, when it is complete', () => {
    const runtime = new Runtime()
    const seen: string[] = []
    runtime.readString(get('/'))
    runtime.connection.yieldWriter(() => { seen.push(runtime.pendingText) })
    runtime.reqd.respondWithString(responding(200, ['Transfer-Encoding', 'chunked']), 'hi')
    expect(seen).toEqual([`${response('200 OK', ['Transfer-Encoding: chunked'])}2\r\nhi\r\n0\r\n\r\n`])
  })
})
