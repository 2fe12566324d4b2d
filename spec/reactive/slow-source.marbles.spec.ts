/**
 * Responses whose handler or source keeps the client waiting.
 */
import { describe, expect, it } from '@jest/globals'
import { concat, delay, filter, map, NEVER, of, timer } from 'rxjs'
import { SourceTimeoutError } from '../../lib/errors.js'
import { Response } from '../../lib/message/response.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import type { ConnectionEvent } from '../../lib/runtime/events.js'
import { get, like, marbles, post, type TestServer as Server } from '../../lib/testing/index.js'

const TICK = { connectionsCheckingInterval: 1, keepAliveTimeout: 0 }
const GET = get('/')

describe('handlerTimeout', () => {
  it('applies until the first byte of a streamed response', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const body$ = cold('----------b')
      const client = serve(() => ({ body: body$ }), { ...TICK, handlerTimeout: 5 }).connect('a', { a: GET })
      expectObservable(client.responses$).toBe('------(r|)', { r: like({ status: 503 }) })
      expectSubscriptions(body$.subscriptions).toBe('^-----!')
    })
  })

  it('applies to a handler that opens a streamed response and writes nothing', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => { reqd.respondWithStreaming(Response.create(200)) }, { ...TICK, handlerTimeout: 5 })
      const client = server.connect('a', { a: GET })
      expectObservable(client.responses$).toBe('------(r|)', { r: like({ status: 503 }) })
    })
  })

  it('ends with the first byte, even if that is one of the head', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => {
        const body = reqd.respondWithStreaming(Response.create(200), { flushHeadersImmediately: true })
        timer(20).subscribe(() => {
          body.next('late')
          body.complete()
        })
      }, { ...TICK, handlerTimeout: 5 })
      const client = server.connect('a', { a: GET })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('20ms r', { r: 'late' })
    })
  })
})

describe('sourceTimeout', () => {
  const options = { ...TICK, sourceTimeout: 5 }

  it('cuts a response whose source stops emitting, and unsubscribes the source', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const body$ = cold('a-a')
      const server = serve(() => ({ body: body$ }), options)
      const client = server.connect('a', { a: GET })
      // The tick at 3 is the first one at which the source is silent.
      expectObservable(client.responses$).toBe('--------#', undefined, expect.anything())
      expectObservable(client.timeouts$.pipe(filter(limit => limit === 'sourceTimeout')))
        .toBe('--------t', { t: 'sourceTimeout' })
      expectObservable(client.aborts$).toBe('--------a', { a: '/' })
      expectSubscriptions(body$.subscriptions).toBe('^-------!')
    })
  })

  it('is reported as an error of the request', () => {
    const told: unknown[] = []
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: concat(of('a'), NEVER) }), {
        ...options, onError: (error, reqd) => { told.push([error, reqd?.target]) },
      })
      expectObservable(server.connect('a', { a: GET }).aborts$).toBe('------a', { a: '/' })
    })
    expect(told).toEqual([[expect.any(SourceTimeoutError), '/']])
  })

  it('does not cut a source that emits in time', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const body$ = cold('a---a---a---(a|)')
      const client = serve(() => ({ body: body$ }), options).connect('a', { a: GET })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('------------r', { r: 'aaaa' })
    })
  })

  it('does not run while the client does not read, which writeTimeout limits', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const body$ = cold('b')
      const server = serve(() => ({ body: body$ }), { ...options, writeTimeout: 20 })
      const client = server.connect('a', { a: GET }, { reads: 'x' })
      expectObservable(client.timeouts$.pipe(filter(limit => limit === 'sourceTimeout'))).toBe('-')
    })
  })

  it('does not run while the source waits for the request body', () => {
    marbles(({ serve, expectObservable }) => {
      const head = post('/', 'abc').slice(0, -3)
      const client = serve(reqd => ({ body: reqd.body.bytes$ }), options)
        .connect('(ha)----------(b)', { h: head, a: 'a', b: 'bc' })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('--------------r', { r: 'abc' })
    })
  })

  it('is off by default', () => {
    marbles(({ serve, expectObservable }) => {
      const body$ = concat(of('a'), of('b').pipe(delay(500_000)))
      const client = serve(() => ({ body: body$ }), { keepAliveTimeout: 0 }).connect('a', { a: GET })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('500s r', { r: 'ab' })
    })
  })
})

describe('stalled', () => {
  const stalledOf = (events: ConnectionEvent[]): string[] =>
    events.flatMap(event => event.type === 'stalled' ? [`${event.request.target} ${event.time}`] : [])

  function eventsOf(handler: Handler, options: object, run: (server: Server) => void): ConnectionEvent[] {
    const events: ConnectionEvent[] = []
    marbles(({ serve }) => {
      const server = serve(handler, options)
      server.events$.subscribe(event => { events.push(event) })
      run(server)
    })
    return events
  }

  it('is emitted once for a request that is not answered within stalledAfter', () => {
    const options = { ...TICK, stalledAfter: 5, handlerTimeout: 20 }
    const events = eventsOf(() => undefined, options, server => { server.connect('a', { a: get('/forgotten') }) })
    expect(stalledOf(events)).toEqual(['/forgotten 6'])
  })

  it('is emitted for each such request, and not for those that are answered', () => {
    const reply$ = timer(10).pipe(map(() => ({})))
    const handler: Handler = ({ target }) => target === '/fast' ? {} : reply$
    const events = eventsOf(handler, { ...TICK, stalledAfter: 5 }, server => {
      server.connect('a', { a: get('/slow') + get('/fast') + get('/slower') })
    })
    expect(stalledOf(events).map(text => text.split(' ')[0])).toEqual(['/slow', '/slower'])
  })

  it('is not emitted for a handler that has begun to respond or reads the body, nor if stalledAfter is 0', () => {
    const begun: Handler = () => ({ body: concat(of('a'), timer(20).pipe(map(() => 'b'))) })
    const run = (server: Server): void => { server.connect('a', { a: get('/') }) }
    expect(stalledOf(eventsOf(begun, { ...TICK, stalledAfter: 5 }, run))).toEqual([])
    expect(stalledOf(eventsOf(() => undefined, { ...TICK, stalledAfter: 0, handlerTimeout: 50 }, run))).toEqual([])
    const reads: Handler = ({ body }) => body.text().pipe(map(text => ({ body: text })))
    expect(stalledOf(eventsOf(reads, { ...TICK, stalledAfter: 5 }, server => {
      server.connect('a---------b', { a: post('/', 'abc').slice(0, -1), b: 'c' })
    }))).toEqual([])
  })
})
