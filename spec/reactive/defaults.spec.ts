/**
 * The defaults of a server's options, seen from outside: each limit takes effect at the number that the README's table
 * and the docstring of the option name, and not below it. The same checks run with another value given.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import {
  concat, count, filter, firstValueFrom, ignoreElements, map, merge, NEVER, of, ReplaySubject, takeUntil, timer,
  VirtualTimeScheduler,
} from 'rxjs'
import { Headers } from '../../lib/message/headers.js'
import { Response } from '../../lib/message/response.js'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import type { ConnectionEvent } from '../../lib/runtime/events.js'
import { get, marbles, requestText, type ClientOptions, type TestResponse } from '../../lib/testing/index.js'
import { defaultOfDocstring, defaultsOfReadme, type Documented } from '../helpers/documented.js'
import { afterwards, portOf } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const README = defaultsOfReadme()
const numberOf = (name: string): number => Number(README.get(name))
/** A limit fires two ticks after its time at the latest. */
const TWO_TICKS = 2 * numberOf('connectionsCheckingInterval')

const HEAD = get('/')
const LAST = get('/', { Connection: 'close' })
const upload = (length: number): string => requestText('POST', '/', { 'Content-Length': String(length) })

const silent: Handler = () => NEVER
const empty: Handler = () => ({})
const reading: Handler = reqd => reqd.body.text().pipe(map(body => ({ body })))

/** The events of the server, and the responses that its client receives. */
interface Seen {
  readonly events: ConnectionEvent[]
  readonly responses: TestResponse[]
  /** The bytes of responses that are pending at the end of frame 1. */
  held: number
}

/** A diagram of what the client sends, and the values of `a` and `b`. */
type Sends = readonly [diagram: string, a?: string, b?: string]

/** Plays a client until ten minutes have passed. */
function play(handler: Handler, options: ListenOptions, sends: Sends, reading?: ClientOptions): Seen {
  const seen: Seen = { events: [], responses: [], held: 0 }
  marbles(({ serve, expectObservable }) => {
    const server = serve(handler, options)
    server.events$.subscribe(event => { seen.events.push(event) })
    const [diagram, a = '', b = ''] = sends
    const client = server.connect(diagram, { a, b }, reading)
    client.responses$.subscribe({ next: response => { seen.responses.push(response) }, error: () => undefined })
    const held$ = timer(1).pipe(map(() => { seen.held = client.heldBytes('output') }))
    expectObservable(held$).toBe('-(h|)', { h: undefined })
  }, { unanswered: true })
  return seen
}

/** Checks that an option has this value, given in the options or by default. */
type Check<T = number> = (options: ListenOptions, value: T) => unknown

/** Expects an event at a time from frame 0 on, two ticks later at most; no event where the time is 0. */
function expectAt(time: number, event: ConnectionEvent | undefined): void {
  if (time === 0) return expect(event).toBeUndefined()
  expect(event?.time).toBeGreaterThanOrEqual(time)
  expect(event?.time).toBeLessThanOrEqual(time + TWO_TICKS)
}

/** Checks a time limit that runs from frame 0, where the client sends `sent` and reads as `reads` says. */
function limit(name: string, handler: Handler, sent: string, more: ListenOptions & ClientOptions = {}): Check {
  const { reads = 'o', ...others } = more
  return (options, time) => {
    const { events } = play(handler, { ...others, ...options }, ['a', sent], { reads })
    expectAt(time, events.find(event => event.type === 'timeout' && event.limit === name))
  }
}

/** Checks a limit on the size of a head: the largest gets its response, and one that is larger by one 431. */
function largest(request: (size: number) => string): Check {
  return (options, size) => {
    const statuses = [size, size + 1].map(each => play(empty, options, ['a', request(each)]).responses[0].status)
    expect(statuses).toEqual([200, 431])
  }
}

/** Checks a limit on input: the server stops reading at `size`, and not at one byte less. */
function pausesAt(handler: Handler, sends: (size: number) => Sends): Check {
  return (options, size) => {
    const types = [size - 1, size].map(each => play(handler, options, sends(each)).events.map(({ type }) => type))
    expect(types.map(each => each.includes('pause'))).toEqual([false, true])
  }
}

