/**
 * Consumers that throw, and sources that fail when they are stopped: each error is reported, and nothing else is
 * affected.
 */
import { describe, expect, it } from '@jest/globals'
import {
  asapScheduler, config, finalize, from, map, Observable, of, Subject, throwError, UnsubscriptionError,
} from 'rxjs'
import { ControlledSubject } from '../../lib/demand/controlled-subject.js'
import { concatMap } from '../../lib/demand/flattening.js'
import { fromSource } from '../../lib/demand/from-source.js'
import { onBackpressureLatest } from '../../lib/demand/overflow-operators.js'
import { Response } from '../../lib/message/response.js'
import { handleEach } from '../../lib/reactive/handle-each.js'
import type { Reply } from '../../lib/reactive/reply.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { sse } from '../../lib/sse/index.js'
import { marbles } from '../../lib/testing/index.js'
import { Stage } from '../helpers/fake-transport.js'
import { afterwards, signal } from '../helpers/net.js'
import { readyPromises } from '../helpers/promises.js'
import { get, post } from '../helpers/runtime.js'

const FAILURE = new Error('it failed')
const fail = (): never => { throw FAILURE }
const reject = (): unknown => Promise.reject(FAILURE)

/** A request after its handler performed `act`. */
function handled(act: (reqd: Reqd) => void, request = get('/')): { readonly stage: Stage; readonly reqd: Reqd } {
  const reqds: Reqd[] = []
  const stage = Stage.open(reqd => {
    reqds.push(reqd)
    act(reqd)
  }).receive(request)
  return { stage, reqd: reqds[0] }
}

describe('a consumer that throws', () => {
  it.each<[string, (reqd: Reqd) => void]>([
    ['a chunk', reqd => { reqd.body.bytes$.subscribe(fail) }],
    ['the end', reqd => { reqd.body.bytes$.subscribe({ complete: fail }) }],
    ['a chunk, by a rejection', reqd => { reqd.body.bytes$.subscribe(reject) }],
    ['a text', reqd => { reqd.body.text().subscribe(fail) }],
    ['the demand', reqd => { reqd.respondWithStreaming(Response.create(200)).ready$.subscribe(fail) }],
  ])('on %s fails its request', async (_, act) => {
    const { stage } = handled(act, post('text'))
    await readyPromises()
    stage.settle()
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(stage.errors).toEqual([FAILURE])
  })

  it('on `closed$` or on an event does not affect the responses', () => {
    const { stage } = handled(reqd => {
      const body = reqd.respondWithStreaming(Response.create(200))
      body.closed$.subscribe(fail)
      body.complete()
    })
    stage.connection.events$.subscribe(fail)
    stage.receive(get('/'))
    expect(stage.text.match(/HTTP\/1.1 200 /g)).toHaveLength(2)
    expect(new Set(stage.errors)).toEqual(new Set([FAILURE]))
  })

  it('on the demand of a sink without error reports throws as RxJS does', async () => {
    const thrown = signal<unknown>()
    const before = config.onUnhandledError
    config.onUnhandledError = thrown.resolve
    afterwards(() => { config.onUnhandledError = before })
    const subject = new ControlledSubject<string>({
      pending: 0, write: () => undefined, complete: () => undefined, error: () => undefined,
      whenDrained: () => undefined,
    })
    subject.ready$.subscribe(fail)
    expect(await thrown.promise).toBe(FAILURE)
  })

  it('in onError is reported by the platform, and does not affect the connection', () => {
    const stage = Stage.open(() => { throw FAILURE }, { onError: fail }).receive(get('/') + get('/'))
    expect(stage.text).toMatch(/^HTTP\/1.1 500 [^]*HTTP\/1.1 500 /)
    expect(stage.reported).toEqual([FAILURE, FAILURE])
  })
})

describe('a demand that is answered with empty writes again and again', () => {
  it('yields to the event loop after 1,000 answers', async () => {
    const { promise, resolve } = signal()
    let answers = 0
    const sink = {
      pending: 0, write: () => undefined, complete: () => undefined, error: () => undefined,
      whenDrained: () => undefined,
    }
    const subject = new ControlledSubject<string>(sink)
    subject.ready$.subscribe(() => {
      if (++answers > 2500) resolve()
      else subject.write('')
    })
    expect(answers).toBe(1000)
    await promise
    expect(answers).toBe(2501)
  })
})

