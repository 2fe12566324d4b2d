/**
 * Every form of a response body, from a handler to a real client.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { concat, from, map, mergeMap, type Observable, of, Subject, takeWhile, throwError } from 'rxjs'
import type { Chunk } from '../../lib/demand/chunk.js'
import { pulled } from '../../lib/demand/pages.js'
import type { BodySource, Reply } from '../../lib/reactive/reply.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { ask, connect, signal, start } from '../helpers/net.js'

const LINES = Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`)
const TEXT = LINES.join('')
const BYTES = Buffer.from(TEXT)

function* generated(): Generator<Chunk> {
  for (const line of LINES) yield line
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source that has nothing to wait for
async function* generatedLater(): AsyncGenerator<Chunk> {
  for (const line of LINES) yield Buffer.from(line)
}

function webStream(): BodySource {
  let at = 0
  return new ReadableStream<Chunk>({
    pull: controller => {
      if (at < LINES.length) controller.enqueue(LINES[at++])
      else controller.close()
    },
  }) as BodySource
}

function drivenBy(ready$: Observable<number>): Observable<Chunk> {
  let at = 0
  return ready$.pipe(map(() => LINES.at(at++) ?? ''), takeWhile(line => line !== ''))
}

function pages(): BodySource {
  let at = 0
  return pulled(wanted => {
    const page = LINES.slice(at, at += Math.ceil(wanted / 10))
    return page.length > 0 ? page : null
  })
}

const SOURCES: Record<string, () => BodySource> = {
  'a string': () => TEXT,
  'bytes': () => BYTES,
  'an array': () => LINES,
  'a generator': generated,
  'an async generator': generatedLater,
  'a web stream': webStream,
  'a Node stream': () => Readable.from(LINES),
  'a Node stream of bytes': () => Readable.from([BYTES.subarray(0, 100_000), BYTES.subarray(100_000)]),
  'an Observable, buffered': () => from(LINES),
  'a function of demand': () => drivenBy,
  'pages': pages,
  'slow pages': () => {
    let at = 0
    return pulled(() => Promise.resolve(at > LINES.length ? null : LINES.slice(at, at += 1000)))
  },
}

function replyWith(body: BodySource): Reply {
  return { body, overflow: { bufferBytes: TEXT.length } }
}

describe.each(Object.entries(SOURCES))('a body that is %s', (_, source) => {
  it('arrives whole', async () => {
    const server = await start(() => replyWith(source()))
    const answer = await ask(server)
    expect(answer.isComplete).toBe(true)
    expect(answer.body === TEXT).toBe(true)
  })

  it('arrives whole in HTTP/1.0, close-delimited', async () => {
    const server = await start(() => replyWith(source()))
    const client = await connect(server)
    const received = await client.send('GET / HTTP/1.0\r\n\r\n').all()
    expect(received.slice(received.indexOf('\r\n\r\n') + 4) === TEXT).toBe(true)
  })

  it('is not begun for HEAD', async () => {
    const server = await start(() => replyWith(source()))
    const client = await connect(server)
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const received = await client.all()
    expect(received.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2)
    expect(received).not.toContain('line')
    expect(server.errors).toEqual([])
  })
})

describe('a streamed body', () => {
  it('has no length, and has the trailers of the reply', async () => {
    const lines: string[] = []
    const server = await start(() => ({
      body: (function* () { for (const line of ['a', 'b']) { lines.push(line); yield line } })(),
      trailers: () => ({ 'X-Count': lines.length }),
    }))
    const { headers, trailers, body } = await ask(server, { headers: { te: 'trailers' } })
    expect(headers['transfer-encoding']).toBe('chunked')
    expect(headers['content-length']).toBeUndefined()
    expect(body).toBe('ab')
    expect(trailers).toEqual({ 'x-count': '2' })
  })

  it('may have trailers if it is a string, or empty', async () => {
    const server = await start(({ target }) => ({ ...target === '/s' && { body: 'text' }, trailers: { 'X-A': 'b' } }))
    expect(await ask(server, { path: '/s' })).toMatchObject({ body: 'text', trailers: { 'x-a': 'b' } })
    expect(await ask(server)).toMatchObject({ body: '', trailers: { 'x-a': 'b' } })
  })

  it.each<[string, (reqd: Reqd) => BodySource]>([
    ['an array', () => ['abc', 'def']],
    // eslint-disable-next-line @typescript-eslint/require-await -- a source that has nothing to wait for
    ['an async generator', async function* () { yield 'abc'; yield 'def' }],
    ['an Observable', () => of('abc', 'def')],
    ['a request body', ({ body }) => body],
  ])('has the Content-Length of the reply, and is cut if %s is longer or shorter', async (_, source) => {
    const server = await start(reqd => ({ headers: { 'Content-Length': reqd.target.slice(1) }, body: source(reqd) }))
    const answer = async (path: string): Promise<unknown> => {
      const client = await connect(server)
      client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc`)
      client.send('def')
      await Promise.race([client.ended, client.receives('abcdef').catch(() => undefined)])
      if (path !== '/6') await client.ended
      return /\r\n\r\n([^]*)$/.exec(client.received)?.[1]
    }
    expect(await answer('/6')).toBe('abcdef')
    expect(server.errors).toEqual([])
    expect(await answer('/7')).toBe('abcdef')
    expect(server.errors).toMatchObject([{ code: 'bodyTooShort' }])
    expect(await answer('/4')).not.toBe('abcdef')
    expect(server.errors).toMatchObject([{ code: 'bodyTooShort' }, { code: 'bodyTooLong' }])
  })

  it('is cut if its source fails, so that no client takes it for complete', async () => {
    const failure = new Error('no more')
    const server = await start(() => ({ body: (function* () { yield 'some'; throw failure })() }))
    expect(await ask(server)).toMatchObject({ body: 'some', isComplete: false })
    expect(server.errors).toEqual([failure])
  })

  it('is not sent, or cut by a reset, if it is close-delimited and fails', async () => {
    const failure = new Error('no more')
    const sent = new Subject<void>()
    const server = await start(({ target }) => {
      if (target === '/now') return { body: (function* () { yield 'some'; throw failure })() }
      return { body: concat(of('some'), sent.pipe(mergeMap(() => throwError(() => failure)))) }
    })
    const early = await connect(server)
    await expect(early.send('GET /now HTTP/1.0\r\n\r\n').ended).resolves.toBe('end')
    expect(early.received).toBe('')
    const late = await connect(server)
    await late.send('GET /late HTTP/1.0\r\n\r\n').receives('some')
    sent.next()
    await expect(late.ended).resolves.toBe('broken')
    expect(server.errors).toEqual([failure, failure])
  })

  it.each<[string, (failure: Error) => BodySource]>([
    // eslint-disable-next-line require-yield -- a source that fails at once
    ['a generator', function* (failure) { throw failure }],
    // eslint-disable-next-line require-yield, @typescript-eslint/require-await -- a source that fails at once
    ['an async generator', async function* (failure) { throw failure }],
    ['a web stream', failure => new ReadableStream({ start: it => { it.error(failure) } }) as BodySource],
    ['a Node stream', failure => new Readable({ read() { this.destroy(failure) } })],
    ['an Observable', failure => throwError(() => failure)],
    ['a function that throws', failure => () => { throw failure }],
  ])('is answered with 500 if %s fails before its first chunk', async (_, source) => {
    const failure = new Error('nothing')
    const server = await start(() => ({ body: source(failure) }))
    expect(await ask(server)).toMatchObject({ status: 500, body: 'Internal Server Error\n', isComplete: true })
    expect(server.errors).toEqual([failure])
  })

  it.each<[string, unknown]>([
    ['a number', 5], ['an object', {}], ['a list of numbers', [1]], ['a list of null', [null]],
  ])('is answered with 500 if it is %s', async (_, body) => {
    const server = await start(() => ({ body: body as BodySource }))
    expect(await ask(server)).toMatchObject({ status: 500, isComplete: true })
    expect(server.errors).toMatchObject([{ name: 'TypeError' }])
  })

  it('is received by curl', async () => {
    const server = await start(() => ({ body: generated() }))
    const { stdout } = await promisify(execFile)('curl', ['-sS', server.url], { maxBuffer: 1e7 })
    expect(stdout === TEXT).toBe(true)
  })
})

describe('a stream that is not read', () => {
  it('is released if the response has no body', async () => {
    const readable = new PassThrough()
    const cancelled = signal<unknown>()
    const stream = new ReadableStream({ cancel: reason => { cancelled.resolve(reason) } }) as BodySource
    const server = await start(({ target }) => ({ status: 304, body: target === '/node' ? readable : stream }))
    const closed = once(readable, 'close')
    await ask(server, { path: '/node' })
    await closed
    await ask(server, { path: '/web' })
    await cancelled.promise
  })

  it('is released if the reply is not valid', async () => {
    const readable = new PassThrough()
    const closed = once(readable, 'close')
    const server = await start(() => ({ status: 99, body: readable }))
    expect(await ask(server)).toMatchObject({ status: 500 })
    await closed
  })

  it('is released if the client left before the reply', async () => {
    const readable = new PassThrough()
    const closed = once(readable, 'close')
    const begun = signal()
    const gone = signal()
    const server = await start(async reqd => {
      reqd.aborted$.subscribe({ next: gone.resolve })
      begun.resolve()
      await gone.promise
      reqd.respond({ body: readable })
      return {}
    })
    const client = await connect(server)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await begun.promise
    client.reset()
    await closed
    expect(server.errors).toEqual([])
  })
})