/** Returns how many responses leave the connection open. */
function keptOpen({ responses }: Seen): number {
  return responses.filter(({ headers }) => headers['connection'] !== 'close').length
}

const TIMES: Record<string, Check> = {
  headersTimeout: limit('headersTimeout', empty, HEAD.slice(0, 9)),
  requestTimeout: limit('requestTimeout', reading, upload(5)),
  readTimeout: limit('readTimeout', reading, upload(5), { requestTimeout: 0 }),
  handlerTimeout: limit('handlerTimeout', silent, HEAD),
  sourceTimeout: limit('sourceTimeout', () => ({ body: concat(of('a'), NEVER) }), HEAD),
  errorHandlerTimeout: limit('errorHandlerTimeout', empty, 'GET\r\n\r\n', { errorHandler: () => undefined }),
  writeTimeout: limit('writeTimeout', () => ({ body: 'a' }), HEAD, { reads: 'x' }),
  keepAliveTimeout: limit('keepAliveTimeout', empty, HEAD),
  lingerTimeout: limit('lingerTimeout', empty, LAST),
  stalledAfter: (options, time) => {
    expectAt(time, play(silent, options, ['a', HEAD]).events.find(({ type }) => type === 'stalled'))
  },
  connectionsCheckingInterval: (options, interval) => {
    const { events } = play(empty, { ...options, headersTimeout: 1 }, ['-'])
    expect(events.find(({ type }) => type === 'timeout')).toMatchObject({ time: interval })
  },
  handshakeTimeout: async (options, time) => {
    const scheduler = new VirtualTimeScheduler()
    const server = await startTls(empty, { ...options, scheduler })
    const failures$ = new ReplaySubject<ConnectionEvent>()
    server.events$.pipe(filter(({ type }) => type === 'handshakeError')).subscribe(failures$)
    const failures: ConnectionEvent[] = []
    failures$.subscribe(event => { failures.push(event) })
    const silent = connect(portOf(server), '127.0.0.1').on('error', () => undefined)
    afterwards(() => silent.destroy())
    await once(silent, 'connect')
    // Sockets are accepted in order: when a later client is connected, the silent one is in its handshake.
    await tlsClient(server)
    pass(scheduler, time - 1)
    await tlsClient(server)
    expect(failures).toEqual([])
    pass(scheduler, 1 + TWO_TICKS)
    expect(await firstValueFrom(failures$)).toMatchObject({ reason: 'handshakeTimeout' })
  },
}

function pass(scheduler: VirtualTimeScheduler, ms: number): void {
  scheduler.maxFrames = scheduler.now() + ms
  scheduler.flush()
  scheduler.frame = scheduler.maxFrames
}

const manyFields = (count: number): string =>
  get('/', Object.fromEntries(Array.from({ length: count - 1 }, (_, index) => [`a${index}`, '1'])))

const SIZES: Record<string, Check> = {
  maxHeaderSize: largest(size => get(`/${'x'.repeat(size - HEAD.length)}`)),
  maxHeadersCount: largest(manyFields),
  readBufferSize: pausesAt(silent, size => ['a', upload(size)]),
  // The limit is exceeded by one byte.
  lingerBytes: pausesAt(empty, size => ['ab', LAST, 'x'.repeat(size + 1)]),
  drainLimit: (options, size) => {
    expect([size, size + 1].map(each => keptOpen(play(empty, options, ['a', upload(each)])))).toEqual([1, 0])
  },
  writeBufferSize: (options, size) => {
    const { events, held } = play(() => ({ body: 'x'.repeat(500) }), options, ['a', HEAD.repeat(500)], { reads: 'x' })
    const responses = events.filter(({ type }) => type === 'request').length
    expect(held).toBeGreaterThanOrEqual(size)
    expect(held - held / responses).toBeLessThan(size)
  },
  highWaterMark: (options, size) => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: ready$ => ready$.pipe(ignoreElements()) }), options).connect('a', { a: HEAD })
      expectObservable(client.ready$).toBe('r', { r: size })
    })
  },
  lowWaterMark: (options, size) => {
    for (const [second, ready] of [[size, 'r-r'], [size + 1, 'r---r']] as const) {
      marbles(({ serve, expectObservable }) => {
        // The client takes the first write and a part of the second, which is pending until it is taken whole.
        const client = serve(twoWrites(20_000, second), options)
          .connect('a', { a: HEAD, t: 20_500 }, { reads: 'x-t-o' })
        expectObservable(client.ready$.pipe(map(() => 'r'))).toBe(ready)
      })
    }
  },
  maxRequestsPerSocket: (options, most) => {
    const seen = play(empty, options, ['a', HEAD.repeat(1_000)])
    expect(seen.responses).toHaveLength(most === 0 ? 1_000 : most)
    expect(keptOpen(seen)).toBe(most === 0 ? 1_000 : most - 1)
  },
  maxConnections: (options, most) => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(empty, options)
      const clients = Array.from({ length: 500 }, () => server.connect('a', { a: HEAD }))
      const responses$ = merge(...clients.map(client => client.responses$)).pipe(takeUntil(timer(1)))
      expectObservable(responses$.pipe(count())).toBe('-(n|)', { n: most === 0 ? 500 : most })
    })
  },
}

