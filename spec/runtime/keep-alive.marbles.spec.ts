/**
 * The connections that stay open after a response, and their end.
 */
import { describe, it } from '@jest/globals'
import { map } from 'rxjs'
import { get, like, marbles, requestText } from '../../lib/testing/index.js'

const OPTIONS = { keepAliveTimeout: 10, lingerTimeout: 3, connectionsCheckingInterval: 1 }
const HEAD = get('/')
const HTTP_1_0 = HEAD.replace('1.1', '1.0')
const KEEP_ALIVE_1_0 = get('/', { Connection: 'keep-alive' }).replace('1.1', '1.0')

describe('a connection', () => {
  it('serves requests one after another, each within the time limit', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(reqd => ({ body: reqd.target }), OPTIONS).connect('a--------b--------c', {
        a: get('/a'), b: get('/b'), c: get('/c'),
      })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('a--------b--------c---------|', {
        a: '/a', b: '/b', c: '/c',
      })
    })
  })

  it('closes after the response to `Connection: close`', () => {
    marbles(({ serve, expectObservable }) => {
      const last = get('/', { Connection: 'close' })
      const client = serve(() => ({ body: 'hi' }), OPTIONS).connect('a-b', { a: last, b: HEAD })
      expectObservable(client.responses$).toBe('(r|)', { r: like({ headers: { connection: 'close' } }) })
      expectObservable(client.closed$).toBe('----(c|)', { c: 'closed' })
    })
  })

  it.each([
    ['goes on with HTTP/1.0 only where that is asked for', KEEP_ALIVE_1_0, 'r 10ms |'],
    ['ends with HTTP/1.0 otherwise', HTTP_1_0, '(r|)'],
  ])('%s', (_, request, diagram) => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hi' }), OPTIONS).connect('a', { a: request })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe(diagram, { r: 'hi' })
    })
  })

  it('closes when the client half-closes between requests', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hi' }), OPTIONS).connect('a--|', { a: HEAD })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('a--|', { a: 'hi' })
      expectObservable(client.closed$).toBe('---(c|)', { c: 'closed' })
    })
  })

  it('answers the requests before a half-close with allowHalfOpen', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const reply$ = cold('---(r|)', { r: { body: 'hi' } })
      const client = serve(() => reply$, { ...OPTIONS, allowHalfOpen: true }).connect('(ab|)', { a: HEAD, b: HEAD })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('---a--(b|)', { a: 'hi', b: 'hi' })
    })
  })

  it('drops input after the last response, for a while', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hi' }), { ...OPTIONS, lingerBytes: 10 }).connect('abc', {
        a: requestText('GET', '/', { Connection: 'close' }), b: 'x'.repeat(10), c: 'x'.repeat(10),
      })
      expectObservable(client.output$.pipe(map(() => 'r'))).toBe('(r|)')
      expectObservable(client.closed$).toBe('----(c|)', { c: 'closed' })
    })
  })
})
