/**
 * Any body as an Observable, an asynchronous iterator or a web stream: the same bytes on demand, its errors, and its
 * end, whichever side ends first.
 */
import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { EMPTY, finalize, from, map, NEVER, of, Subject, takeWhile, throwError, toArray, type Observable } from 'rxjs'
import { concatMap } from '../../../lib/demand/flattening.js'
import { fromSource } from '../../../lib/demand/from-source.js'
import { pulled } from '../../../lib/demand/pages.js'
import { fromPublisher, toPublisher } from '../../../lib/demand/reactive-streams/publisher.js'
import { BackpressureError } from '../../../lib/errors.js'
import { serve } from '../../../lib/index.js'
import type { BodySource, Reply } from '../../../lib/reactive/reply.js'
import { fromBody, toAsyncIterable, toReadableStream } from '../../../lib/reactive/response-body/body-streams.js'
import { Stage } from '../../helpers/fake-transport.js'
import { get } from '../../helpers/runtime.js'

const CHUNKS = ['één', '', 'two', new Uint8Array([33, 33]), '']
const TEXT = 'ééntwo!!'

/** A source that counts its chunks, and how often it was ended. */
class Counted {
  given = 0
  ended = 0
  private readonly chunks: readonly (string | Uint8Array)[]

  constructor(chunks: readonly (string | Uint8Array)[]) {
    this.chunks = chunks
  }

  * [Symbol.iterator](): Generator<string | Uint8Array> {
    try {
      for (const chunk of this.chunks) {
        this.given++
        yield chunk
      }
    } finally {
      this.ended++
    }
  }

  async *later(): AsyncGenerator<string | Uint8Array> {
    for (const chunk of this) {
      await Promise.resolve()
      yield chunk
    }
  }

  get stream(): ReadableStream<string | Uint8Array> {
    const all = this[Symbol.iterator]()
    return new ReadableStream({
      pull(controller) {
        const { done, value } = all.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel() { all.return(undefined) },
    }, { highWaterMark: 0 })
  }

  get pages(): Observable<string | Uint8Array> {
    const all = this[Symbol.iterator]()
    return pulled<string | Uint8Array>(() => {
      const { done, value } = all.next()
      return done === true ? null : [value]
    }).pipe(finalize(() => { all.return(undefined) }))
  }
}

const FORMS: Record<string, (source: Counted) => BodySource> = {
  'an iterable': source => source[Symbol.iterator](),
  'an async iterable': source => source.later(),
  'a web stream': source => source.stream,
  'a Node stream': source => Readable.from(source.later(), { objectMode: true, highWaterMark: 1 }),
  'pages': source => source.pages,
  'an Observable of an iterable, through operators': source => fromSource(source).pipe(map(chunk => chunk)),
  'a publisher': source => fromPublisher(toPublisher(fromSource(source))),
  'a function of demand': source => ready$ => {
    const all = source[Symbol.iterator]()
    return ready$.pipe(map(() => all.next()), takeWhile(({ done }) => done !== true),
      map(({ value }) => value as string | Uint8Array), finalize(() => { all.return(undefined) }))
  },
}

const ALL: Record<string, (source: Counted) => BodySource> = {
  ...FORMS,
  'an Observable': source => from(source),
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  expect(parts.every(({ length }) => length > 0)).toBe(true)
  return Buffer.concat(parts).toString()
}

function collected(body$: Observable<Uint8Array>): Promise<string> {
  return new Promise((resolve, reject) => {
    body$.pipe(toArray()).subscribe({ next: parts => { resolve(Buffer.concat(parts).toString()) }, error: reject })
  })
}

/** Lets pending promises settle. */
const settled = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

describe.each(Object.entries(ALL))('%s', (_, form) => {
  it('has the same bytes as an Observable, an iterator and a stream', async () => {
    expect(await collected(fromBody(form(new Counted(CHUNKS))))).toBe(TEXT)
    expect(await textOf(toAsyncIterable(form(new Counted(CHUNKS))))).toBe(TEXT)
    expect(await new Response(toReadableStream(form(new Counted(CHUNKS)))).text()).toBe(TEXT)
  })
})

describe.each(Object.entries(FORMS))('%s', (_, form) => {
  const many = (): Counted => new Counted(Array<string>(1_000).fill('x'.repeat(1_024)))

  it('gives 2 chunks at most before a chunk is requested, and then 40', async () => {
    const source = many()
    const chunks = toAsyncIterable(form(source))
    await settled()
    expect(source.given).toBeLessThanOrEqual(2)
    await chunks.next()
    for (let turn = 0; turn < 50; turn++) await settled()
    expect(source.given).toBeLessThanOrEqual(40)
    await chunks.return?.()
    await settled()
    expect(source.ended).toBe(1)
    expect(await chunks.next()).toEqual({ done: true, value: undefined })
  })

  it('is ended when its loop is left, or its stream is cancelled', async () => {
    const left = many()
    for await (const chunk of toAsyncIterable(form(left))) if (chunk.length > 0) break
    const cancelled = many()
    const reader = toReadableStream(form(cancelled)).getReader()
    await reader.read()
    await reader.cancel()
    await settled()
    expect([left.ended, cancelled.ended]).toEqual([1, 1])
  })
})

describe('a stream as a body that nobody has read', () => {
  it('is destroyed when the iterator or the stream that it became is ended', async () => {
    const bodies = [0, 1, 2].map(() => new Readable({ read: () => undefined }))
    await toAsyncIterable(bodies[0]).return?.()
    await expect(toAsyncIterable(bodies[1]).throw?.(new Error('left'))).rejects.toThrow('left')
    await toReadableStream(bodies[2]).cancel()
    expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true, true, true])
  })
})

