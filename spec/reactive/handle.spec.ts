/**
 * The values that handlers return, and the responses made from them.
 */
import { describe, expect, it } from '@jest/globals'
import { concat, delay, EMPTY, from, NEVER, Observable, of, Subject, throwError } from 'rxjs'
import { NoResponseError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import { Response } from '../../lib/message/response.js'
import type { HandlerResult, Reply } from '../../lib/reactive/reply.js'
import type { Handler, Reqd } from '../../lib/reactive/streamed-reqd.js'
import { Stage } from '../helpers/fake-transport.js'
import { readyPromises } from '../helpers/promises.js'
import { get } from '../helpers/runtime.js'

const failure = new Error('the handler failed')

function answerOf(handler: Handler, request = get('/')): Stage {
  return Stage.open(handler).receive(request)
}

async function settled(stage: Stage): Promise<Stage> {
  await readyPromises()
  return stage.settle()
}

describe('a handler that returns', () => {
  it.each<[string, () => HandlerResult]>([
    ['a reply', () => ({ body: 'it' })],
    ['an Observable', () => of({ body: 'it' })],
    ['an Observable that emits twice', () => of({ body: 'it' }, { body: 'again' })],
    ['an Observable that emits and never completes', () => concat(of({ body: 'it' }), NEVER)],
    ['an interoperable Observable', () => ({
      '@@observable': () => of({ body: 'it' }), 'subscribe': () => undefined,
    } as never)],
    ['an array', () => [{ body: 'it' }]],
    ['a generator', function* () { yield { body: 'it' } }],
  ])('%s answers with it', (_, handler) => {
    const stage = answerOf(handler)
    expect(stage.text).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nit$/)
    expect(stage.errors).toEqual([])
    expect(stage.transport.hasEnded).toBe(false)
  })

  it('an Observable that emits and fails answers with the value, and the error is reported', () => {
    const stage = answerOf(() => concat(of({ body: 'it' }), throwError(() => failure)))
    expect(stage.text).toMatch(/it$/)
    expect(stage.errors).toEqual([failure])
    expect(stage.transport.hasEnded).toBe(false)
  })

  it('an Observable whose teardown throws answers with the value, and the error is reported', () => {
    const stage = answerOf(() => new Observable(subscriber => {
      subscriber.next({ body: 'it' })
      return () => { throw failure }
    }))
    expect(stage.text).toMatch(/it$/)
    expect(stage.errors).toMatchObject([{ errors: [failure] }])
  })

  it('a promise answers when it is fulfilled', async () => {
    const stage = answerOf(() => Promise.resolve({ body: 'it' }))
    expect(stage.text).toBe('')
    await settled(stage)
    expect(stage.text).toMatch(/it$/)
  })

  it('a thenable answers when it is fulfilled', async () => {
    const then = (onFulfilled: (reply: Reply) => void): void => { onFulfilled({ body: 'it' }) }
    const stage = answerOf(() => ({ then }) as never)
    await settled(stage)
    expect(stage.text).toMatch(/it$/)
  })

  it('an Observable that emits later answers then', () => {
    const stage = Stage.open(() => of({ body: 'it' }).pipe(delay(50, stage.time)))
    stage.receive(get('/'))
    expect(stage.pass(49).text).toBe('')
    expect(stage.pass(1).text).toMatch(/it$/)
  })

  it('nothing may respond later', () => {
    const reqds: Reqd[] = []
    const stage = answerOf(reqd => { reqds.push(reqd) })
    expect(stage.text).toBe('')
    reqds[0].respond({ status: 204 })
    expect(stage.settle().text).toMatch(/^HTTP\/1.1 204 No Content/)
  })

  it('an Observable without a reply may have responded itself', () => {
    const answered = (reqd: Reqd): undefined => { reqd.respond({ body: 'it' }) }
    for (const result$ of [EMPTY, of(undefined)]) {
      const stage = answerOf(reqd => {
        answered(reqd)
        return result$
      })
      expect(stage.text).toMatch(/it$/)
      expect(stage.errors).toEqual([])
    }
  })
})

