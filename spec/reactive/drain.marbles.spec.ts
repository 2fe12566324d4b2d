/**
 * A server that closes: requests in flight are answered, idle connections are closed, and the rest is cut after the
 * grace period.
 */
import { describe, it } from '@jest/globals'
import { map, takeUntil, timer } from 'rxjs'
import { get, like, marbles } from '../../lib/testing/index.js'

const OPTIONS = { lingerTimeout: 3, connectionsCheckingInterval: 1 }
const HEAD = get('/')

describe('closing a server', () => {
  it('answers requests in flight with `Connection: close`', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const reply$ = cold('------(r|)', { r: { body: 'done' } })
      const server = serve(() => reply$, { ...OPTIONS, allowHalfOpen: true })
      const client = server.connect('a-----|', { a: HEAD })
      timer(3).subscribe(() => { server.close() })
      const last = like({ body: 'done', headers: { connection: 'close' } })
      expectObservable(client.responses$).toBe('  ------(r|)', { r: last })
      expectObservable(server.draining$).toBe(' ---(d|)', { d: undefined })
      expectObservable(server.closed$).toBe('   ------(c|)', { c: undefined })
    })
  })

  it('closes idle connections at once, and those without any request', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'hi' }), OPTIONS)
      const used = server.connect('a', { a: HEAD })
      const silent = server.connect('-')
      timer(3).subscribe(() => { server.close() })
      expectObservable(used.responses$.pipe(map(r => r.body))).toBe('a--|', { a: 'hi' })
      expectObservable(silent.output$).toBe('---|')
    })
  })

  it('answers a request that has arrived in part', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'hi' }), OPTIONS)
      const client = server.connect('a---b-|', { a: HEAD.slice(0, 9), b: HEAD.slice(9) })
      timer(3).subscribe(() => { server.close() })
      const last = like({ body: 'hi', headers: { connection: 'close' } })
      expectObservable(client.responses$).toBe('----(r|)', { r: last })
    })
  })

  it('answers requests on idle connections within idleMs', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'hi' }), OPTIONS)
      const client = server.connect('-----a-|', { a: HEAD })
      const silent = server.connect('-')
      timer(3).subscribe(() => { server.close({ idleMs: 4 }) })
      const last = like({ body: 'hi', headers: { connection: 'close' } })
      expectObservable(client.responses$).toBe('-----(r|)', { r: last })
      expectObservable(silent.output$).toBe('  -------|')
      expectObservable(server.closed$).toBe('  ----------(c|)', { c: undefined })
    })
  })

  it('accepts no more connections', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'hi' }), OPTIONS)
      const late = server.connect('----^a', { a: HEAD })
      timer(3).subscribe(() => { server.close() })
      expectObservable(late.closed$).toBe('----(c|)', { c: 'closed' })
      expectObservable(server.closed$).toBe('---(c|)', { c: undefined })
    })
  })

  it('cuts responses that have not ended after the grace period', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const ticks$ = cold('-x-x-x-x-x-x-x-x-x')
      const server = serve(() => ({ body: ticks$ }), OPTIONS)
      const client = server.connect('a', { a: HEAD })
      timer(3).subscribe(() => { server.close({ graceMs: 5 }) })
      expectObservable(client.closed$).toBe('--------(r|)', { r: 'reset' })
      expectObservable(client.aborts$).toBe('--------a', { a: '/' })
      expectObservable(server.closed$).toBe('--------(c|)', { c: undefined })
      expectSubscriptions(ticks$.subscriptions).toBe('^-------!')
    })
  })

  it('is announced to endless responses by `closing$`', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const server = serve(() => ({
        body: (_, closing$) => cold('-x-x-x-x-x').pipe(takeUntil(closing$)),
      }), OPTIONS)
      const client = server.connect('a----|', { a: HEAD })
      timer(4).subscribe(() => { server.close() })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('----(r|)', { r: 'xx' })
    })
  })

  it('is started by the signal as well', () => {
    marbles(({ serve, expectObservable }) => {
      const controller = new AbortController()
      const server = serve(() => ({ body: 'hi' }), { ...OPTIONS, signal: controller.signal })
      const client = server.connect('')
      timer(2).subscribe(() => { controller.abort() })
      expectObservable(client.output$).toBe('--|')
    })
  })
})

describe('closing a connection', () => {
  it('does not affect other connections', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'hi' }), { ...OPTIONS, keepAliveTimeout: 6 })
      const [one, other] = [server.connect(''), server.connect('----a', { a: HEAD })]
      timer(3).subscribe(() => { one.connection?.close() })
      expectObservable(one.output$).toBe('---|')
      expectObservable(other.responses$.pipe(map(r => r.body))).toBe('----a-----|', { a: 'hi' })
    })
  })
})
