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
  it('holds until the first byte of a streamed response', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const body$ = cold('----------b')
      const client = serve(() => ({ body: body$ }), { ...TICK, handlerTimeout: 5 }).connect('a', { a: GET })
      expectObservable(client.responses$).toBe('------(r|)', { r: like({ status: 503 }) })
      expectSubscriptions(body$.subscriptions).toBe('^-----!')
    })
  })

  it('holds for a handler that opened its response and writes nothing', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => { reqd.respondWithStreaming(Response.create(200)) }, { ...TICK, handlerTimeout: 5 })
      const client = server.connect('a', { a: GET })
      expectObservable(client.responses$).toBe('------(r|)', { r: like({ status: 503 }) })
    })
  })

  it('ends with the first byte, were it that of the head', () => {
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

  it('cuts a response whose source gives nothing any more, and unsubscribes it', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const body$ = cold('a-a')
      const server = serve(() => ({ body: body$ }), options)
      const client = server.connect('a', { a: GET })
      // The tick at 3 is the first that sees the source silent.
      expectObservable(client.responses$).toBe('--------#', undefined, expect.anything())
      expectObservable(client.timeouts$.pipe(filter(limit => limit === 'sourceTimeout')))
        .toBe('--------t', { t: 'sourceTimeout' })
      expectObservable(client.aborts$).toBe('--------a', { a: '/' })
      expectSubscriptions(body$.subscriptions).toBe('^-------!')
    })
  })

  it('tells of it as the error of the request', () => {
    const told: unknown[] = []
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: concat(of('a'), NEVER) }), {
        ...options, onError: (error, reqd) => { told.push([error, reqd?.target]) },
      })
      expectObservable(server.connect('a', { a: GET }).aborts$).toBe('------a', { a: '/' })
    })
    expect(told).toEqual([[expect.any(SourceTimeoutError), '/']])
  })

  it('leaves alone a source that gives something now and then', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const body$ = cold('a---a---a---(a|)')
      const client = serve(() => ({ body: body$ }), options).connect('a', { a: GET })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('------------r', { r: 'aaaa' })
    })
  })

  it('leaves alone a source whose client does not read: that is for writeTimeout', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const body$ = cold('b')
      const server = serve(() => ({ body: body$ }), { ...options, writeTimeout: 20 })
      const client = server.connect('a', { a: GET }, { reads: 'x' })
      expectObservable(client.timeouts$.pipe(filter(limit => limit === 'sourceTimeout'))).toBe('-')
    })
  })

  it('leaves alone a source that waits for the body of its request', () => {
    marbles(({ serve, expectObservable }) => {
      const head = post('/', 'abc').slice(0, -3)
      const client = serve(reqd => ({ body: reqd.body.bytes$ }), options)
        .connect('(ha)----------(b)', { h: head, a: 'a', b: 'bc' })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('--------------r', { r: 'abc' })
    })
  })

  it('is none unless given', () => {
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

  it('tells of a handler that has not begun to respond for long, once a request', () => {
    const options = { ...TICK, stalledAfter: 5, handlerTimeout: 20 }
    const events = eventsOf(() => undefined, options, server => { server.connect('a', { a: get('/forgotten') }) })
    expect(stalledOf(events)).toEqual(['/forgotten 6'])
  })

  it('tells of each request, and of none that is answered', () => {
    const reply$ = timer(10).pipe(map(() => ({})))
    const handler: Handler = ({ target }) => target === '/fast' ? {} : reply$
    const events = eventsOf(handler, { ...TICK, stalledAfter: 5 }, server => {
      server.connect('a', { a: get('/slow') + get('/fast') + get('/slower') })
    })
    expect(stalledOf(events).map(text => text.split(' ')[0])).toEqual(['/slow', '/slower'])
  })

  it('does not tell of one that has begun, nor of one that reads, nor where it is not to', () => {
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
