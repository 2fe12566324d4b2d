/**
 * The actions of a test's client, and what it observes.
 */
import { describe, expect, it } from '@jest/globals'
import { filter, map, timer } from 'rxjs'
import { Headers } from '../../lib/message/headers.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import {
  BrokenResponseError, ConnectionResetError, get, like, marbles, post, requestText,
  type MarbleHelpers, type TestServer, type TestSocket,
} from '../../lib/testing/index.js'
import { ResponseParser } from '../../lib/testing/response-parser.js'
import { latin1 } from '../helpers/splits.js'

const HEAD = get('/')
const SUM = { sum: '1' }
const COOKIES = { 'set-cookie': ['a', 'b', 'c'] }
const DATE = 'Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n'

function hello({ serve }: MarbleHelpers): TestServer {
  return serve(() => ({ body: 'hello' }), { keepAliveTimeout: 0 })
}

describe('a client of a test', () => {
  it('connects at `^` and sends the values of its letters', () => {
    marbles(helpers => {
      const client = hello(helpers).connect('1s ^-a-(bc)', { a: HEAD.slice(0, 5), b: latin1(HEAD.slice(5)), c: HEAD })
      const types$ = client.events$.pipe(filter(({ type }) => ['open', 'bytesIn', 'request'].includes(type)))
      helpers.expectObservable(types$.pipe(map(({ type }) => type.charAt(0)))).toBe('1s o-b-(brbr)')
    })
  })
})

describe('the output that a client sees', () => {
  it('is available as text, as bytes and as responses', () => {
    marbles(helpers => {
      const client = hello(helpers).connect('a', { a: HEAD })
      const text = `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 5\r\n\r\nhello`
      helpers.expectObservable(client.output$).toBe('a', { a: text })
      helpers.expectObservable(client.chunks$).toBe('a', { a: latin1(text) })
      const response = { status: 200, reason: 'OK', version: 'HTTP/1.1', body: 'hello', bytes: latin1('hello') }
      helpers.expectObservable(client.responses$).toBe('a', { a: like({ ...response, trailers: {} }) })
    })
  })

  it('comes in pieces if it reads in pieces', () => {
    marbles(helpers => {
      const client = hello(helpers).connect('a', { a: HEAD, h: 8 }, { reads: 'x-h-(hh)--o' })
      const rest = ` OK\r\n${DATE}Content-Length: 5\r\n\r\nhello`
      helpers.expectObservable(client.output$).toBe('--a-(bc)--d', {
        a: 'HTTP/1.1', b: ' 200 OK\r', c: '\nDate: T', d: rest.slice(12),
      })
    })
  })

  it('is decoded across pieces', () => {
    marbles(({ serve, expectObservable }) => {
      const body = [latin1('\xc3'), latin1('\xbc')]
      const client = serve(() => ({ body, highWaterMark: 1 }), { keepAliveTimeout: 0 }).connect('a', { a: HEAD })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('a', { a: 'ü' })
    })
  })
})

