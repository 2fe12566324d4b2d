/**
 * What failures say, whole: letters without a value, matchers and what they contain, demand that nobody answers, and
 * the errors of the kit. Those of diagrams are in expectations.spec.ts, those of what is waited for in waiting.spec.ts.
 */
import { describe, expect, it } from '@jest/globals'
import { concatMap, defer, from, NEVER, of, startWith, timer } from 'rxjs'
import { Response } from '../../lib/message/response.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import {
  ConnectionResetError, everySplit, get, like, marbles, marblesAsync, replay, type Capture, type MarbleHelpers,
} from '../../lib/testing/index.js'

const HEAD = get('/')

/** The name and the message of what is thrown. */
function failureOf(run: () => void): string {
  try {
    run()
  } catch (error) {
    return String(error)
  }
  return ''
}

async function asyncFailureOf(test: (helpers: MarbleHelpers) => unknown): Promise<string> {
  return marblesAsync(test, { until: 100 }).then(() => '', String)
}

describe('a letter without a value is named', () => {
  it.each<[string, string, (helpers: MarbleHelpers) => void]>([
    ['what a client sends', "b in 'a-b' has no value", ({ serve }) => {
      serve(() => ({})).connect('a-b', { a: HEAD })
    }],
    ['where nothing has one', "a in '--a' has no value", ({ serve }) => { serve(() => ({})).connect('--a') }],
    ['how a client reads', "n in 'x-n' has no value", ({ serve }) => {
      serve(() => ({})).connect('a', { a: HEAD }, { reads: 'x-n' })
    }],
    ['behind the start of a client', "c in '-^-c' has no value", ({ serve }) => { serve(() => ({})).connect('-^-c') }],
    ['a WebSocket', "m in '-m' has no value", ({ webSocket }) => { webSocket(() => undefined, '-m') }],
    ['a cold Observable', "c in 'a-c|' has no value", ({ cold }) => { cold('a-c|', { a: 1 }) }],
    ['a hot Observable', "c in '^a-c|' has no value", ({ hot }) => { hot('^a-c|', { a: 1 }) }],
    ['an expectation', "c in 'a-c' has no value", ({ cold, expectObservable }) => {
      expectObservable(cold('a')).toBe('a-c', { a: 'a' })
    }],
    ['of another kind: sent', "a in 'a' is 5, and not text or bytes", ({ serve }) => {
      serve(() => ({})).connect('a', { a: 5 })
    }],
    ['of another kind: read', "a in 'a' is 'GET', and not a number of bytes", ({ serve }) => {
      serve(() => ({})).connect('a', { a: 'GET' }, { reads: 'a' })
    }],
  ])('in %s', (_, message, test) => {
    expect(failureOf(() => { marbles(test) })).toBe(`MarbleError: ${message}`)
  })

  it('even if it is the name of a property of every object', () => {
    expect(failureOf(() => { marbles(({ serve }) => { serve(() => ({})).connect('a', Object.create({ a: HEAD })) }) }))
      .toBe("MarbleError: a in 'a' has no value")
  })
})

describe('a matcher in a failure message', () => {
  const custom = { asymmetricMatch: () => false }
  class Even { asymmetricMatch(): boolean { return false } }

  it.each<[string, unknown]>([
    ['ObjectContaining { status: 201, body: StringMatching /x/ }', expect.objectContaining({
      status: 201, body: expect.stringMatching(/x/),
    })],
    ['ObjectNotContaining { status: 200 }', expect.not.objectContaining({ status: 200 })],
    ["ArrayContaining ['a', Any Number]", expect.arrayContaining(['a', expect.any(Number)])],
    ["StringContaining 'x'", expect.stringContaining('x')],
    ['Any String', expect.any(String)],
    ['NumberCloseTo 3 to 2 digits', expect.closeTo(3, 2)],
    ["ObjectContaining { headers: like { server: 'x' } }", expect.objectContaining({ headers: like({ server: 'x' }) })],
    ['Even', new Even()],
    ['Object', custom],
  ])('is printed as %s', (text, matcher) => {
    expect(failureOf(() => {
      marbles(({ cold, expectObservable }) => { expectObservable(cold('-a', { a: 5 })).toBe('-r', { r: matcher }) })
    })).toBe([
      'MarbleError: the Observable: not as expected at frame 1', '',
      '  expected  -r', '  actual    -A',
      `             ^ frame 1: r differs: expected ${text}, received 5`, '',
      `  r = ${text}`, '  A = 5 (came)',
    ].join('\n'))
  })

  it('that accepts anything is equal', () => {
    marbles(({ cold, expectObservable }) => { expectObservable(cold('a')).toBe('r', { r: expect.anything() }) })
  })
})

