/**
 * Work that is never finished: a request body that its handler stops reading or its client stops sending, and a failure
 * that the error handler does not answer.
 */
import { describe, it } from '@jest/globals'
import { ignoreElements, map, NEVER, Subject, take } from 'rxjs'
import type { ErrorHandler } from '../../lib/connection/error-handler.js'
import { HttpError, type RemoteProtocolError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import { get, marbles, post } from '../../lib/testing/index.js'

const TICK = { connectionsCheckingInterval: 1 }
const HEAD = get('/')
const POST = post('/', 'hello')
const boom = (): never => { throw new Error('boom') }

describe('a request body that is incomplete when the response is written', () => {
  it('is dropped after lingerTimeout if its handler stopped reading, and the next request is answered', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => {
        if (reqd.target === '/next') return { body: 'next' }
        reqd.requestBody.scheduleRead({ onRead: () => { reqd.respond({ body: 'ok' }) }, onEof: () => {} })
        return undefined
      }, { ...TICK, lingerTimeout: 5 })
      const client = server.connect('a---------b', { a: POST.slice(0, -2), b: `lo${get('/next')}` })
      expectObservable(client.responses$.pipe(map(r => r.body), take(2))).toBe('a---------(b|)', { a: 'ok', b: 'next' })
      expectObservable(client.timeouts$.pipe(take(1))).toBe('------(t|)', { t: 'lingerTimeout' })
    })
  })

  it('closes the connection after lingerTimeout if the rest does not arrive', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'ok' }), { ...TICK, lingerTimeout: 5 })
      const client = server.connect('a', { a: POST.slice(0, -2) })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('a-----|', { a: 'ok' })
    })
  })

  it('is not dropped while its handler reads on', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const seen$ = new Subject<string>()
      const server = serve(reqd => {
        reqd.respond({ body: 'ok' })
        reqd.body.concatMap(chunk => cold('---(a|)', { a: String.fromCharCode(...chunk) })).subscribe(seen$)
        return undefined
      }, { ...TICK, lingerTimeout: 5 })
      server.connect('abcd', { a: POST.slice(0, -5), b: 'h', c: 'el', d: 'lo' })
      expectObservable(seen$).toBe('----b--(c|)', { b: 'h', c: 'ello' })
    })
  })

})

describe('errorHandlerTimeout', () => {
  it('sends the default answer if the error handler never answers', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(boom, { ...TICK, errorHandler: () => {}, errorHandlerTimeout: 5 })
      const client = server.connect('a', { a: HEAD })
      expectObservable(client.responses$.pipe(map(r => r.status))).toBe('------(r|)', { r: 500 })
      expectObservable(client.timeouts$.pipe(take(1))).toBe('------(t|)', { t: 'errorHandlerTimeout' })
    })
  })

  it('cuts a response of the error handler that stalls', () => {
    marbles(({ serve, expectObservable }) => {
      const errorHandler: ErrorHandler = (_, start) => { start(Headers.empty).writeString('x') }
      const server = serve(boom, { ...TICK, errorHandler, errorHandlerTimeout: 5 })
      const client = server.connect('a', { a: HEAD })
      expectObservable(client.output$.pipe(ignoreElements())).toBe('------|')
    })
  })
})

describe('a request body that is read after the response', () => {
  it('fails if the client sends nothing for lingerTimeout, and the connection closes', () => {
    marbles(({ serve, expectObservable }) => {
      const errors$ = new Subject<unknown>()
      const server = serve(({ body }) => {
        body.text().subscribe({ error: (error: RemoteProtocolError) => { errors$.next(error.code) } })
        return { body: 'ok' }
      }, { ...TICK, lingerTimeout: 5 })
      const client = server.connect('a', { a: POST.slice(0, -2) })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('a-----------|', { a: 'ok' })
      expectObservable(errors$).toBe('------e', { e: 'requestTimeout' })
    })
  })

  it('does not fail as long as some of it arrives within lingerTimeout', () => {
    marbles(({ serve, expectObservable }) => {
      const texts$ = new Subject<string>()
      const server = serve(({ body }) => {
        body.text().subscribe(text => { texts$.next(text) })
        return { body: 'ok' }
      }, { ...TICK, lingerTimeout: 5 })
      server.connect('a---b---c---d---e', { a: POST.slice(0, -4), b: 'e', c: 'l', d: 'l', e: 'o' })
      expectObservable(texts$).toBe('----------------t', { t: 'hello' })
    })
  })
})

describe('a client that leaves', () => {
  it.each([['a half-close', 'a---|'], ['a reset', 'a---#']])('by %s leaves its whole body to be read', (_, input) => {
    marbles(({ serve, expectObservable }) => {
      const texts$ = new Subject<string>()
      const server = serve(reqd => {
        reqd.aborted$.subscribe(() => { reqd.body.text().subscribe(text => { texts$.next(text) }) })
        return NEVER
      }, TICK)
      server.connect(input, { a: POST })
      expectObservable(texts$).toBe('----t', { t: 'hello' })
    })
  })
})

describe('a failed handler whose request was read completely', () => {
  it('is answered with the status of its error if the error handler never answers', () => {
    marbles(({ serve, expectObservable }) => {
      const teapot = (): never => { throw new HttpError(418) }
      const server = serve(teapot, { ...TICK, errorHandler: () => {}, errorHandlerTimeout: 5 })
      const client = server.connect('a', { a: HEAD })
      expectObservable(client.responses$.pipe(map(r => r.status))).toBe('------(r|)', { r: 418 })
    })
  })
})
