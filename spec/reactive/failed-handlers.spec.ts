/**
 * A failed handler: the response belongs to the error handler, whatever the failed handler still does. An error handler
 * may fail, too, at once or later.
 */
import { describe, expect, it } from '@jest/globals'
import type { ErrorHandler } from '../../lib/connection/error-handler.js'
import { Headers } from '../../lib/message/headers.js'
import { Response } from '../../lib/message/response.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { Stage } from '../helpers/fake-transport.js'
import { readyPromises } from '../helpers/promises.js'
import { get, head } from '../helpers/runtime.js'

const FAILURE = new Error('the handler failed')
const SECOND = new Error('the error handler failed')
const begin: Parameters<ErrorHandler>[1][] = []

/** A stage whose handler fails at `/1`, and the request that failed. */
function failing(
  errorHandler: ErrorHandler, first = get('/1'),
): { readonly stage: Stage; readonly reqd: Reqd } {
  const reqds: Reqd[] = []
  const stage = Stage.open(reqd => {
    reqds.push(reqd)
    if (reqd.target === '/1') throw FAILURE
    return { body: 'second' }
  }, { errorHandler }).receive(first + get('/2'))
  return { stage, reqd: reqds[0] }
}

const later: ErrorHandler = (_error, startResponse) => { begin.push(startResponse) }

/** Answers in place of the pending error handler. */
function answer(text: string): void {
  const body = begin.pop()!(Headers.empty, 418)
  body.writeString(text)
  body.close()
}

const KEPT = head('GET /1 HTTP/1.0', 'Connection: keep-alive')

describe('a handler that has failed', () => {
  it.each<[string, (reqd: Reqd) => void]>([
    ['responds', reqd => { reqd.respond({ body: 'mine' }) }],
    ['responds with bytes', reqd => { reqd.respondWithBytes(Response.create(200), new Uint8Array(9)) }],
    ['responds with an iterable', reqd => { reqd.respond({ body: ['mine'] }) }],
    ['streams', reqd => {
      const body = reqd.respondWithStreaming(Response.create(200), { flushHeadersImmediately: true })
      body.next('mine')
      body.complete()
    }],
    ['sends an informational response', reqd => { expect(reqd.inform(103, { Link: '</a>' })).toBe(false) }],
    ['takes the connection over', reqd => { reqd.takeOver(() => { throw SECOND }) }],
  ])('has no effect when it %s while the error handler is to answer', (_, act) => {
    for (const first of [get('/1'), KEPT]) {
      const { stage, reqd } = failing(later, first)
      expect(reqd.isWaiting).toBe(false)
      act(reqd)
      answer('theirs')
      stage.settle()
      expect(stage.text).toMatch(/^HTTP\/1.1 418 [^]*theirs/)
      expect(stage.text).not.toContain('mine')
      expect(stage.errors).toEqual([FAILURE])
    }
  })

  it('cannot respond after the error handler: alreadyResponded', () => {
    const { stage, reqd } = failing(later)
    answer('theirs')
    stage.settle()
    expect(() => { reqd.respond({ body: 'mine' }) }).toThrow(expect.objectContaining({ code: 'alreadyResponded' }))
    expect(stage.text).toMatch(/^HTTP\/1.1 418 [^]*theirs[^]*HTTP\/1.1 200 OK[^]*second$/)
  })
})

async function settled(stage: Stage): Promise<Stage> {
  await readyPromises()
  return stage.settle()
}

describe('an error handler that fails', () => {
  it('by an exception is replaced by the default, and both errors are reported', () => {
    const { stage } = failing(() => { throw SECOND })
    expect(stage.text).toMatch(/^HTTP\/1.1 500 [^]*HTTP\/1.1 200 OK[^]*second$/)
    expect(stage.errors).toEqual([FAILURE, SECOND])
  })

  it('by a rejection is replaced by the default, and both errors are reported', async () => {
    for (const first of [get('/1'), KEPT]) {
      const { stage } = failing(async () => {
        await Promise.resolve()
        throw SECOND
      }, first)
      expect(stage.text).toBe('')
      await settled(stage)
      expect(stage.text).toMatch(/^HTTP\/1.1 500 [^]*Internal Server Error\n$/)
      expect(stage.errors).toEqual([FAILURE, SECOND])
      expect(stage.transport.hasEnded).toBe(true)
    }
  })

  it('by a rejection is replaced by the default if the request could not be parsed, too', async () => {
    const { stage } = failing(() => Promise.reject(SECOND), 'no request\r\n\r\n')
    await settled(stage)
    expect(stage.text).toMatch(/^HTTP\/1.1 400 [^]*Bad Request\n$/)
    expect(stage.errors).toMatchObject([{ name: 'RemoteProtocolError' }, SECOND])
  })

  it('by a rejection within its response has it cut', async () => {
    const { stage } = failing((_error, startResponse) => {
      startResponse(Headers.empty).writeString('part')
      return Promise.reject(SECOND)
    })
    await settled(stage)
    expect(stage.text).toMatch(/\r\n\r\n4\r\npart\r\n$/)
    expect(stage.errors).toEqual([FAILURE, SECOND])
  })

  it('by a rejection after its response has the error reported only', async () => {
    const { stage } = failing((_error, startResponse) => {
      startResponse(Headers.empty).close()
      return Promise.reject(SECOND)
    })
    await settled(stage)
    expect(stage.text).toMatch(/^HTTP\/1.1 500 [^]*HTTP\/1.1 200 OK[^]*second$/)
    expect(stage.errors).toEqual([FAILURE, SECOND])
    expect(stage.transport.hasEnded).toBe(false)
  })
})

describe('a listener of takeOver that rejects', () => {
  it('has its error reported and the connection cut', async () => {
    const stage = Stage.open(reqd => { reqd.takeOver(() => Promise.reject(FAILURE)) }).receive(get('/'))
    await settled(stage)
    expect(stage.errors).toEqual([FAILURE])
    expect(stage.transport.closed).toBe('reset')
  })
})