describe('demand that is never answered', () => {
  const never = (): Promise<never> => new Promise(() => undefined)
  const handlers: [string, string, Handler][] = [
    ['ready$', '16384 bytes at frame 1', () => ({ body: ready$ => ready$.pipe(concatMap(() => NEVER)) })],
    ['a subject', '16384 bytes at frame 1', reqd => { reqd.respondWithStreaming(Response.create(200)) }],
    ['an async generator', 'its next chunk at frame 4', () => ({ body: (async function* () {
      yield await new Promise<string>(resolve => { timer(3).subscribe(() => { resolve('x') }) })
      await never()
    })() })],
    ['a web stream', 'its next chunk at frame 1', () => ({ body: new ReadableStream<string>({ pull: never }) })],
  ]

  it.each(handlers)('is reported with its request and amount: %s', async (_, asked, handler) => {
    const failure = await asyncFailureOf(({ serve, expectObservable }) => {
      const client = serve(handler).connect('-a', { a: get('/slow') })
      expectObservable(client.closed$).toBe('--c')
    })
    expect(failure).toBe([
      'MarbleError: client 1, closed$: not as expected at frame 2', '',
      '  expected  --c', '  actual    ---',
      '              ^ frame 2: expected c, which never came', '',
      `The source of the response to GET /slow (client 1) was asked for ${asked}, and has not answered`,
    ].join('\n'))
  })

  it.each<[string, Handler]>([
    ['answered', () => ({ body: ready$ => ready$.pipe(concatMap(wanted => [new Uint8Array(wanted - 1)])) })],
    ['answered by a subject', reqd => { reqd.respondWithStreaming(Response.create(200)).write('x'.repeat(20_000)) }],
    ['of a response that is over', () => ({ body: async function* () { yield await Promise.resolve('x') }() })],
    ['of an iterator that answers at once', () => ({ body: {
      [Symbol.asyncIterator]: () => ({ next: () => ({ done: true, value: undefined }) as never }),
    } })],
  ])('is not reported: %s', async (_, handler) => {
    expect(await asyncFailureOf(({ serve, expectObservable }) => {
      const client = serve(handler).connect('a', { a: HEAD }, { reads: 'x' })
      expectObservable(client.closed$).toBe('--c')
    })).not.toContain('asked')
  })
})

