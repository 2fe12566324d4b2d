/**
 * Which exchange a failure belongs to: the response before the read of the body, failures of callbacks, cuts, and
 * handlers or error handlers that stall.
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

describe('a body that its handler began to read and dropped', () => {
  it('is taken from it by dropBody, and the next request is answered', () => {
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

  it('ends the connection where it is too long to be dropped, and fails its reader', () => {
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

  it('is dropped in front of an upgrade, too', () => {
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

  it('is left to a handler that has not responded', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    runtime.connection.dropBody()
    const { events } = readBody(runtime.reqd)
    runtime.readString('hello')
    expect(events).toEqual(['hello', 'eof'])
  })
})

describe('a handler that responds first and reads then', () => {
  const inputs: [string, string][] = [
    ['a short body', post('hello').slice(0, -5)],
    ['a body in chunks', postChunks()],
    ['a body over drainLimit', head('POST / HTTP/1.1', 'Content-Length: 70000')],
    ['a client that waits for leave', head('POST / HTTP/1.1', 'Content-Length: 5', 'Expect: 100-continue')],
  ]

  it.each(inputs)('gets %s, and the connection goes on', (name, input) => {
    const events: string[][] = []
    const runtime = new Runtime(reqd => {
      reqd.respondWithString(responding(202), '')
      events.push(readBody(reqd).events)
    })
    runtime.readString(input)
    const leave = name.includes('leave') ? 'HTTP/1.1 100 Continue\r\n\r\n' : ''
    runtime.writeResponse(`${leave}${response('202 Accepted', ['Content-Length: 0'])}`)
    runtime.readString(name.includes('chunks') ? '5\r\nhello\r\n' : 'hello')
    expect(events).toEqual([name.includes('over') || name.includes('chunks') ? ['hello'] : ['hello', 'eof']])
    expect(runtime.connection.isClosed).toBe(false)
  })

  it.each(inputs)('gets %s after a streamed head that is flushed', (_, input) => {
    const runtime = new Runtime(reqd => {
      reqd.respondWithStreaming(responding(200), { flushHeadersImmediately: true })
      readBody(reqd)
    })
    runtime.readString(input)
    expect(runtime.writeAll()).not.toContain('close')
  })

  it('gets nothing where the connection can\'t go on: the response says close', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithString(responding(413), '') })
    runtime.readString(head('POST / HTTP/1.1', 'Content-Length: 70000'))
    runtime.writeResponse(response('413 Content Too Large', ['Content-Length: 0', 'Connection: close']))
    runtime.connectionIsShutdown()
  })

  it('has its response delivered where it throws then, or shuts the connection down', () => {
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
  it('reported between two requests ends the connection without a word', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    runtime.writeAll()
    runtime.connection.reportExn(BOOM)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('of an earlier request\'s flush costs the next one nothing', () => {
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

  it('of a read at its end is guarded, and answered with 500', () => {
    for (const read of [{ onRead: boom, onEof: boom }, { onRead: boom, onEof: boom, onError: boom }]) {
      const runtime = new Runtime(reqd => { reqd.requestBody.scheduleRead(read) })
      runtime.readString(get('/'))
      runtime.writeResponse(errorResponse('500 Internal Server Error'))
      expect(runtime.connection.errorCode).toBe(BOOM)
    }
  })

  it('of a late onError is told, and thrown at nobody', () => {
    const late: unknown[] = []
    const runtime = new Runtime(undefined, { onLateError: error => { late.push(error) } })
    runtime.readString(post('hello').slice(0, -5))
    runtime.connection.shutdown()
    runtime.reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom, onError: boom })
    expect(late).toEqual([BOOM])
  })

  it('of a body that is too short, before its head was sent, is answered with 500', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    const body = runtime.reqd.respondWithStreaming(responding(200, ['Content-Length', '5']))
    expect(thrownBy(() => { body.close() })).toBeInstanceOf(LocalProtocolError)
    runtime.writeResponse(errorResponse('500 Internal Server Error'))
    runtime.connectionIsShutdown()
  })
})

describe('what ended the work of a connection is told to onFailure', () => {
  /** What is told, in order, where the error handler answers and then throws. */
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

  it('once, before the error handler, with its request', () => {
    const { events, runtime } = told(boom, get('/bad'))
    runtime.connection.reportExn(new Error('another'))
    expect(events).toEqual([['failure', BOOM, '/bad'], ['answer', BOOM], ['late', new Error('late')]])
  })

  it('without a request where none was read', () => {
    const { events } = told(echoTarget, get('/'), 'bad\r\n\r\n')
    const fault = expect.any(RemoteProtocolError)
    expect(events).toEqual([['failure', fault, null], ['answer', fault], ['late', new Error('late')]])
  })

  it('and later errors of callbacks to onLateError, unless they pass on the failure', () => {
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

  it('where nothing is answered', () => {
    const { events, runtime } = told(echoTarget)
    runtime.connection.reportExn(BOOM)
    expect(events).toEqual([['failure', BOOM, null]])
  })

  it('and a response that the handler makes then is the only one', () => {
    const runtime: Runtime = new Runtime(() => {}, { onFailure: (_, reqd) => { echoTarget(reqd!) } })
    runtime.readString(get('/'))
    runtime.connection.reportExn(BOOM)
    runtime.writeResponse(response('200 OK', ['Content-Length: 1', 'Connection: close'], '/'))
    runtime.connectionIsShutdown(0)
  })
})

describe('a cut of a response that only the connection\'s end would end', () => {
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

  it('delivers it in parts, and asks for a reset where a write that was under way went further', () => {
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

describe('waits for little to be left', () => {
  it('are one for each body: the next exchange does not replace that of the one before', () => {
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

describe('a text in chunks', () => {
  it('wakes the writer once, when it is complete', () => {
    const runtime = new Runtime()
    const seen: string[] = []
    runtime.readString(get('/'))
    runtime.connection.yieldWriter(() => { seen.push(runtime.pendingText) })
    runtime.reqd.respondWithString(responding(200, ['Transfer-Encoding', 'chunked']), 'hi')
    expect(seen).toEqual([`${response('200 OK', ['Transfer-Encoding: chunked'])}2\r\nhi\r\n0\r\n\r\n`])
  })
})
