/**
 * A slow handler: the client is slowed down by backpressure, and read-ahead is bounded.
 */
import { describe, it } from '@jest/globals'
import { endWith, ignoreElements, map } from 'rxjs'
import { get, like, marbles, post } from '../../lib/testing/index.js'

const OPTIONS = { keepAliveTimeout: 3, connectionsCheckingInterval: 1 }
const POST = post('/', 'abc')
const HEAD = POST.slice(0, -3)
/** A read buffer that holds no body. */
const SMALL = { ...OPTIONS, readBufferSize: 1 }

describe('a body that is read slowly', () => {
  it('pauses the socket while a chunk is processed', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const work$ = cold('----|')
      const server = serve(reqd => reqd.body.concatMap(() => work$).pipe(ignoreElements(), endWith({})), SMALL)
      const client = server.connect('(hab)-c', { h: HEAD, a: 'a', b: 'b', c: 'c' })
      expectObservable(client.pauses$).toBe('p---(rp)r', { p: 'pause', r: 'resume' })
      expectSubscriptions(work$.subscriptions).toBe(['^---!', '----^---!', '--------^---!'])
    })
  })

  it('is not read before its handler reads it', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const reply$ = cold('-----(r|)', { r: { body: 'never read' } })
      const client = serve(() => reply$, SMALL).connect('h-b', { h: HEAD, b: 'abc' })
      expectObservable(client.pauses$).toBe('p----r', { p: 'pause', r: 'resume' })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('-----r---|', { r: 'never read' })
    })
  })

  it('is read ahead, without a pause, if the rest fits into the read buffer', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const work$ = cold('----|')
      const server = serve(reqd => reqd.body.concatMap(() => work$).pipe(ignoreElements(), endWith({})), OPTIONS)
      const client = server.connect('(hab)-c', { h: HEAD, a: 'a', b: 'b', c: 'c' })
      expectObservable(client.pauses$).toBe('-')
      expectSubscriptions(work$.subscriptions).toBe(['^---!', '----^---!', '--------^---!'])
    })
  })
})

describe('requests behind the one that is handled', () => {
  it('are answered one after the other, in order', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const reply$ = cold('---(r|)', { r: {} })
      const server = serve(reqd => reply$.pipe(map(() => ({ body: reqd.target }))), OPTIONS)
      const client = server.connect('(abc)', { a: get('/a'), b: get('/b'), c: get('/c') })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('---a--b--c---|', { a: '/a', b: '/b', c: '/c' })
      expectSubscriptions(reply$.subscriptions).toBe(['^--!', '---^--!', '------^--!'])
    })
  })

  it('are read up to readBufferSize; then the socket is paused', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const reply$ = cold('-----(r|)', { r: {} })
      const client = serve(() => reply$, { ...OPTIONS, readBufferSize: 64 }).connect('abc', {
        a: get('/'), b: get('/').slice(0, 20), c: get('/').slice(20) + get('/') + get('/'),
      })
      expectObservable(client.pauses$).toBe('--p--r', { p: 'pause', r: 'resume' })
    })
  })
})

describe('the departure of a client', () => {
  it('unsubscribes the result of the handler', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const reply$ = cold('----------(r|)', { r: {} })
      const client = serve(() => reply$, OPTIONS).connect('a---#', { a: get('/slow') })
      expectObservable(client.aborts$).toBe('----a', { a: '/slow' })
      expectSubscriptions(reply$.subscriptions).toBe('^---!')
    })
  })

  it('unsubscribes it even if the request body has arrived and was not read', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const reply$ = cold('----------(r|)', { r: {} })
      const client = serve(() => reply$, OPTIONS).connect('h-b-#', { h: HEAD, b: 'abc' })
      expectObservable(client.aborts$).toBe('----a', { a: '/' })
      expectSubscriptions(reply$.subscriptions).toBe('^---!')
    })
  })

  it('unsubscribes the source of the response', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const ticks$ = cold('-x-x-x-x-x-x')
      const client = serve(() => ({ body: ticks$ }), OPTIONS).connect('a----#', { a: get('/') })
      expectObservable(client.output$.pipe(map(text => text.slice(-3, -2)))).toBe('-x-x-#')
      expectObservable(client.responses$).toBe('-----#')
      expectSubscriptions(ticks$.subscriptions).toBe('^----!')
    })
  })

  it('is reported to the handler by `aborted$`', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const server = serve(reqd => {
        expectObservable(reqd.aborted$).toBe('---(a|)', { a: undefined })
        return cold('-----(r|)', { r: {} })
      }, OPTIONS)
      const client = server.connect('a--#', { a: get('/') })
      expectObservable(client.requests$).toBe('r', { r: like({ method: 'GET', target: '/' }) })
    })
  })
})
