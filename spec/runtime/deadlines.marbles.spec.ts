/**
 * What counts against a time limit, and since when: only the time for which the server waits for that side. The limits
 * themselves are in `timeouts.marbles.spec.ts`. The clock ticks each millisecond.
 */
import { describe, it } from '@jest/globals'
import { concat, delay, endWith, ignoreElements, map, NEVER, of, take, timer } from 'rxjs'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { get, marbles, post, type TestResponse } from '../../lib/testing/index.js'

const TICK = { connectionsCheckingInterval: 1, keepAliveTimeout: 5 }
const HEAD = get('/')

/** The head of an upload of that many bytes, and one byte. */
function upload(length: number): { readonly h: string; readonly x: string } {
  return { h: post('/', 'x'.repeat(length)).slice(0, -length), x: 'x' }
}

/** The diagram of a client that sends a head, and a byte every `gap` milliseconds. */
function every(gap: number, count: number): string {
  return `h${`${'-'.repeat(gap - 1)}x`.repeat(count)}`
}

/** A handler that works on each chunk of a body for `ms`; the server reads nothing meanwhile. */
function working(ms: number): Handler {
  return reqd => reqd.body.concatMap(() => timer(ms)).pipe(ignoreElements(), endWith({ body: 'all' }))
}

const reading: Handler = reqd => reqd.body.text().pipe(map(body => ({ body })))

/** The body of a response, or the status of an error. */
function said({ status, body }: TestResponse): string | number {
  return status === 200 ? body : status
}

describe('requestTimeout', () => {
  it('does not count the time in which the handler works on each of many chunks', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(working(3), { ...TICK, requestTimeout: 5 }).connect(every(4, 20), upload(20))
      expectObservable(client.responses$.pipe(map(said))).toBe('83ms r 5ms |', { r: 'all' })
    })
  })

  it('adds up the waits for the client between which the handler works', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(working(3), { ...TICK, requestTimeout: 9 }).connect(every(8, 20), upload(20))
      expectObservable(client.responses$.pipe(map(said))).toBe('15ms (r|)', { r: 408 })
    })
  })
})

describe('readTimeout', () => {
  it('counts from the last byte of a body that was received', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(reading, { ...TICK, readTimeout: 5 }).connect(every(4, 20), upload(30))
      expectObservable(client.responses$.pipe(map(said))).toBe('85ms (r|)', { r: 408 })
      expectObservable(client.timeouts$.pipe(take(1))).toBe('85ms (t|)', { t: 'readTimeout' })
    })
  })

  it('lets a body come slowly whose bytes are never that far apart', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(reading, { ...TICK, readTimeout: 5 }).connect(every(4, 20), upload(20))
      expectObservable(client.responses$.pipe(map(said))).toBe('80ms r 4ms |', { r: 'x'.repeat(20) })
    })
  })

  it('does not count the time in which the handler works', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(working(20), { ...TICK, readTimeout: 5 }).connect('(hx)--x', upload(2))
      expectObservable(client.responses$.pipe(map(said))).toBe('40ms r 5ms |', { r: 'all' })
    })
  })
})

describe('handlerTimeout', () => {
  it('counts anew for each request of a connection', () => {
    marbles(({ serve, expectObservable }) => {
      const handler: Handler = reqd => of({ body: reqd.target }).pipe(delay(4))
      const requests = Array.from({ length: 20 }, (_, index) => get(`/${index}`)).join('')
      const client = serve(handler, { ...TICK, handlerTimeout: 5 }).connect('a', { a: requests })
      expectObservable(client.responses$.pipe(map(({ status }) => status)))
        .toBe(`-${'---r'.repeat(20)} 5ms |`, { r: 200 })
    })
  })
})

describe('keepAliveTimeout', () => {
  it('counts in the place of headersTimeout from the first request on', () => {
    marbles(({ serve, expectObservable }) => {
      const options = { ...TICK, headersTimeout: 2, keepAliveTimeout: 9 }
      const client = serve(() => ({ body: 'it' }), options).connect('a', { a: HEAD })
      expectObservable(client.responses$.pipe(map(said))).toBe('r---------|', { r: 'it' })
    })
  })
})

describe('writeTimeout', () => {
  it('does not count while a response waits for its source and no output is pending', () => {
    marbles(({ serve, expectObservable }) => {
      const body$ = concat(of('a'), of('b').pipe(delay(50)))
      const client = serve(() => ({ body: body$ }), { ...TICK, writeTimeout: 5 }).connect('a', { a: HEAD })
      expectObservable(client.responses$.pipe(map(said))).toBe('50ms r 5ms |', { r: 'ab' })
    })
  })

  it('counts from the last byte that the client took', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: concat(of('x'.repeat(9_000)), NEVER) }), { ...TICK, writeTimeout: 5 })
      const client = server.connect('a', { a: HEAD, t: 100 }, { reads: `x${'---t'.repeat(10)}` })
      expectObservable(client.closed$).toBe('45ms (r|)', { r: 'reset' })
    })
  })
})
