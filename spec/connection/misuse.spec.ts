/**
 * Misuse: each incorrect call throws at once, with its code, and changes nothing.
 */
import { describe, expect, it } from '@jest/globals'
import type { Reqd } from '../../lib/connection/reqd.js'
import { LocalProtocolError, type LocalErrorCode } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import { Response } from '../../lib/message/response.js'
import {
  Runtime, echoTarget, get, head, ok, post, postChunks, readBody, readOnce, responding, response, thrownBy,
} from '../helpers/runtime.js'

/** Expects the call to throw a misuse error with this code. */
function misuse(code: LocalErrorCode, call: () => unknown): void {
  const error = thrownBy(call)
  expect(error).toBeInstanceOf(LocalProtocolError)
  expect(error).toMatchObject({ code })
}

/** A connection that waits for the response to one request. */
function waiting(request = get('/')): Runtime {
  const runtime = new Runtime()
  runtime.offer(request)
  return runtime
}

/** Every way to respond. */
const RESPONDS: [string, (reqd: Reqd) => void][] = [
  ['respondWithString', reqd => { reqd.respondWithString(responding(200), '') }],
  ['respondWithBytes', reqd => { reqd.respondWithBytes(responding(200), new Uint8Array(0)) }],
  ['respondWithStreaming', reqd => { reqd.respondWithStreaming(responding(200)) }],
  ['respondWithUpgrade', reqd => { reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => {}) }],
  ['takeOver', reqd => { reqd.takeOver(() => {}) }],
]

describe.each(RESPONDS)('%s', (_, respond) => {
  it.each(RESPONDS.slice(0, 3))('after %s throws alreadyResponded', (_first, respondFirst) => {
    const runtime = waiting()
    respondFirst(runtime.reqd)
    misuse('alreadyResponded', () => { respond(runtime.reqd) })
  })

  it('after an upgrade throws alreadyResponded', () => {
    const runtime = waiting(get('/', 'Connection: upgrade', 'Upgrade: x'))
    RESPONDS[3][1](runtime.reqd)
    misuse('alreadyResponded', () => { respond(runtime.reqd) })
  })

  it('after a takeover throws alreadyResponded', () => {
    const runtime = waiting()
    RESPONDS[4][1](runtime.reqd)
    misuse('alreadyResponded', () => { respond(runtime.reqd) })
  })

  it('after the end of the connection has no effect and throws nothing', () => {
    const runtime = waiting()
    runtime.connection.shutdown()
    respond(runtime.reqd)
    expect(runtime.reqd.response).toBeNull()
    runtime.connectionIsShutdown()
  })
})

describe('an invalid response', () => {
  const bad: [LocalErrorCode, string, Response][] = [
    ['badStatus', '100 is not a final status', responding(100)],
    ['badStatus', 'CR LF in a reason', Response.create(200, { reason: 'a\r\nb' })],
    ['badField', 'CR LF in a value', responding(200, ['a', 'b\r\nSet-Cookie: c'])],
    ['badField', 'LF in a value', responding(200, ['a', 'b\nc'])],
    ['badField', 'CR in a value', responding(200, ['a', 'b\rc'])],
    ['badField', 'NUL in a value', responding(200, ['a', 'b\0c'])],
    ['badField', 'CR LF in a name', responding(200, ['a\r\nb', 'c'])],
    ['badField', 'an empty name', responding(200, ['', 'c'])],
    ['badField', 'a character above U+00FF that ends in LF', responding(200, ['a', '\u010a'])],
    ['badFraming', 'Content-Length is not a decimal number', responding(200, ['Content-Length', '0x3'])],
    ['badFraming', 'Content-Length twice', responding(200, ['Content-Length', '1'], ['Content-Length', '1'])],
    ['badFraming', 'Content-Length and chunked',
      responding(200, ['Content-Length', '1'], ['Transfer-Encoding', 'chunked'])],
    ['badFraming', 'a last coding that is not chunked', responding(200, ['Transfer-Encoding', 'gzip'])],
  ]

  it.each(bad)('throws %s: %s', (code, _, answer) => {
    const runtime = waiting()
    misuse(code, () => { runtime.reqd.respondWithString(answer, 'x') })
    misuse(code, () => { runtime.reqd.respondWithBytes(answer, Uint8Array.of(1)) })
    misuse(code, () => { runtime.reqd.respondWithStreaming(answer) })
    expect(runtime.reqd.isWaiting).toBe(true)
    runtime.writerYieldsNow()
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/'))
  })

  it('throws badFraming: Content-Length contradicts the body', () => {
    const runtime = waiting()
    misuse('badFraming', () => { runtime.reqd.respondWithString(responding(200, ['Content-Length', '2']), 'x') })
  })

  it('throws badStatus: 99 is not a status', () => {
    misuse('badStatus', () => responding(99))
  })
})