/** An asynchronous source whose first chunk is pending, and which can be made to fail. */
function waiting(): { readonly source: AsyncIterable<string>; readonly fail: (error: Error) => void } {
  let reject!: (error: Error) => void
  const next = new Promise<never>((_, onRejected) => { reject = onRejected })
  return { source: { [Symbol.asyncIterator]: () => ({ next: () => next }) }, fail: error => { reject(error) } }
}

describe('a source that fails after its client has left', () => {
  it.each<[string, (source: AsyncIterable<string>) => object]>([
    ['a body', source => ({ body: fromSource(source) })],
    ['a body behind operators', source => ({ body: fromSource(source).pipe(map(text => text)) })],
    ['before an operator with demand', source => ({ body: fromSource(source).pipe(concatMap(text => of(text))) })],
    ['an inner source of that operator', source => ({ body: of('x').pipe(concatMap(() => fromSource(source))) })],
  ])('is reported: %s', async (_, reply) => {
    const { source, fail: failNow } = waiting()
    const stage = Stage.open(() => reply(source)).receive(get('/'))
    stage.transport.breakDown()
    failNow(FAILURE)
    await readyPromises()
    expect(stage.errors).toContain(FAILURE)
  })

  it('is reported if its return method throws', () => {
    const source = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined), return: fail }) }
    const stage = Stage.open(() => ({ body: fromSource(source) })).receive(get('/'))
    stage.transport.breakDown()
    expect(stage.errors).toContain(FAILURE)
  })
})

describe('a teardown that throws', () => {
  const texts = (): Observable<string> => new Observable(subscriber => {
    const task = asapScheduler.schedule(() => {
      for (let i = 0; i < 10; i++) subscriber.next('word'.repeat(1_000))
      subscriber.complete()
    })
    return () => {
      task.unsubscribe()
      throw FAILURE
    }
  })

  /** The exceptions of teardowns, which RxJS may have collected in an UnsubscriptionError. */
  function causes(error: unknown): unknown[] {
    return error instanceof UnsubscriptionError ? error.errors.flatMap(causes) : [error]
  }

  it('is reported once, and the events are complete', async () => {
    const stage = Stage.open(() => sse(texts(), { overflow: { bufferBytes: 100_000 } })).receive(get('/'))
    stage.transport.capacity = 0
    await readyPromises()
    stage.settle().take(Infinity).turn()
    expect(stage.errors.flatMap(causes)).toEqual([FAILURE])
    expect(stage.text.match(/word/g)).toHaveLength(10_000)
    expect(stage.text).toMatch(/\r\n0\r\n\r\n$/)
  })

  it.each<[string, () => Reply]>([
    ['a body', () => ({ body: texts() })],
    ['a body with an overflow policy', () => ({ body: texts(), overflow: { bufferBytes: 100_000 } })],
    ['a body behind operators', () => ({ body: texts().pipe(map(text => text)) })],
    ['a body that is a function of the demand', () => ({ body: () => texts() })],
    ['events', () => sse(texts())],
  ])('is reported once if the client leaves: %s', (_, reply) => {
    const stage = Stage.open(() => reply()).receive(get('/'))
    stage.transport.breakDown()
    expect(stage.errors.flatMap(causes)).toEqual([FAILURE])
  })
})

describe.each<[string, () => Observable<string>]>([
  ['that ends at once', () => new Observable(subscriber => {
    subscriber.next('text')
    subscriber.complete()
    return fail
  })],
  ['that ends at once, behind an operator', () => of('text').pipe(map(text => text), finalize(fail))],
])('a teardown that throws, of a source %s', (_, source) => {
  it.each<[string, (source$: Observable<string>) => Reply]>([
    ['a body', body => ({ body })],
    ['a body that is a function of the demand', source$ => ({ body: () => source$ })],
    ['events', events$ => sse(events$)],
  ])('is reported once, and the response is complete: %s', (_kind, reply) => {
    const stage = Stage.open(() => reply(source())).receive(get('/'))
    expect(stage.errors).toEqual([FAILURE])
    expect(stage.text).toMatch(/text\n*\r\n0\r\n\r\n$/)
  })

  it('is reported once, and the connection stays open: messages', () => {
    marbles(({ webSocket, expectObservable }) => {
      const client = webSocket(connection => { connection.send(source()) }, '-|')
      expectObservable(client.errors$).toBe('e', { e: FAILURE })
      expectObservable(client.received$).toBe('t|', { t: 'text' })
    })
  })
})