describe('a handler that fails', () => {
  it.each<[string, () => HandlerResult]>([
    ['throws', () => { throw failure }],
    ['returns an Observable that fails', () => throwError(() => failure)],
    ['returns a generator that throws', function* () { yield* [].map((reply: Reply) => reply); throw failure }],
  ])('is answered with 500, without the reason, if it %s', (_, handler) => {
    const stage = answerOf(handler)
    expect(stage.text).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n/)
    expect(stage.text).not.toContain('Connection: close')
    expect(stage.text).toMatch(/\r\n\r\nInternal Server Error\n$/)
    expect(stage.text).not.toContain(failure.message)
    expect(stage.errors).toEqual([failure])
    expect(stage.transport.hasEnded).toBe(false)
  })

  it('is answered with 500 if it rejects', async () => {
    const stage = await settled(answerOf(() => Promise.reject(failure)))
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(stage.errors).toEqual([failure])
  })

  const NO_REPLY = [[EMPTY], [of(undefined)], [from([])]]
  it.each(NO_REPLY)('is answered with 500 if it completes without a response', result$ => {
    const stage = answerOf(() => result$)
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(stage.errors).toEqual([new NoResponseError()])
  })

  it.each<[string, unknown]>([
    ['a reply with a bad status', { status: 1000 }],
    ['a reply with a bad field', { headers: { 'a b': 'c' } }],
    ['an Observable of a reply with a bad status', of({ status: 0 })],
  ])('is answered with 500 if it returns %s', (_, result) => {
    const stage = answerOf(() => result as Reply)
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(stage.errors).toHaveLength(1)
  })

  it('after its response has it delivered, and the connection stays open', () => {
    const stage = answerOf(reqd => {
      reqd.respond({ body: 'it' })
      throw failure
    }, get('/') + get('/'))
    expect(stage.text.match(/\r\n\r\nit/g)).toHaveLength(2)
    expect(stage.errors).toEqual([failure, failure])
    expect(stage.transport.hasEnded).toBe(false)
  })

  it('within its response has it cut', () => {
    const stage = answerOf(reqd => {
      reqd.respondWithStreaming(Response.create(200)).next('some')
      throw failure
    })
    expect(stage.text).toMatch(/4\r\nsome\r\n$/)
    expect(stage.errors).toEqual([failure])
    expect(stage.transport.hasEnded).toBe(true)
  })

  it('before the first byte of its response is answered with 500', () => {
    const stage = answerOf(reqd => {
      reqd.respondWithStreaming(Response.create(200))
      throw failure
    })
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
  })

  it.each<[string, unknown]>([
    ['a text', 'text'], ['a number', 5], ['true', true], ['null', null], ['a function', () => ({})],
    ['an Observable of null', of(null)], ['an Observable of a text', of('text')],
    ['an Observable of an Observable', of(of({}))],
  ])('is answered with 500 if it returns %s, with an error that names what it may return', (_, result) => {
    const stage = answerOf(() => result as HandlerResult)
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(String(stage.errors)).toMatch(/^TypeError: a handler must return /)
  })

  it('has its first response delivered if it responds twice', () => {
    const stage = answerOf(reqd => {
      reqd.respond({ body: 'first' })
      return { body: 'second' }
    })
    expect(stage.text).toMatch(/first$/)
    expect(stage.errors).toMatchObject([{ code: 'alreadyResponded' }])
  })

  it.each([[null], [undefined], ['text']])('is reported even if it throws %s', thrown => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- anything can be thrown
    const stage = answerOf(() => { throw thrown })
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(stage.errors).toEqual([thrown])
  })

  it('with several errors has each reported once', () => {
    const second = new Error('another')
    const stage = answerOf(reqd => {
      reqd.reportExn(failure)
      reqd.reportExn(second)
      reqd.reportExn(second)
    })
    expect(stage.errors).toEqual([failure, second])
  })
})

describe('the result of a handler', () => {
  it('is unsubscribed once when the client leaves', () => {
    let unsubscribed = 0
    const stage = answerOf(() => new Observable<Reply>(() => () => { unsubscribed++ }))
    expect(unsubscribed).toBe(0)
    stage.transport.breakDown()
    stage.transport.breakDown()
    expect(unsubscribed).toBe(1)
    expect(stage).toMatchObject({ closed: 1, errors: [] })
  })

  it('has the error of its teardown reported, and the signal aborts all the same', () => {
    const signals: AbortSignal[] = []
    const stage = answerOf(reqd => {
      signals.push(reqd.signal)
      return new Observable<Reply>(() => () => { throw failure })
    })
    stage.transport.breakDown()
    expect(signals[0].aborted).toBe(true)
    expect(stage.errors).toMatchObject([{ name: 'UnsubscriptionError', errors: [failure] }])
    expect(stage.closed).toBe(1)
  })

  it('is unsubscribed when it has emitted', () => {
    let unsubscribed = 0
    answerOf(() => new Observable<Reply>(subscriber => {
      subscriber.next({ body: 'it' })
      return () => { unsubscribed++ }
    }))
    expect(unsubscribed).toBe(1)
  })

  it('is unsubscribed when handlerTimeout is over', () => {
    let unsubscribed = 0
    const never = new Observable<Reply>(() => () => { unsubscribed++ })
    const stage = Stage.open(() => never, { handlerTimeout: 5000 }).receive(get('/'))
    stage.pass(7000)
    expect(stage.text).toMatch(/^HTTP\/1.1 503 Service Unavailable/)
    expect(unsubscribed).toBe(1)
    expect(stage.errors).toMatchObject([{ name: 'HandlerTimeoutError' }])
  })

  it('is dropped if it comes after handlerTimeout', () => {
    const late = new Subject<Reply>()
    const stage = Stage.open(() => late, { handlerTimeout: 5000 }).receive(get('/')).pass(7000)
    const { text } = stage
    late.next({ body: 'too late' })
    expect(stage.settle().text).toBe(text)
    expect(late.observed).toBe(false)
  })

  it('may use the same Headers for several responses', () => {
    const headers = Headers.of({ 'X-A': 'b' })
    const stage = answerOf(() => ({ headers, body: 'it' }), get('/') + get('/'))
    expect(stage.text.match(/X-A: b/g)).toHaveLength(2)
  })
})