describe('an upgrade', () => {
  it.each([
    ['that the client did not request', get('/')],
    ['without Connection: upgrade', get('/', 'Upgrade: x')],
    ['of HTTP/1.0', head('GET / HTTP/1.0', 'Connection: upgrade', 'Upgrade: x')],
  ])('%s throws badUpgrade', (_, request) => {
    const runtime = waiting(request)
    misuse('badUpgrade', () => { runtime.reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => {}) })
    expect(runtime.reqd.isWaiting).toBe(true)
  })

  it('without the field Upgrade throws badUpgrade', () => {
    const runtime = waiting(get('/', 'Connection: upgrade', 'Upgrade: x'))
    misuse('badUpgrade', () => { runtime.reqd.respondWithUpgrade(Headers.empty, () => {}) })
  })

  it('with a bad field throws badField', () => {
    const runtime = waiting(get('/', 'Connection: upgrade', 'Upgrade: x'))
    misuse('badField', () => { runtime.reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x\n' }), () => {}) })
    expect(runtime.reqd.isWaiting).toBe(true)
  })
})

describe('a request body', () => {
  it('throws alreadyScheduled on a second read', () => {
    const runtime = waiting(post('').replace('0', '5'))
    readOnce(runtime.reqd, [])
    misuse('alreadyScheduled', () => { readOnce(runtime.reqd, []) })
  })

  it('has ended for a handler that closed it, as in http/un', () => {
    const runtime = waiting(post('').replace('0', '5'))
    runtime.reqd.requestBody.close()
    const events: string[] = []
    readOnce(runtime.reqd, events)
    readOnce(runtime.reqd, events)
    expect(events).toEqual(['eof', 'eof'])
  })
})

describe('a response body', () => {
  const BYTES = Uint8Array.of(1, 2, 3)

  it('throws bodyClosed on a write after close', () => {
    const body = waiting().reqd.respondWithStreaming(responding(200))
    body.close()
    misuse('bodyClosed', () => { body.writeString('x') })
    misuse('bodyClosed', () => { body.writeBytes(BYTES) })
    misuse('bodyClosed', () => { body.scheduleBytes(BYTES) })
  })

  it('throws bodyTooLong beyond Content-Length, and accepts what fits', () => {
    const runtime = waiting()
    const body = runtime.reqd.respondWithStreaming(responding(200, ['Content-Length', '2']))
    misuse('bodyTooLong', () => { body.writeString('abc') })
    misuse('bodyTooLong', () => { body.writeBytes(BYTES) })
    misuse('bodyTooLong', () => { body.scheduleBytes(BYTES) })
    body.writeString('ab')
    body.close()
    runtime.writeResponse(ok('ab'))
  })

  it('throws bodyTooShort on close below Content-Length, and is cut', () => {
    const runtime = waiting()
    const body = runtime.reqd.respondWithStreaming(responding(200, ['Content-Length', '2']))
    body.writeString('a')
    misuse('bodyTooShort', () => { body.close() })
    expect(body.isClosed).toBe(true)
    expect(runtime.connection.errorCode).toMatchObject({ code: 'bodyTooShort' })
    runtime.writeResponse(response('200 OK', ['Content-Length: 2'], 'a'))
    runtime.connectionIsShutdown()
  })

  it.each([[0, 4], [-1, 1], [2, 2], [0, -1], [0, 0.5], [0, NaN]])('throws badRange: %d, %d of 3 bytes', (off, len) => {
    const runtime = waiting()
    const body = runtime.reqd.respondWithStreaming(responding(200))
    misuse('badRange', () => { body.writeBytes(BYTES, off, len) })
    misuse('badRange', () => { body.scheduleBytes(BYTES, off, len) })
    runtime.writerYieldsNow()
  })

  it.each([['Content-Length', '1'], ['Transfer-Encoding', 'chunked'], ['bad name', 'x'], ['a', 'b\r\n']])(
    'throws badField on the trailer %s: %j, and can still be closed', (name, value) => {
      const runtime = waiting()
      const body = runtime.reqd.respondWithStreaming(responding(200))
      misuse('badField', () => { body.close(Headers.ofList([[name, value]])) })
      body.close()
      runtime.writeAll()
      runtime.connectionIsIdle()
    })
})

describe('the loops', () => {
  const input = new Uint8Array(4)

  it.each([[0, 5], [-1, 1], [5, 0], [0, -1], [0.5, 1]])('throw badRange: %d, %d of 4 bytes', (off, len) => {
    const { connection } = new Runtime()
    misuse('badRange', () => { connection.read(input, off, len) })
    misuse('badRange', () => { connection.readLent(input, off, len) })
    misuse('badRange', () => { connection.readEof(input, off, len) })
  })

  it('throw badRange: more was written than is pending', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/'))
    const count = ok('/').length + 1
    misuse('badRange', () => { runtime.connection.reportWriteResult({ type: 'ok', count }) })
    misuse('badRange', () => { runtime.connection.reportWriteResult({ type: 'ok', count: -1 }) })
    runtime.writeResponse(ok('/'))
  })

  it('throw badState: a read within a read', () => {
    const runtime: Runtime = new Runtime(reqd => {
      misuse('badState', () => runtime.connection.read(input, 0, 1))
      misuse('badState', () => runtime.connection.readLent(input, 0, 1))
      misuse('badState', () => runtime.connection.readEof(input, 0, 1))
      echoTarget(reqd)
    })
    runtime.readString(get('/'))
    runtime.writeResponse(ok('/'))
    runtime.connectionIsIdle()
  })

  it('throw badState: a read within a callback at the end of input', () => {
    const codes: unknown[] = []
    const runtime: Runtime = new Runtime(reqd => { readBody(reqd) }, {
      errorHandler: (_error, startResponse) => {
        codes.push(thrownBy(() => runtime.connection.readEof(input, 0, 0)))
        startResponse(Headers.empty).close()
      },
    })
    runtime.readString(postChunks())
    runtime.readEof()
    expect(codes).toMatchObject([{ code: 'badState' }])
  })
})
