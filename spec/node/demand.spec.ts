/**
 * Demand through plain operators on real sockets: a client that does not read costs a bounded amount, and later gets
 * everything.
 */
import { describe, expect, it } from '@jest/globals'
import {
  bufferCount, count as countAll, delay, filter, from, lastValueFrom, map, mergeMap as mergeMapOfRx, of, reduce, take,
  tap, type Observable,
} from 'rxjs'
import { concatMap, mergeMap } from '../../lib/demand/flattening.js'
import { fromSource } from '../../lib/demand/from-source.js'
import { pulled } from '../../lib/demand/pages.js'
import { Hub } from '../../lib/hub/index.js'
import type { Reply } from '../../lib/reactive/reply.js'
import type { RequestBody } from '../../lib/reactive/request-body/request-body.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import type { ConnectionEvent } from '../../lib/runtime/events.js'
import type { Server } from '../../lib/node/serve.js'
import { sse } from '../../lib/sse/sse.js'
import { connect, next, signal, standstill, start, type Client } from '../helpers/net.js'
import { parseResponses } from '../helpers/response-parser.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const KINDS = ['TCP', 'TLS', 'Unix'] as const
const COUNT = 30_000
const LINE = 1000
const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

interface Ends {
  readonly client: Client
  readonly errors: unknown[]
  readonly events$: Observable<ConnectionEvent>
  readonly server: Server
}

async function ends(kind: typeof KINDS[number], handler: Handler): Promise<Ends> {
  if (kind === 'TLS') {
    const server = await startTls(handler)
    return { client: await tlsClient(server), errors: server.errors, events$: server.events$, server }
  }
  const path = `/tmp/httprx-demand-${process.pid}.sock`
  const server = await start(handler, kind === 'Unix' ? { path } : {})
  return { client: await connect(server), errors: server.errors, events$: server.events$, server }
}

