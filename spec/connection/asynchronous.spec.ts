/**
 * Asynchronous functions of the application that fail: a rejection counts as an exception, and no rejection stays
 * unhandled, which would end the process.
 */
import { describe, expect, it } from '@jest/globals'
import type { BodyCallbacks } from '../../lib/connection/body-reader.js'
import type { Reqd } from '../../lib/connection/reqd.js'
import { readyPromises } from '../helpers/promises.js'
import { Runtime, echoTarget, errorResponse, get, ok, post, responding, response } from '../helpers/runtime.js'

const BOOM = new Error('boom')
const reject = (): Promise<never> => Promise.reject(BOOM)
const SERVER_ERROR = errorResponse('500 Internal Server Error')

/** A connection, and the errors that `onLateError` receives. */
function stage(handler: (reqd: Reqd) => void | PromiseLike<void>): { runtime: Runtime; late: unknown[] } {
  const late: unknown[] = []
  return { runtime: new Runtime(handler, { onLateError: error => { late.push(error) } }), late }
}

describe('an asynchronous handler that fails', () => {
  it('before it responds is answered with 500', async () => {
    const { runtime } = stage(reject)
    runtime.readString(get('/'))
    runtime.writerYielded()
    await readyPromises()
    runtime.writerWoken()
    runtime.writeResponse(SERVER_ERROR)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('after its response is reported, and does not affect the next request', async () => {
    const { runtime, late } = stage(reqd => {
      if (reqd.request.target !== '/1') return undefined
      echoTarget(reqd)
      return reject()
    })
    runtime.readString(get('/1') + get('/2'))
    await readyPromises()
    expect(late).toEqual([BOOM])
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/1') + ok('/2'))
    runtime.connectionIsIdle()
  })
})

describe('an asynchronous callback that fails', () => {
  it.each<[string, Partial<BodyCallbacks>, string]>([
    ['onRead', { onRead: reject }, 'hello'],
    ['onEof', { onEof: reject }, ''],
  ])('in %s is answered with 500', async (_, callbacks, body) => {
    const nothing = (): void => undefined
    const { runtime } = stage(reqd => {
      reqd.requestBody.scheduleRead({ onRead: nothing, onEof: nothing, ...callbacks })
    })
    runtime.readString(body === '' ? get('/') : post(body))
    await readyPromises()
    runtime.writeResponse(SERVER_ERROR)
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })

  it('in onError after a shutdown is reported', async () => {
    const { runtime, late } = stage(reqd => {
      reqd.requestBody.scheduleRead({ onRead: () => undefined, onEof: () => undefined, onError: reject })
    })
    runtime.offer(post('hello').slice(0, -5))
    runtime.connection.shutdown()
    await readyPromises()
    expect(late).toEqual([BOOM])
    runtime.connectionIsShutdown()
  })

  it('in onRead after the client left is reported', async () => {
    const { runtime, late } = stage(() => undefined)
    runtime.offer(post('hello').slice(0, -5))
    runtime.connection.lost(Buffer.from('hello'), () => new Error('the client left'))
    runtime.reqd.requestBody.scheduleRead({ onRead: reject, onEof: () => undefined })
    await readyPromises()
    expect(late).toEqual([BOOM])
  })

  it('in a flush callback cuts its own response, and no other', async () => {
    const { runtime, late } = stage(() => undefined)
    runtime.readString(get('/1'))
    const first = runtime.reqd.respondWithStreaming(responding(200))
    first.flush(reject)
    first.close()
    runtime.readString(get('/2'))
    const second = runtime.reqd.respondWithStreaming(responding(200))
    runtime.writeAll()
    await readyPromises()
    expect(late).toEqual([BOOM])
    second.writeString('x')
    second.flush(reject)
    runtime.writeResponse(`${response('200 OK', ['Transfer-Encoding: chunked'])}1\r\nx\r\n`)
    await readyPromises()
    expect(runtime.connection.errorCode).toBe(BOOM)
    runtime.connectionIsShutdown()
  })
})