describe('an iterator of a body', () => {
  it('answers concurrent calls in order, and then reports the end', async () => {
    const chunks = toAsyncIterable(['a', 'b'])
    const results = await Promise.all([chunks.next(), chunks.next(), chunks.next(), chunks.next()])
    expect(results.map(({ value }) => value && Buffer.from(value).toString())).toEqual(['a', 'b', undefined, undefined])
  })

  it('fails with the body, once', async () => {
    const broken = new Error('broken')
    const chunks = toAsyncIterable(throwError(() => broken))
    await expect(chunks.next()).rejects.toBe(broken)
    expect(await chunks.next()).toMatchObject({ done: true })
    await expect(toReadableStream(throwError(() => broken)).getReader().read()).rejects.toBe(broken)
  })

  it('ends pending calls when `return` or `throw` is called', async () => {
    const waiting = toAsyncIterable(NEVER)
    const next = waiting.next()
    await waiting.return?.()
    expect(await next).toMatchObject({ done: true })
    const thrown = toAsyncIterable(NEVER)
    const other = thrown.next()
    await expect(thrown.throw?.(new Error('enough'))).rejects.toThrow('enough')
    expect(await other).toMatchObject({ done: true })
  })

  it('fails if an Observable that cannot be paused is 1 MiB ahead', async () => {
    const subject = new Subject<string>()
    const chunks = toAsyncIterable(subject)
    const first = chunks.next()
    for (let n = 0; n < 20; n++) subject.next('x'.repeat(100_000))
    expect((await first).value).toHaveLength(100_000)
    await expect(chunks.next()).rejects.toBeInstanceOf(BackpressureError)
    expect(subject.observed).toBe(false)
  })

  it('may be of text, bytes, or nothing', async () => {
    expect(await textOf(toAsyncIterable('text'))).toBe('text')
    expect(await textOf(toAsyncIterable(new Uint8Array([65])))).toBe('A')
    expect(await textOf(toAsyncIterable(''))).toBe('')
    expect(await textOf(toAsyncIterable(EMPTY))).toBe('')
    expect(await textOf(toAsyncIterable(undefined as never))).toBe('')
  })

  it('refuses what is not a body, and values that are not chunks', async () => {
    expect(() => toAsyncIterable(1 as never)).toThrow(TypeError)
    await expect(toAsyncIterable(of(1) as never).next()).rejects.toThrow('strings and Uint8Arrays')
  })
})

describe.each<[string, (source: AsyncIterable<string>) => BodySource]>([
  ['an iterator of a body', source => toAsyncIterable(source)],
  ['an iterable with a method `subscribe`', source => Object.assign(source, { subscribe: () => undefined })],
])('%s as a body', (_, made) => {
  it.each<[string, (body: BodySource) => Reply]>([
    ['of a reply', body => ({ body })],
    ['behind fromSource', body => ({ body: fromSource(body as AsyncIterable<string>) })],
    ['as an inner source', body => ({ body: of('').pipe(concatMap(() => body as AsyncIterable<string>)) })],
  ])('is read at the pace of the client, and told to stop: %s', async (_case, reply) => {
    const source = new Counted(Array<string>(10_000).fill('x'.repeat(1000)))
    const stage = Stage.open(() => reply(made(source.later() as AsyncIterable<string>)))
    stage.transport.capacity = 0
    stage.receive(get('/'))
    await settled()
    expect(source.given).toBeLessThan(40)
    stage.transport.breakDown()
    await settled()
    expect(source.ended).toBe(1)
    expect(stage.errors).toEqual([])
  })
})

it('a request body can go through a web stream and back to the client', async () => {
  const server = await serve(reqd => ({
    body: toReadableStream(reqd.body).pipeThrough(new TransformStream<Uint8Array, Uint8Array>()),
  }), { host: 'localhost' }).listening
  try {
    const body = 'x'.repeat(1_000_000)
    const response = await fetch(server.url, { method: 'POST', body })
    expect(await response.text()).toBe(body)
  } finally {
    await server.close({ graceMs: 0 })
  }
})