/** The numbers of the received lines, in order. */
const numbers = (text: string): number[] => Array.from(text.matchAll(/#(\d+)#/g), ([, number]) => Number(number))
const line = (n: number): string => `#${n}#`.padEnd(LINE - 1, '.') + '\n'

/** Counts the lines requested from a source. */
class Lines {
  given = 0
  readonly returned = signal()
  private readonly count: number

  constructor(count = COUNT) {
    this.count = count
  }

  * [Symbol.iterator](): Generator<string> {
    try {
      while (this.given < this.count) yield line(this.given++)
    } finally {
      this.returned.resolve()
    }
  }

  async *later(): AsyncGenerator<string> {
    for (const text of this) {
      await Promise.resolve()
      yield text
    }
  }
}

const REPLIES: Record<string, (lines: Lines) => Reply> = {
  'an iterable through operators': lines => ({ body: fromSource(lines).pipe(map(text => text), filter(() => true)) }),
  'an async iterable, several at once': lines => ({
    body: fromSource(lines.later()).pipe(bufferCount(4), map(texts => texts.join(''))),
  }),
  'pages, each value worked on': lines => {
    const all = lines[Symbol.iterator]()
    const source = pulled(() => {
      const { done, value } = all.next()
      return done === true ? null : [value]
    })
    return { body: source.pipe(concatMap(text => Promise.resolve(text)), mergeMap(text => of(text), 4)) }
  },
  'events of an iterable': lines => sse(fromSource(lines).pipe(map(text => text.trimEnd())), { heartbeatMs: 0 }),
  'events of an async iterable': lines => sse(lines.later(), { heartbeatMs: 0 }),
}

describe.each(KINDS)('over %s', kind => {
  it.each(Object.entries(REPLIES))('delivers all of %s to a client that waits and then reads', async (_, reply) => {
    const lines = new Lines()
    const { client, errors } = await ends(kind, () => reply(lines))
    client.socket.pause()
    client.send(GET)
    // The kernel's buffers are full.
    await standstill(() => lines.given)
    expect(lines.given).toBeLessThan(COUNT)
    client.socket.resume()
    expect(numbers(await client.all())).toEqual(Array.from({ length: COUNT }, (_, n) => n))
    expect(errors).toEqual([])
  })

  it.each(Object.entries(REPLIES))('ends %s when the client leaves', async (name, reply) => {
    const lines = new Lines()
    const { client } = await ends(kind, () => reply(lines))
    await client.send(GET).receives('#0#')
    client.socket.destroy()
    // Pages are not told of their end.
    if (!name.startsWith('pages')) await lines.returned.promise
  })

  it.each([
    ['a body', (lines: Lines): Reply => ({ body: fromSource(lines).pipe(delay(1)) })],
    ['events', (lines: Lines): Reply => sse(fromSource(lines).pipe(delay(1)))],
  ])('reports how much an operator holds of %s', async (_, reply) => {
    const { client, events$ } = await ends(kind, () => reply(new Lines()))
    const ahead = next(events$.pipe(filter(({ type }) => type === 'ahead')))
    client.send(GET)
    expect(await ahead).toMatchObject({ type: 'ahead', request: { target: '/' }, pulled: 16, silent: 16, late: 0 })
    client.socket.destroy()
  })

  it.each<[string, (body: RequestBody) => Observable<Uint8Array>]>([
    ['operators', body => body.bytes$.pipe(map(bytes => bytes), concatMap(bytes => from([bytes])))],
    ['its own concatMap', body => body.concatMap(bytes => of(bytes))],
  ])('echoes a body through %s as fast as the client takes it', async (_, echoed) => {
    let count = 0
    const { client, errors } = await ends(kind, ({ body }) => ({
      body: echoed(body).pipe(tap(({ length }) => { count += length })),
    }))
    client.socket.pause()
    const text = Array.from({ length: COUNT }, (_, n) => line(n)).join('')
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n`).send(text)
    await standstill(() => count)
    client.socket.resume()
    // Parsed, because the head of a chunk may come within a number.
    const [{ body, isComplete }] = parseResponses(await client.all(), [{ method: 'POST' }])
    expect(isComplete).toBe(true)
    expect(numbers(body)).toHaveLength(COUNT)
    expect(body === text).toBe(true)
    expect(errors).toEqual([])
  })

  it.each<[string, (body: RequestBody) => Reply]>([
    ['its chunks', body => ({ body: body.bytes$ })],
    ['chunks that it lends', body => ({ body: body.lent$ })],
    ['what its concatMap makes', body => ({ body: body.concatMap(bytes => of(bytes)) })],
    ['an iterable', () => ({ body: fromSource(['first']) })],
    ['events', body => sse(body.bytes$.pipe(map(String)), { heartbeatMs: 0 })],
  ])('reads a body whose request waited behind a response of %s, at the pace of its own consumer', async (_, first) => {
    const handler: Handler = ({ target, body }) => {
      // Later: the end of this response then calls the next handler.
      if (target === '/first') return Promise.resolve(body).then(first)
      const size$ = target === '/bytes' ? body.bytes$ : target === '/lent' ? body.lent$ : body.concatMap(x => [x])
      return size$.pipe(reduce((sum, { length }) => sum + length, 0), map(size => ({ body: `size ${size}` })))
    }
    const { client } = await ends(kind, handler)
    const size = 1_000_000
    for (const target of ['/bytes', '/lent', '/mapped']) {
      client.received = ''
      client.send('POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst'
        + `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${'.'.repeat(size)}`)
      await client.receives(`size ${size}`)
    }
  })
})

it('lets a source flow whose consumer has no demand, when it is subscribed because another one gives', async () => {
  const hub = new Hub<number>()
  const lines = new Lines()
  const all = lastValueFrom(hub.subscribe().pipe(take(1), mergeMapOfRx(() => fromSource(lines)), countAll()))
  const { client } = await ends('TCP', ({ body }) => ({ body: body.bytes$.pipe(tap(() => { hub.publish(1) })) }))
  client.socket.pause()
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst')
  expect(await all).toBe(COUNT)
})
