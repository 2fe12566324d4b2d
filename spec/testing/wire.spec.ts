/**
 * The wire of a test is that of a real socket: reads of 64 KiB, pauses, ends and resets on both sides, and writes that
 * are taken at once or later.
 */
import { describe, expect, it } from '@jest/globals'
import {
  EMPTY, filter, firstValueFrom, from, ignoreElements, interval, map, NEVER, scan, take, timer,
} from 'rxjs'
import { Response } from '../../lib/message/response.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { sse } from '../../lib/sse/index.js'
import {
  ConnectionResetError, get, marbles, marblesAsync, post, webSocketClose, webSocketHandshake, webSocketMessage,
  type MarbleOptions, type TestClient,
} from '../../lib/testing/index.js'
import { upgradeWebSocket } from '../../lib/ws/index.js'

const HEAD = get('/')
const NO_WAIT = { keepAliveTimeout: 0 }
const RUNS: [string, (test: Parameters<typeof marbles>[0], options?: MarbleOptions) => unknown][] = [
  ['marbles', marbles], ['marblesAsync', marblesAsync],
]

function readsOf(client: TestClient): ReturnType<typeof client.events$.pipe> {
  return client.events$.pipe(filter(event => event.type === 'bytesIn'), map(event => event.count))
}

describe.each(RUNS)('%s: a letter of 250 KB', (_, run) => {
  const body = new Uint8Array(250_000)
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 250000\r\n\r\n'

  it('arrives in reads of 64 KiB, in the frame in which it is sent', async () => {
    await run(({ serve, expectObservable }) => {
      const server = serve(reqd => reqd.body.bytes$.pipe(
        scan((count, bytes) => count + bytes.length, 0), filter(count => count === 250_000), take(1),
        map(count => ({ body: String(count) }))), NO_WAIT)
      const client = server.connect('-ab', { a: head, b: body })
      expectObservable(readsOf(client)).toBe('-a(bbbc)', { a: 52, b: 65_536, c: 53_392 })
      expectObservable(client.responses$.pipe(map(response => response.body))).toBe('--r', { r: '250000' })
    })
  })

  it('waits with the socket paused while a handler does not read it', async () => {
    await run(({ serve, expectObservable }) => {
      const server = serve(reqd => reqd.body.concatMap(() => timer(10)).pipe(ignoreElements()), NO_WAIT)
      const client = server.connect('(ab)', { a: head, b: body })
      expectObservable(client.pauses$.pipe(take(3))).toBe('p 9ms (rp|)', { p: 'pause', r: 'resume' })
      expectObservable(readsOf(client).pipe(take(4))).toBe('(ab)------b 9ms (b|)', { a: 52, b: 65_536 })
    }, { unanswered: true, until: 100 })
  })

  it('is lost after a reset', async () => {
    await run(({ serve, expectObservable }) => {
      const client = serve(() => NEVER).connect('ab-#', { a: head, b: body })
      expectObservable(client.aborts$).toBe('---a', { a: '/' })
      expectObservable(client.closed$).toBe('---(r|)', { r: 'reset' })
    })
  })
})

describe.each(RUNS)('%s: ends and resets', (_, run) => {
  it('come from the client: | and #, and a reset after a half-close', async () => {
    await run(({ serve, expectObservable }) => {
      const server = serve(() => NEVER, { allowHalfOpen: true })
      const client = server.connect('a-|-#', { a: HEAD })
      expectObservable(client.events$.pipe(filter(event => event.type === 'inputEnd'), map(() => 'e'))).toBe('--e')
      expectObservable(client.closed$).toBe('----(r|)', { r: 'reset' })
      expectObservable(client.output$).toBe('----#', {}, new ConnectionResetError('client'))
    }, { unanswered: true })
  })

  it('come from the client after its half-close: writers learn of it, at once or later', async () => {
    await run(({ serve, expectObservable }) => {
      const body = timer(3).pipe(map(() => 'x'.repeat(100)))
      const server = serve(reqd => ({ body: reqd.target === '/' ? 'y'.repeat(100) : body }), { allowHalfOpen: true })
      const waiting = server.connect('a-|-#', { a: HEAD }, { reads: 'x' })
      const later = server.connect('a-(|#)', { a: get('/later') })
      expectObservable(waiting.events$.pipe(filter(event => event.type === 'close'), map(() => 'c'))).toBe('----c')
      expectObservable(later.events$.pipe(filter(event => event.type === 'close'), map(() => 'c'))).toBe('---c')
    })
  })

  it('come from the server: the end of the output, and a reset that is named', async () => {
    await run(({ serve, expectObservable }) => {
      const server = serve(reqd => reqd.target === '/' ? {} : { body: NEVER }, NO_WAIT)
      timer(4).subscribe(() => { server.close({ graceMs: 1 }) })
      const ended = server.connect('a--|', { a: get('/', { Connection: 'close' }) })
      const cut = server.connect('-a', { a: get('/cut') })
      expectObservable(ended.output$.pipe(map(() => 'o'))).toBe('(o|)')
      expectObservable(ended.closed$).toBe('---(c|)', { c: 'closed' })
      expectObservable(cut.closed$).toBe('-----(r|)', { r: 'reset' })
      expectObservable(cut.output$.pipe(filter(() => false))).toBe('-----#', {}, new ConnectionResetError('server'))
    })
  })
})

