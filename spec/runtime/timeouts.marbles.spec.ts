/**
 * Every row of the table of time limits, and the limits on counts. Limits are checked at ticks, here each millisecond
 * unless a test is about the ticks: a limit holds for at least its time and at most two ticks longer.
 */
import { describe, expect, it } from '@jest/globals'
import { endWith, ignoreElements, map, NEVER, take, timer } from 'rxjs'
import { RemoteProtocolError } from '../../lib/errors.js'
import type { ConnectionOptions } from '../../lib/reactive/connection-options.js'
import { get, like, marbles, post, requestText } from '../../lib/testing/index.js'

const TICK = { connectionsCheckingInterval: 1 }
const HEAD = get('/')
const BEGIN = HEAD.slice(0, 10)
const LINGER = 'lingerTimeout'
const POST = post('/', 'hello')

/** The output for a client that was late: a response, and the end of the connection. */
const TOO_LATE = { r: like({ status: 408, headers: { connection: 'close' } }), t: 'requestTimeout' }

describe('headersTimeout', () => {
  it('answers 408 to a head that is not complete in time, and ends the connection', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'hi' }), { ...TICK, headersTimeout: 5 })
      const client = server.connect('a', { a: BEGIN })
      expectObservable(client.responses$).toBe('------(r|)', TOO_LATE)
      expectObservable(client.timeouts$).toBe(' ------t 2s l', { t: 'headersTimeout', l: LINGER })
    })
  })

  it('closes the connection without a response if no byte came', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hi' }), { ...TICK, headersTimeout: 5 }).connect('-----')
      expectObservable(client.output$).toBe('-----|')
    })
  })

  it('counts from the first byte of each head', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'hi' }), { ...TICK, headersTimeout: 5 })
      const client = server.connect('a-------b', { a: HEAD, b: BEGIN })
      expectObservable(client.responses$.pipe(map(r => r.status))).toBe('a------------(b|)', { a: 200, b: 408 })
    })
  })

  it('accepts a slow head that is complete in time', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'hi' }), { ...TICK, headersTimeout: 5, keepAliveTimeout: 20 })
      const client = server.connect('a---b', { a: BEGIN, b: HEAD.slice(10) })
      expectObservable(client.responses$.pipe(map(r => r.status))).toBe('----a 19ms |', { a: 200 })
    })
  })

  it('is not extended by bytes that trickle', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hi' }), { ...TICK, headersTimeout: 5 }).connect('abcdefgh', {
        a: BEGIN, b: HEAD[10], c: HEAD[11], d: HEAD[12], e: HEAD[13], f: HEAD[14], g: HEAD[15], h: HEAD[16],
      })
      expectObservable(client.responses$).toBe('------(r|)', TOO_LATE)
    })
  })
})

describe('requestTimeout', () => {
  it('answers 408 to a body that is not complete in time', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => reqd.body.text().pipe(map(body => ({ body }))), { ...TICK, requestTimeout: 8 })
      const client = server.connect('a--b', { a: POST.slice(0, -5), b: 'hel' })
      expectObservable(client.responses$).toBe('---------(r|)', TOO_LATE)
      expectObservable(server.errors$).toBe('---------e', { e: new RemoteProtocolError('requestTimeout') })
    })
  })

  it('counts the time of the head as well', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => reqd.body.text().pipe(map(body => ({ body }))), { ...TICK, requestTimeout: 8 })
      const client = server.connect('a----b', { a: POST.slice(0, 10), b: POST.slice(10, -5) })
      expectObservable(client.responses$).toBe('----------(r|)', TOO_LATE)
    })
  })

  it('does not count while the server does not read', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const slow$ = cold(' --------------------|')
      const server = serve(reqd => reqd.body.concatMap(() => slow$).pipe(ignoreElements(), endWith({})),
        { ...TICK, requestTimeout: 8, keepAliveTimeout: 5 })
      const client = server.connect('ab', { a: POST.slice(0, -5), b: 'hello' })
      expectObservable(client.responses$.pipe(map(r => r.status))).toBe('21ms a-----|', { a: 200 })
    })
  })
})

