/**
 * When the head of a reply is sent: with the first chunk of its body, so that an error before it is a status; or at
 * once, for a client that waits for it. Over real sockets, for each form of a source.
 */
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { describe, expect, it } from '@jest/globals'
import { concat, from, map, NEVER, of, throwError, type Observable } from 'rxjs'
import { concatMap } from '../../lib/demand/flattening.js'
import { fromSource } from '../../lib/demand/from-source.js'
import type { Source } from '../../lib/demand/from-source.js'
import { pulled } from '../../lib/demand/pages.js'
import { fromPublisher, toPublisher } from '../../lib/demand/reactive-streams/publisher.js'
import type { BodySource, Reply } from '../../lib/reactive/reply.js'
import { sse } from '../../lib/sse/sse.js'
import { connect, start } from '../helpers/net.js'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const teapot = (): Error => Object.assign(new Error('a secret'), { status: 418 })

/** Texts, and an error behind them. */
class Failing {
  private readonly texts: readonly string[]

  constructor(texts: readonly string[]) {
    this.texts = texts
  }

  * [Symbol.iterator](): Generator<string> {
    yield* this.texts
    throw teapot()
  }

  async *later(): AsyncGenerator<string> {
    await Promise.resolve()
    yield* this.texts
    throw teapot()
  }

  get observable(): Observable<string> {
    return concat(from(this.texts), throwError(teapot))
  }

  get stream(): ReadableStream<string> {
    const texts = this.texts.values()
    return new ReadableStream({
      pull(controller) {
        const { done, value } = texts.next()
        if (done === true) controller.error(teapot())
        else controller.enqueue(value)
      },
    })
  }

  get pages(): Observable<string> {
    const texts = this.texts.values()
    return pulled(() => {
      const { done, value } = texts.next()
      if (done === true) throw teapot()
      return [value]
    })
  }
}

type Form = (source: Failing) => BodySource & Source<string>

const FORMS: Record<string, Form> = {
  'an iterable': source => source[Symbol.iterator](),
  'an async iterable': source => source.later(),
  'a Node stream': source => Readable.from(source.later()) as AsyncIterable<string>,
  'a web stream': source => source.stream,
  'an Observable': source => source.observable,
  'a function of demand': source => () => source.observable,
  'pages': source => source.pages,
  'a publisher': source => fromPublisher(toPublisher(source.observable)),
  'an async iterable through operators': source => fromSource(source.later()).pipe(map(text => text)),
  'a stage that takes its time': source => fromSource(source).pipe(concatMap(text => Promise.resolve(text))),
  'an Observable that fails later': source => from(source.later()),
}

/** The output that the client received, and the number of errors reported. */
async function answer(reply: () => Reply): Promise<{ text: string; errors: unknown[] }> {
  const server = await start(reply)
  const client = await connect(server)
  const text = await client.send(GET).all()
  return { text, errors: server.errors }
}

describe.each(Object.entries(FORMS))('%s', (_, form) => {
  it('is answered with a status if it fails before its first chunk', async () => {
    const { text, errors } = await answer(() => ({ body: form(new Failing([])) }))
    expect(text).toMatch(/^HTTP\/1\.1 418 /)
    expect(text).not.toContain('secret')
    expect(errors).toEqual([expect.objectContaining({ message: 'a secret' })])
  })

  it('is answered with a status if it fails after empty chunks', async () => {
    const { text } = await answer(() => ({ body: form(new Failing(['', ''])) }))
    expect(text).toMatch(/^HTTP\/1\.1 418 /)
  })

  it('is cut if it fails later', async () => {
    const { text } = await answer(() => ({ body: form(new Failing(['first'])) }))
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*first/)
    expect(text.endsWith('0\r\n\r\n')).toBe(false)
  })

  it('is cut if it fails before its first chunk and the head was sent at once', async () => {
    const { text, errors } = await answer(() => ({ body: form(new Failing([])), head: 'atOnce' }))
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text.endsWith('\r\n\r\n')).toBe(true)
    expect(errors).toEqual([expect.objectContaining({ message: 'a secret' })])
  })

  it('of events is answered with a status if it fails before the first and the head waits', async () => {
    const { text } = await answer(() => sse(form(new Failing([])) as Source<string>, { head: 'firstChunk' }))
    expect(text).toMatch(/^HTTP\/1\.1 418 /)
  })

  it('of events has its head and the first event in one write if the head waits', async () => {
    const options = { head: 'firstChunk', retry: 7 } as const
    const { text } = await answer(() => sse(form(new Failing(['first'])) as Source<string>, options))
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*\r\nretry: 7\n\ndata: first\n\n/)
  })
})

describe('the head of a reply', () => {
  it('is sent at once without a chunk if the reply says so', async () => {
    const server = await start(() => ({ body: NEVER, head: 'atOnce', headers: { 'x-is': 'here' } }))
    const client = await connect(server)
    await client.send(GET).receives('x-is: here\r\n')
    client.socket.destroy()
  })

  it('is sent at once for an event stream, unless the reply says to wait', async () => {
    const server = await start(() => sse(NEVER))
    const client = await connect(server)
    await client.send(GET).receives('\r\n\r\n')
    client.socket.destroy()
  })

  it('is sent with the body if that is text, bytes, or empty', async () => {
    const { text } = await answer(() => ({ body: 'text', head: 'atOnce' }))
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*Content-Length: 4\r\n[^]*text$/i)
  })

  it('cannot be sent at another time than the two', async () => {
    const { text, errors } = await answer(() => ({ body: of('x'), head: 'never' as 'atOnce' }))
    expect(text).toMatch(/^HTTP\/1\.1 500 /)
    expect(errors).toEqual([expect.any(TypeError)])
  })
})