describe('a transport that completes writes later, as TLS does', () => {
  const handlers: [string, Handler][] = [
    ['text', () => ({ body: 'x' })],
    ['an iterable', () => ({ body: Array.from({ length: 50 }, () => 'x'.repeat(3_000)) })],
    ['an Observable', () => ({ body: interval(3).pipe(take(4), map(i => `${i}`)) })],
    ['a burst of an Observable', () => ({ body: from(Array.from({ length: 100 }, () => 'y'.repeat(4_000))) })],
    ['demand', () => ({ body: ready$ => ready$.pipe(take(5), map(wanted => 'z'.repeat(wanted))) })],
    ['an echo', reqd => ({ body: reqd.body })],
    ['SSE', () => sse(from([{ data: 'a' }, { data: 'b' }]))],
    ['an error', () => EMPTY],
    ['an async generator', () => ({ body: (async function* () { yield await firstValueFrom(timer(2)) })() as never })],
    ['upgrade', reqd => { const socket = upgradeWebSocket(reqd); socket.messages$.subscribe(socket) }],
  ]

  /** The output of one run. */
  async function outputOf(handler: Handler, options: MarbleOptions): Promise<string> {
    let output = ''
    await marblesAsync(({ serve }) => {
      const server = serve(handler, NO_WAIT)
      const isUpgrade = String(handler).includes('upgradeWebSocket')
      const client = isUpgrade
        ? server.connect('abc', { a: webSocketHandshake('/'), b: webSocketMessage('hi'), c: webSocketClose() })
        : server.connect('ab', { a: post('/', 'abcdef').slice(0, -3), b: 'def' })
      client.output$.subscribe({ next: text => { output += text }, error: () => undefined })
    }, options)
    return output
  }

  it.each(handlers)('receives the same from %s', async (_, handler) => {
    const atOnce = await outputOf(handler, {})
    expect(atOnce).toMatch(/^HTTP/)
    expect(await outputOf(handler, { takes: 'later' })).toBe(atOnce)
  })

  it('can be chosen for one client, whose writes stay pending for an event longer', () => {
    const waits: boolean[] = []
    marbles(({ serve }) => {
      const server = serve(reqd => {
        const body = reqd.respondWithStreaming(Response.create(200))
        waits.push(body.write('x'.repeat(20_000)), body.write('y'))
        body.complete()
      })
      server.connect('a', { a: HEAD }, { takes: 'later' })
      server.connect('-a', { a: HEAD }, { takes: 'at once' })
    })
    expect(waits).toEqual([false, false, false, false])
  })

  it('waits for a client that reads slowly as well', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'x'.repeat(10_000) }), NO_WAIT)
        .connect('a', { a: HEAD }, { reads: 'x--o', takes: 'later' })
      expectObservable(client.responses$.pipe(map(response => response.body.length))).toBe('---r', { r: 10_000 })
    })
  })

  it('does not call back after its end', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: NEVER }), NO_WAIT)
      const client = server.connect('a(b#)', { a: HEAD, b: HEAD }, { takes: 'later' })
      expectObservable(client.closed$).toBe('-(r|)', { r: 'reset' })
    })
  })
})
