/**
 * The end of a connection from the server's side: shutdown, drain, and output that the peer no longer accepts.
 */
import { describe, expect, it } from '@jest/globals'
import { DEFAULT_CONFIG } from '../../lib/connection/config.js'
import { defaultErrorHandler } from '../../lib/connection/error-handler.js'
import type { ExchangeResult } from '../../lib/connection/reqd.js'
import { Reqd } from '../../lib/connection/reqd.js'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import { Headers } from '../../lib/message/headers.js'
import {
  Runtime, echoTarget, get, ok, post, postChunks, readBody, readOnce, responding, response, thrownBy,
} from '../helpers/runtime.js'
import { latin1 } from '../helpers/splits.js'

const CHUNKED = response('200 OK', ['Transfer-Encoding: chunked'])

describe('shutdown', () => {
  it('closes an idle connection', () => {
    const runtime = new Runtime()
    runtime.writerYielded()
    runtime.connection.shutdown()
    runtime.writerWoken()
    runtime.connectionIsShutdown()
    runtime.connection.shutdown()
    runtime.connectionIsShutdown()
  })

  it('wakes both loops, and drops a later response of the handler', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    runtime.readerYielded()
    runtime.writerYielded()
    runtime.connection.shutdown()
    runtime.readerWoken()
    runtime.writerWoken()
    echoTarget(runtime.reqd)
    runtime.connectionIsShutdown()
  })

  it('lets queued output be written', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    runtime.connection.shutdown()
    expect(runtime.connection.isClosed).toBe(true)
    runtime.writeResponse(ok('/'))
    runtime.connectionIsShutdown()
  })

  it('cuts a response, and starts no further request', () => {
    const runtime = new Runtime()
    const rest = get('/never')
    runtime.offer(get('/') + rest)
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('x')
    runtime.connection.shutdown()
    body.close()
    expect(runtime.connection.read(latin1(rest), 0, rest.length)).toBe(rest.length)
    expect(runtime.reqds).toHaveLength(1)
    runtime.writeResponse(`${CHUNKED}1\r\nx\r\n`)
    runtime.connectionIsShutdown()
  })

  it('starts no further request if it is called within a handler', () => {
    const runtime: Runtime = new Runtime(() => { runtime.connection.shutdown() })
    runtime.readString(get('/') + get('/never'))
    expect(runtime.reqds).toHaveLength(1)
    runtime.connectionIsShutdown()
  })

  it('fails the reader of a body, and may be called within onRead', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    const { events } = readBody(runtime.reqd)
    runtime.connection.shutdown()
    expect(events).toEqual(['failed: badState'])
    const other: Runtime = new Runtime(reqd => {
      reqd.requestBody.scheduleRead({ onRead: () => { other.connection.shutdown() }, onEof: () => {} })
    })
    other.readString(post('hello') + get('/never'))
    expect(other.reqds).toHaveLength(1)
    other.connectionIsShutdown()
  })

  it('closes a connection whose error handler has not answered', () => {
    const runtime = new Runtime(() => { throw new Error('boom') }, { errorHandler: () => {} })
    runtime.readString(get('/'))
    runtime.connection.shutdown()
    runtime.connectionIsShutdown()
  })
})

describe('drain', () => {
  it('closes an idle connection at once, even within a head', () => {
    for (const input of ['', 'GET / HTTP/1.1\r\n']) {
      const runtime = new Runtime()
      if (input !== '') runtime.readString(input)
      runtime.connection.drain()
      runtime.connectionIsShutdown()
    }
  })

  it('lets the current request be answered with Connection: close', () => {
    const runtime = new Runtime()
    runtime.offer(get('/') + get('/never'))
    runtime.connection.drain()
    expect(runtime.connection.isClosed).toBe(false)
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/', 'Connection: close'))
    expect(runtime.reqds).toHaveLength(1)
    runtime.connectionIsShutdown()
  })

  it('that awaits a request answers all that have arrived, the last one with Connection: close', () => {
    const runtime = new Runtime(echoTarget)
    runtime.connection.drain(true, () => runtime.connection.unconsumed !== 0)
    runtime.readString(get('/1') + get('/2') + get('/3'))
    runtime.writeResponse(ok('/1') + ok('/2') + ok('/3', 'Connection: close'))
    runtime.connectionIsShutdown()
  })

  it('that awaits a request stays open after a response in progress, unless a plain drain follows', () => {
    for (const awaits of [true, false]) {
      const runtime = new Runtime()
      runtime.readString(get('/'))
      const body = runtime.reqd.respondWithStreaming(responding(200))
      body.writeString('x')
      runtime.connection.drain(true)
      if (!awaits) runtime.connection.drain()
      runtime.connection.drain(true)
      body.close()
      runtime.writeResponse(`${CHUNKED}1\r\nx\r\n0\r\n\r\n`)
      expect(runtime.connection.isClosed).toBe(!awaits)
    }
  })

  it('lets a response that has begun be completed', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('x')
    runtime.connection.drain()
    body.close()
    runtime.writeResponse(`${CHUNKED}1\r\nx\r\n0\r\n\r\n`)
    runtime.connectionIsShutdown()
  })

  it('lets a request body be read to its end', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    const { events } = readBody(runtime.reqd)
    echoTarget(runtime.reqd)
    runtime.connection.drain()
    runtime.readString('hello')
    expect(events).toEqual(['hello', 'eof'])
    runtime.writeResponse(ok('/'))
    runtime.connectionIsShutdown()
  })

  it('does not close an upgraded connection', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => {}) })
    runtime.readString(get('/', 'Connection: upgrade', 'Upgrade: x'))
    runtime.writeAll()
    runtime.connection.drain()
    expect(runtime.connection.isClosed).toBe(false)
  })
})