describe('keepAliveTimeout', () => {
  it('closes a connection that is idle after a response', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hi' }), { ...TICK, keepAliveTimeout: 5 }).connect('a', { a: HEAD })
      expectObservable(client.responses$.pipe(map(r => r.status))).toBe('a-----|', { a: 200 })
      expectObservable(client.timeouts$).toBe('------t 2s l', { t: 'keepAliveTimeout', l: LINGER })
    })
  })
})

describe('writeTimeout', () => {
  it('cuts a client that stops reading', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'hi' }), { ...TICK, writeTimeout: 5 })
      const client = server.connect('a', { a: HEAD }, { reads: 'x' })
      expectObservable(client.output$).toBe('------#')
      expectObservable(client.closed$).toBe('------(r|)', { r: 'reset' })
      expectObservable(client.timeouts$).toBe('------t', { t: 'writeTimeout' })
    })
  })

  it('continues while the client takes a write now and then', () => {
    marbles(({ serve, expectObservable }) => {
      const body = Array<string>(3).fill('x'.repeat(1_000))
      const server = serve(() => ({ body, highWaterMark: 1 }), { ...TICK, writeTimeout: 5, keepAliveTimeout: 5 })
      const client = server.connect('a', { a: HEAD, h: 1_100 }, { reads: 'x---(hx)(hx)(hx)' })
      expectObservable(client.responses$.pipe(map(r => r.body.length))).toBe('------------r----|', { r: 3_000 })
    })
  })
})

describe('writeTimeout of one large write', () => {
  it('does not cut a client that takes it bit by bit', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'x'.repeat(3_000) }), { ...TICK, writeTimeout: 5, keepAliveTimeout: 5 })
      const client = server.connect('a', { a: HEAD, h: 800 }, { reads: 'x---h---h---h---h' })
      expectObservable(client.responses$.pipe(map(r => r.body.length))).toBe('----------------r----|', { r: 3_000 })
    })
  })

  it('cuts a client that stops taking it', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'x'.repeat(3_000) }), { ...TICK, writeTimeout: 5 })
      const client = server.connect('a', { a: HEAD, h: 800 }, { reads: 'x---h---h' })
      expectObservable(client.closed$).toBe('-------------(r|)', { r: 'reset' })
    })
  })
})

describe('handlerTimeout', () => {
  it('answers 503 for a handler that takes too long, and unsubscribes its reply', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const reply$ = cold('----------r', { r: { body: 'late' } })
      const client = serve(() => reply$, { ...TICK, handlerTimeout: 5 }).connect('a', { a: HEAD })
      const late = like({ status: 503, headers: { connection: 'close' } })
      expectObservable(client.responses$).toBe('------(r|)', { r: late })
      expectObservable(client.timeouts$).toBe(' ------t 2s l', { t: 'handlerTimeout', l: LINGER })
      expectObservable(client.aborts$).toBe('------a', { a: '/' })
      expectSubscriptions(reply$.subscriptions).toBe('^-----!')
    })
  })

  it('is off by default', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => timer(500_000).pipe(map(() => ({ body: 'late' })))).connect('a', { a: HEAD })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('500s a 65999ms |', { a: 'late' })
    })
  })
})

describe('lingerTimeout', () => {
  it('closes a connection whose client does not, a while after the last response', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ headers: { connection: 'close' }, body: 'hi' }), { ...TICK, lingerTimeout: 5 })
      const client = server.connect('a', { a: HEAD })
      expectObservable(client.output$.pipe(map(() => 'a'))).toBe('(a|)')
      expectObservable(client.closed$).toBe('------(c|)', { c: 'closed' })
    })
  })

  it('lets the client finish what it had begun to send', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ headers: { connection: 'close' }, body: 'hi' }), { ...TICK, lingerTimeout: 5 })
      const client = server.connect('a-b|', { a: HEAD, b: HEAD })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('(a|)', { a: 'hi' })
      expectObservable(client.closed$).toBe('---(c|)', { c: 'closed' })
    })
  })
})