describe('the errors of the kit', () => {
  const wayOut = 'which can\'t happen within one call. `marbles` runs within one synchronous call: promises, `await`, '
    + 'async generators, streams, real timers and callbacks of I/O go on only after it. `await marblesAsync(test)` '
    + 'runs the same test with promises. Or return an Observable (`reqd.body.json()` is one as well: pipe it, do not '
    + 'await it).'
  const later = (): Promise<string> => Promise.resolve('late')

  it.each<[string, (helpers: MarbleHelpers) => unknown]>([
    [`The handler of GET / returned a promise, ${wayOut}`, ({ serve }) => {
      serve(async () => { await later(); return {} }).connect('a', { a: HEAD })
    }],
    [`The handler of GET / returned an async iterable or a stream, ${wayOut}`, ({ serve }) => {
      serve(async function* () { await later(); yield {} }).connect('a', { a: HEAD })
    }],
    [`The response to GET / is pulled with promises, ${wayOut}`, ({ serve }) => {
      serve(() => ({ body: new ReadableStream<string>() })).connect('a', { a: HEAD })
    }],
    [`A promise was waited for, ${wayOut}`, ({ serve }) => {
      serve(() => defer(() => from(later())).pipe(concatMap(() => of({})))).connect('a', { a: HEAD })
    }],
    [`The test function returned a promise, ${wayOut}`, () => later()],
  ])('include AsyncCodeError: %s', (message, test) => {
    expect(failureOf(() => { marbles(test) })).toBe(`AsyncCodeError: ${message}`)
  })

  it('include UnansweredError, of a synchronous run', () => {
    const test = ({ serve }: MarbleHelpers): void => { serve(() => NEVER).connect('a', { a: HEAD }) }
    expect(failureOf(() => { marbles(test, { until: 9 }) })).toBe(
      'UnansweredError: Nobody has answered GET / up to the end of virtual time (frame 0). A handler that waits for '
      + 'promises, real timers or callbacks of I/O can\'t go on here: return an Observable, run the test with '
      + 'marblesAsync, or in real time. Where a request is meant to stay unanswered: { unanswered: true }.')
  })

  it('include EndlessResponseError', () => {
    const endless = function* (): Generator<Uint8Array> { for (;;) yield new Uint8Array(65_536) }
    const test = ({ serve }: MarbleHelpers): void => { serve(() => ({ body: endless() })).connect('a', { a: HEAD }) }
    expect(failureOf(() => { marbles(test) })).toBe(
      'EndlessResponseError: A response wrote more than 64 MiB within one frame, because its source never ends and '
      + 'the client reads all of it. Limit the source, or what the client reads: connect(…, { reads: \'a\' }) with '
      + '{ a: 65536 }.')
  })

  it('include EndlessResponseError, of an async generator', async () => {
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield await Promise.resolve(new Uint8Array(1024 * 1024))
    }
    expect(await asyncFailureOf(({ serve }) => { serve(() => ({ body: endless() })).connect('a', { a: HEAD }) }))
      .toMatch(/^EndlessResponseError: /)
  })

  it('include ConnectionResetError', () => {
    expect(String(new ConnectionResetError())).toBe('ConnectionResetError: the client reset the connection')
    expect(String(new ConnectionResetError('server'))).toBe('ConnectionResetError: the server reset the connection')
  })

  it('include BrokenResponseError', () => {
    const failures: string[] = []
    marbles(({ serve }) => {
      const server = serve(() => ({ body: NEVER.pipe(startWith('x')) }))
      const client = server.connect('a-|', { a: HEAD })
      client.responses$.subscribe({ error: error => failures.push(String(error)) })
    })
    expect(failures).toEqual(['BrokenResponseError: the output ended within a response'])
  })

  it('include ReplayError', () => {
    const date = new Date(0).toUTCString()
    const capture: Capture = { format: 'httprx-capture', version: 2, entries: [
      { at: 0, type: 'in', text: HEAD },
      { at: 0, type: 'out', text: `HTTP/1.1 200 OK\r\nDate: ${date}\r\nContent-Length: 1\r\n\r\nx` },
    ] }
    expect(failureOf(() => { replay(capture, () => ({ body: 'y' })) })).toBe(
      'ReplayError: The output is not what was recorded, from byte 76 on, in response 1:\n'
      + '  recorded  …\'se)    \\r\\nContent-Length: 1\\r\\n\\r\\nx\'\n'
      + '  now       …\'se)    \\r\\nContent-Length: 1\\r\\n\\r\\ny\'\n\n'
      + '  client      a 65999ms -\n'
      + '  then        A 65999ms -\n'
      + '  now         B 65999ms |\n\n'
      + '  a = GET /\n'
      + '  A = \'HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n\\r\\nx\'\n'
      + '  B = \'HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n\\r\\ny\'\n\n'
      + 'GET /: 200 after 0 ms, then and now')
  })

  it('include SplitError', () => {
    expect(failureOf(() => { everySplit('abc', pieces => pieces.length > 1) })).toBe(
      'SplitError: byte by byte, it is not what it is in one piece: expected false, received true')
    expect(failureOf(() => { everySplit('abc', pieces => { if (pieces.length > 1) throw new Error('cut') }) })).toBe(
      'SplitError: byte by byte: cut')
    expect(failureOf(() => { void everySplit('abc', later) })).toBe(
      'TypeError: everySplit needs the result itself, not a promise of it')
  })
})