/** A handler that writes `first` bytes of a response, and `second` bytes a millisecond later. */
function twoWrites(first: number, second: number): Handler {
  return reqd => {
    const headers = Headers.of({ 'content-length': String(first + second) })
    const subject = reqd.respondWithStreaming(Response.create(200, { headers }))
    subject.ready$.subscribe()
    subject.next('x'.repeat(first))
    timer(1).subscribe(() => { subject.next('x'.repeat(second)) })
    timer(10).subscribe(() => { subject.complete() })
  }
}

const SWITCHES: Record<string, Check<boolean>> = {
  allowHalfOpen: (options, isAllowed) => {
    const slow: Handler = () => timer(5).pipe(map(() => ({})))
    expect(play(slow, options, ['a-|', HEAD]).responses).toHaveLength(isAllowed ? 1 : 0)
  },
  keepAliveHint: (options, isGiven) => {
    const [{ headers }] = play(empty, options, ['a', HEAD]).responses
    expect(headers['keep-alive']).toBe(isGiven ? `timeout=${numberOf('keepAliveTimeout') / 1000}` : undefined)
  },
  trustProxy: (options, isTrusted) => {
    const [{ status }] = play(empty, options, ['a', requestText('GET', 'https://test/')]).responses
    expect(status).toBe(isTrusted ? 200 : 421)
  },
}

/** Values of sizes and counts that are not their defaults. */
const GIVEN: Record<string, number> = { maxConnections: 30, lowWaterMark: 3_000 }

/** Each option with its check, and with a value that is not its default. */
const CASES: (readonly [name: string, check: Check<never>, given: Documented])[] = [
  ...Object.entries(TIMES).map(([name, check]) => [name, check, 5_000] as const),
  ...Object.entries(SIZES).map(([name, check]) => [name, check, GIVEN[name] ?? 300] as const),
  ...Object.entries(SWITCHES).map(([name, check]) => [name, check, true] as const),
]

/** The default in the README; a half is half the high-water mark. */
function documented(name: string): Documented | undefined {
  const value = README.get(name)
  return value === 'half' ? numberOf('highWaterMark') / 2 : value
}

describe('the option', () => {
  it.each(CASES)('%s has its documented default', async (name, check) => {
    expect(defaultOfDocstring(name)).toBe(README.get(name))
    await check({}, documented(name) as never)
  })

  it.each(CASES)('%s has a given value', async (name, check, given) => {
    expect(given).not.toBe(documented(name))
    await check({ [name]: given }, given as never)
  })

  it.each(CASES)('%s has its default if it is undefined', async (name, check) => {
    await check({ [name]: undefined }, documented(name) as never)
  })

  it('is in the README if and only if it is checked here', () => {
    expect([...README.keys()].sort()).toEqual(CASES.map(([name]) => name).sort())
  })
})

describe('by default', () => {
  it('an error is answered with a short text', () => {
    const [response] = play(empty, {}, ['a', 'GET\r\n\r\n']).responses
    expect(response).toMatchObject({ status: 400, body: 'Bad Request\n' })
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8')
  })

  it('a response has the Date of the scheduler', () => {
    const [response] = play(empty, {}, ['a', HEAD]).responses
    expect(response.headers['date']).toBe('Thu, 01 Jan 1970 00:00:00 GMT')
  })
})