describe.each<[string, () => Observable<string>]>([
  ['a Subject that was unsubscribed', () => {
    const subject = new Subject<string>()
    subject.unsubscribe()
    return subject
  }],
  ['an Observable whose `subscribe` throws', () => Object.assign(new Observable<string>(), { subscribe: fail })],
])('a source that cannot be subscribed: %s', (_, source) => {
  it.each<[string, RegExp, (source$: Observable<string>) => Reply]>([
    ['a body', /^HTTP\/1.1 500 /, body => ({ body })],
    ['a body that is a function of the demand', /^HTTP\/1.1 500 /, source$ => ({ body: () => source$ })],
    ['a body behind an operator', /^HTTP\/1.1 500 /, source$ => ({ body: source$.pipe(concatMap(text => of(text))) })],
    ['a body behind an overflow operator', /^HTTP\/1.1 500 /, source$ => ({
      body: ready$ => source$.pipe(onBackpressureLatest(ready$)),
    })],
    ['events', /:\n\n\r\n$/, events$ => sse(events$)],
  ])('fails the response: %s', (_kind, ending, reply) => {
    const stage = Stage.open(() => reply(source())).receive(get('/')).settle()
    expect(stage.errors).toHaveLength(1)
    expect(stage.text).toMatch(ending)
    expect(stage.transport.hasEnded || stage.text.includes(' 500 ')).toBe(true)
  })

  it('fails the connection: messages', () => {
    marbles(({ webSocket, expectObservable }) => {
      const client = webSocket(connection => { connection.send(source()) }, '-----|')
      expectObservable(client.errors$.pipe(map(() => 'an error'))).toBe('e----', { e: 'an error' })
      expectObservable(client.closed$.pipe(map(({ code }) => code))).toBe('(c|)', { c: 1011 })
    })
  })
})

it('a WebSocket that is subscribed to a source fails if that gives what is no message', () => {
  marbles(({ webSocket, expectObservable }) => {
    const client = webSocket(connection => { from(['text', undefined as never]).subscribe(connection) }, '-----|')
    expectObservable(client.received$).toBe('(t|)', { t: 'text' })
    expectObservable(client.errors$.pipe(map(String))).toBe('e----', {
      e: 'TypeError: a message is a string or a Uint8Array',
    })
  })
})

describe('the iterator of a body', () => {
  it('is its own iterable, and is ended by `throw`', async () => {
    const { reqd } = handled(() => undefined, post('text'))
    const chunks = reqd.body[Symbol.asyncIterator]()
    const texts: string[] = []
    for await (const chunk of chunks) texts.push(Buffer.from(chunk).toString())
    expect(texts).toEqual(['text'])
    const other = handled(() => undefined, post('text')).reqd.body[Symbol.asyncIterator]()
    await expect(other.throw!(FAILURE)).rejects.toBe(FAILURE)
    expect(await other.next()).toEqual({ done: true, value: undefined })
  })
})

describe('handleEach', () => {
  it('completes with its source if all responses are complete, and passes its error on', () => {
    const seen: string[] = []
    const reqds = new Subject<Reqd>()
    const stage = Stage.open(reqd => { reqds.next(reqd) })
    reqds.pipe(handleEach(() => ({ body: 'it' }))).subscribe({
      next: ({ target }) => { seen.push(target) }, complete: () => { seen.push('complete') },
    })
    stage.receive(get('/1'))
    reqds.complete()
    expect(seen).toEqual(['/1', 'complete'])
    throwError(() => FAILURE).pipe(handleEach(() => ({}))).subscribe({ error: error => { seen.push(String(error)) } })
    expect(seen.at(-1)).toBe(String(FAILURE))
  })

  it('completes with the last response if its source completed before', () => {
    const seen: string[] = []
    const reqds = new Subject<Reqd>()
    const stage = Stage.open(reqd => { reqds.next(reqd) })
    const gate = new Subject<void>()
    reqds.pipe(handleEach(() => gate.pipe(map(() => ({ body: 'it' }))))).subscribe({
      complete: () => { seen.push('complete') },
    })
    stage.receive(get('/1'))
    reqds.complete()
    expect(seen).toEqual([])
    gate.next()
    stage.settle()
    expect(seen).toEqual(['complete'])
  })
})