describe('the defaults', () => {
  const cases: [option: string, sends: string, diagram: string][] = [
    ['headersTimeout, 60 s, where no byte came', '-', '60s (t|)'],
    ['headersTimeout, 60 s, within a head', 'b', '61s (t|)'],
    ['keepAliveTimeout, 65 s', 'a', '66s (t|)'],
    ['requestTimeout, 300 s', 'p', '301s (t|)'],
  ]
  it.each(cases)('%s', (_, sends, diagram) => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => reqd.method === 'GET' ? {} : reqd.body.text().pipe(map(body => ({ body }))))
      const client = server.connect(sends, { a: HEAD, b: BEGIN, p: POST.slice(0, -1) })
      expectObservable(client.timeouts$.pipe(take(1), map(() => 't'))).toBe(diagram)
    })
  })

  it('headersTimeout is reported for a client that sends nothing', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({})).connect('-')
      expectObservable(client.timeouts$.pipe(take(1))).toBe('60s (t|)', { t: 'headersTimeout' })
    })
  })

  it('writeTimeout, 300 s', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hi' })).connect('a', { a: HEAD }, { reads: 'x' })
      expectObservable(client.closed$).toBe('301s (r|)', { r: 'reset' })
    })
  })
})

describe('connectionsCheckingInterval', () => {
  const cases = [[1, 6], [3, 9], [4, 12], [10, 20]]
  it.each(cases)('%i ms: a limit of 5 ms on a head is noticed at %i ms', (connectionsCheckingInterval, frame) => {
    marbles(({ serve, expectObservable }) => {
      const options: ConnectionOptions = { connectionsCheckingInterval, headersTimeout: 5 }
      const client = serve(() => ({}), options).connect('a', { a: BEGIN })
      expectObservable(client.responses$.pipe(map(r => r.status))).toBe(`${frame}ms (r|)`, { r: 408 })
    })
  })
})

describe('maxConnections', () => {
  it('refuses further connections', () => {
    marbles(({ serve, expectObservable }) => {
      const options = { ...TICK, maxConnections: 1, keepAliveTimeout: 4, lingerTimeout: 1 }
      const server = serve(() => ({ body: 'hi' }), options)
      const first = server.connect('a', { a: HEAD })
      const second = server.connect('--^a', { a: HEAD })
      const third = server.connect('---------^a', { a: HEAD })
      expectObservable(first.closed$).toBe(' -------(c|)', { c: 'closed' })
      expectObservable(second.closed$).toBe('--(c|)', { c: 'closed' })
      expectObservable(third.responses$.pipe(map(r => r.body))).toBe('----------a---|', { a: 'hi' })
    })
  })
})

describe('maxRequestsPerSocket', () => {
  it('says `Connection: close` on the last response and closes', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hi' }), { ...TICK, maxRequestsPerSocket: 2 }).connect('a-b-c', {
        a: HEAD, b: HEAD, c: HEAD,
      })
      expectObservable(client.responses$).toBe('a-(b|)', {
        a: like({ status: 200, headers: { connection: undefined } }),
        b: like({ status: 200, headers: { connection: 'close' } }),
      })
    })
  })
})

describe('no limit', () => {
  it('is meant by 0', () => {
    marbles(({ serve, expectObservable }) => {
      const options = { headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0, handlerTimeout: 0, writeTimeout: 0 }
      const server = serve(() => NEVER, options)
      const clients = [server.connect(''), server.connect('a', { a: BEGIN }), server.connect('a', { a: HEAD })]
      for (const client of clients) expectObservable(client.output$).toBe('')
    }, { unanswered: true })
  })

  it('lets the kit report a request without a response', () => {
    expect(() => {
      marbles(({ serve }) => { serve(() => NEVER).connect('a', { a: requestText('PUT', '/x') }) })
    }).toThrow('Nobody has answered PUT /x')
  })
})