describe('output that the peer no longer accepts', () => {
  it('ends an idle connection', () => {
    const runtime = new Runtime()
    runtime.writeFails()
    runtime.connectionIsShutdown()
    runtime.writeFails()
    runtime.connectionIsShutdown()
  })

  it('ends a connection whose handler has not responded', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    runtime.readerYielded()
    runtime.writeFails()
    runtime.readerWoken()
    echoTarget(runtime.reqd)
    runtime.connectionIsShutdown()
  })

  it('is counted as undelivered', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    runtime.writePartially('HTTP')
    runtime.writeFails()
    runtime.connectionIsShutdown(ok('/').length - 4)
  })

  it('is counted as undelivered after a shutdown, too', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    runtime.connection.shutdown()
    runtime.writeFails()
    runtime.connectionIsShutdown(ok('/').length)
  })

  it('aborts a streamed body, and fails the request body', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    const body = runtime.reqd.respondWithStreaming(responding(200))
    runtime.writeFails()
    expect(body.isClosed).toBe(true)
    body.writeString('x')
    body.writeBytes(Uint8Array.of(1))
    body.scheduleBytes(Uint8Array.of(1))
    body.close()
    expect(events).toEqual(['failed: badState'])
    readOnce(runtime.reqd, events)
    expect(events).toHaveLength(2)
    runtime.connectionIsShutdown()
  })
})

/** A request descriptor that records how its exchange ended, and then calls `then`. */
class NotingReqd extends Reqd {
  static results: ExchangeResult[] = []
  static then: (reqd: NotingReqd) => void = () => {}
  override ended(result: ExchangeResult): void {
    NotingReqd.results.push(result)
    NotingReqd.then(this)
  }
}

describe('the end of an exchange', () => {
  let connection: ServerConnection

  /** The results of exchanges with this handler, after `act`. */
  function resultsOf(
    handler: (reqd: NotingReqd) => void, act: () => void = () => {}, then: (reqd: NotingReqd) => void = () => {},
  ): ExchangeResult[] {
    NotingReqd.results = []
    NotingReqd.then = then
    connection = new ServerConnection({
      handler, errorHandler: defaultErrorHandler, makeReqd: (...args) => new NotingReqd(...args),
    }, DEFAULT_CONFIG)
    const input = latin1(get('/', 'Connection: upgrade', 'Upgrade: x'))
    connection.read(input, 0, input.length)
    act()
    connection.shutdown()
    return NotingReqd.results
  }

  const upgrade = (reqd: Reqd): void => { reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => {}) }
  const writeAll = (): void => {
    const operation = connection.nextWriteOperation()
    const count = operation.type === 'write' ? operation.iovecs[0].len : 0
    connection.reportWriteResult({ type: 'ok', count })
  }

  it.each<[string, ExchangeResult, (reqd: Reqd) => void, () => void]>([
    ['a whole response', 'done', echoTarget, () => {}],
    ['a streamed response', 'done', reqd => { reqd.respondWithStreaming(responding(200)).close() }, () => {}],
    ['an incomplete streamed response', 'aborted', reqd => { reqd.respondWithStreaming(responding(200)) },
      () => {}],
    ['no response', 'aborted', () => {}, () => {}],
    ['an error', 'aborted', () => { throw new Error('boom') }, () => {}],
    ['closed output', 'aborted', () => {}, () => { connection.reportWriteResult({ type: 'closed' }) }],
    ['an upgrade', 'done', upgrade, writeAll],
    ['an upgrade before its head is written', 'aborted', upgrade, () => {}],
  ])('is reported to the request descriptor once, for %s: %s', (_, result, handler, act) => {
    expect(resultsOf(handler, act)).toEqual([result])
  })

  it('may be answered with an exception, which fails the connection', () => {
    const boom = (): never => { throw new Error('boom') }
    expect(resultsOf(echoTarget, () => {}, boom)).toEqual(['done'])
    expect(connection.errorCode).toEqual(new Error('boom'))
    expect(resultsOf(() => {}, () => {}, boom)).toEqual(['aborted'])
    expect(connection.isClosed).toBe(true)
  })

  it('may shut the connection down', () => {
    const shutdown = (): void => { connection.shutdown() }
    expect(resultsOf(echoTarget, () => {}, shutdown)).toEqual(['done'])
    expect(connection.isClosed).toBe(true)
    expect(resultsOf(() => { throw new Error('boom') }, () => {}, shutdown)).toEqual(['aborted'])
    expect(connection.isClosed).toBe(true)
    expect(connection.nextWriteOperation()).toEqual({ type: 'close', undelivered: 0, mustReset: false })
  })

  it('makes reads, responses and reports of the handler ineffective', () => {
    const errors: unknown[] = []
    resultsOf(() => {}, () => {}, reqd => {
      readBody(reqd)
      errors.push(thrownBy(() => { echoTarget(reqd) }))
      reqd.reportExn(new Error('late'))
    })
    expect(errors).toEqual([null])
    expect(connection.nextWriteOperation()).toEqual({ type: 'close', undelivered: 0, mustReset: false })
  })
})