describe('responses', () => {
  const cases: [string, string, Handler, object][] = [
    ['to HEAD', requestText('HEAD', '/'), () => ({ body: 'hello' }), { body: '', headers: { 'content-length': '5' } }],
    ['without a body', HEAD, () => ({ status: 204 }), { status: 204, body: '' }],
    ['in chunks, with trailers', HEAD, () => ({ body: ['a', 'b'], trailers: SUM }), { body: 'ab', trailers: SUM }],
    ['with a field several times', HEAD, () => ({ headers: COOKIES }), { headers: COOKIES }],
  ]
  it.each(cases)('%s', (_, request, handler, expected) => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(handler, { keepAliveTimeout: 0 }).connect('(ab)', { a: request, b: HEAD })
      expectObservable(client.responses$).toBe('(ab)', { a: like(expected), b: like({ version: 'HTTP/1.1' }) })
    })
  })

  it('may be close-delimited', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const body = cold('a-b|')
      const client = serve(() => ({ body }), { keepAliveTimeout: 0 }).connect('a', { a: HEAD.replace('1.1', '1.0') })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('---(a|)', { a: 'ab' })
    })
  })

  it('may be informational, before the final one', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => reqd.body.text().pipe(map(body => ({ body }))), { keepAliveTimeout: 0 })
      const client = server.connect('a-b', { a: post('/', 'abc', { Expect: '100-continue' }).slice(0, -3), b: 'abc' })
      expectObservable(client.responses$.pipe(map(r => r.status))).toBe('a-b', { a: 100, b: 200 })
    })
  })

  it('may be to CONNECT or an upgrade, after which the output is not HTTP', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => {
        reqd.respondWithUpgrade(Headers.empty, transport => {
          const socket = transport as TestSocket
          socket.on('data', data => { socket.write(`<${String(data)}>`) })
        })
      })
      const client = server.connect('a--b', { a: 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', b: 'ping' })
      expectObservable(client.output$).toBe('a--b', { a: `HTTP/1.1 200 OK\r\n${DATE}\r\n`, b: '<ping>' })
      expectObservable(client.responses$.pipe(map(r => r.status))).toBe('a', { a: 200 })
    })
  })

  it.each([
    ['nonsense', 'SMTP\r\n\r\n', 'not a status line: SMTP'],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx', "a body that can't be read: badChunk"],
  ])('are an error if they are malformed: %s', (_, output, message) => {
    expect(() => new ResponseParser(() => 'GET').push(latin1(output))).toThrow(message)
  })

  const halves = ['HTTP/1.1 2', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell']
  it.each(halves)('are an error if they are incomplete at the end: %j', output => {
    const parser = new ResponseParser(() => 'GET')
    expect(parser.push(latin1(output))).toEqual([])
    expect(() => parser.end()).toThrow(BrokenResponseError)
  })
})

describe('the end of a connection', () => {
  it('may be a half-close or a reset by the client', () => {
    marbles(helpers => {
      const server = hello(helpers)
      const [ended, broken] = [server.connect('--|'), server.connect('--#')]
      helpers.expectObservable(ended.closed$).toBe('--(c|)', { c: 'closed' })
      helpers.expectObservable(broken.closed$).toBe('--(r|)', { r: 'reset' })
      helpers.expectObservable(broken.output$).toBe('--#', {}, new ConnectionResetError())
    })
  })

  it('drops bytes that the client sends after it', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'x' }), { lingerTimeout: 1, connectionsCheckingInterval: 1 })
      const client = server.connect('a 3s b', { a: get('/', { Connection: 'close' }), b: HEAD })
      expectObservable(client.requests$).toBe('a', { a: like({ target: '/' }) })
    })
  })
})

describe('a server', () => {
  it('can be a pipeline of requests', () => {
    marbles(({ listen, expectObservable }) => {
      const server = listen({ keepAliveTimeout: 0 })
      server.connections$.subscribe(connection => {
        connection.requests$.subscribe(reqd => { timer(2).subscribe(() => { reqd.respond({ body: reqd.target }) }) })
      })
      const client = server.connect('-a', { a: get('/x') })
      expectObservable(client.responses$.pipe(map(r => r.body))).toBe('---a', { a: '/x' })
      expectObservable(server.requests$).toBe('-r', { r: like({ target: '/x', remoteAddress: 'client 1' }) })
      expectObservable(server.connections$.pipe(map(({ id }) => id))).toBe('a', { a: 1 })
      const opened$ = server.events$.pipe(filter(({ type }) => type === 'open'))
      expectObservable(opened$).toBe('a', { a: like({ connection: 1 }) })
    })
  })

  it('calls its own `onError` as well', () => {
    const errors: unknown[] = []
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => { throw new Error('oh') }, { onError: error => { errors.push(error) } })
      server.connect('a', { a: HEAD })
      expectObservable(server.errors$).toBe('a', { a: new Error('oh') })
    })
    expect(errors).toEqual([new Error('oh')])
  })
})

describe('diagrams of a client', () => {
  it('need values of the right type', () => {
    const numbers = (helpers: MarbleHelpers): unknown => hello(helpers).connect('a', { a: 1 })
    const texts = (helpers: MarbleHelpers): unknown => hello(helpers).connect('', { a: 'x' }, { reads: 'a' })
    expect(() => { marbles(numbers) }).toThrow("a in 'a' is 1, and not text or bytes")
    expect(() => { marbles(texts) }).toThrow("a in 'a' is 'x', and not a number of bytes")
  })
})
