/**
 * Asynchronous code in virtual time: found, and told what to do; no test hangs on it or passes because of it.
 */
import { describe, expect, it } from '@jest/globals'
import { concatMap, defer, from, map, of } from 'rxjs'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { AsyncCodeError, EndlessResponseError, get, marbles, post, UnansweredError } from '../../lib/testing/index.js'

const HEAD = get('/')
const later = (): Promise<string> => Promise.resolve('late')

async function* chunks(): AsyncGenerator<string> {
  await later()
  yield 'chunk'
}

describe('a handler that is asynchronous fails the test', () => {
  const handlers: [string, Handler][] = [
    ['an async function', async () => { await later(); return { body: 'x' } }],
    ['one that rejects', () => Promise.reject(new Error('no'))],
    ['an async generator', async function* () { await later(); yield { body: 'x' } }],
    ['an Observable with a promise inside', () => of(1).pipe(concatMap(later), concatMap(() => of({ body: 'x' })))],
    ['an Observable of a promise', () => defer(() => from(later())).pipe(concatMap(() => [{ body: 'x' }]))],
    ['a body that is an async iterable', () => ({ body: chunks() })],
    ['a body that is a web stream', () => ({ body: new ReadableStream<string>() })],
    ['a promise whose end it does not wait for', reqd => { void later().then(body => { reqd.respond({ body }) }) }],
    ['a promise whose failure it would swallow', () => { later().catch(() => undefined); return {} }],
  ]
  it.each(handlers)('if it is or returns %s', (_, handler) => {
    expect(() => {
      marbles(({ serve, expectObservable }) => {
        const client = serve(handler).connect('a', { a: HEAD })
        expectObservable(client.output$).toBe('')
      })
    }).toThrow(AsyncCodeError)
  })

  it('with a message that names marblesAsync', () => {
    expect(() => { marbles(({ serve }) => { serve(() => Promise.resolve({})).connect('a', { a: HEAD }) }) })
      .toThrow(/handler of GET \/ returned a promise.*marblesAsync.*return an Observable/)
  })

  it('if its promise is out of sight, because the request stays unanswered', () => {
    const handler: Handler = reqd => {
      const respond = async (): Promise<void> => {
        await Promise.resolve()
        reqd.respond({ body: 'too late' })
      }
      void respond()
    }
    expect(() => { marbles(({ serve }) => { serve(handler).connect('a', { a: HEAD }) }) }).toThrow(UnansweredError)
  })
})

describe('a test that is asynchronous', () => {
  it('fails with an error', () => {
    expect(() => { marbles(async () => { await later() }) }).toThrow('The test function returned a promise')
  })
})

describe('promises', () => {
  it('work again after a test, failed or not', async () => {
    expect(() => { marbles(() => { void later().then(() => undefined) }) }).toThrow(AsyncCodeError)
    expect(await later().then(text => text.length)).toBe(4)
  })

  it('do not hide another failure', () => {
    expect(() => { marbles(() => { throw new Error('mine') }) }).toThrow('mine')
  })
})

describe('an endless response', () => {
  it('fails the test if the client reads all of it, because time would stand still', () => {
    const endless = function* (): Generator<Uint8Array> { for (;;) yield new Uint8Array(65_536) }
    expect(() => {
      marbles(({ serve }) => { serve(() => ({ body: endless() })).connect('a', { a: HEAD }) })
    }).toThrow(EndlessResponseError)
  })
})

describe('a request body echoed as the response', () => {
  const echo: Handler = reqd => ({ body: reqd.body })

  it('needs no promise, and runs within one call', () => {
    const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
    marbles(({ serve, expectObservable }) => {
      const client = serve(echo, { keepAliveTimeout: 0 }).connect('a-b', { a: post('/', 'hello'), b: chunked })
      expectObservable(client.responses$.pipe(map(({ body }) => body))).toBe('a-b', { a: 'hello', b: 'abc' })
    })
  })

  it('arrives in pieces at a slow client', () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n'
    const half = 'x'.repeat(100_000)
    marbles(({ serve, expectObservable }) => {
      const server = serve(echo, { keepAliveTimeout: 0 })
      const client = server.connect('h-a-a', { h: head, a: half }, { reads: 'x----o' })
      expectObservable(client.responses$.pipe(map(({ body }) => body))).toBe('-----r', { r: half + half })
      expectObservable(client.pauses$).toBe('--p--r', { p: 'pause', r: 'resume' })
    })
  })
})
