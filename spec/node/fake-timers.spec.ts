/**
 * A server under a test runner that fakes the timers of the process after the library was loaded.
 */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { concat, map, NEVER, of, takeWhile } from 'rxjs'
import { pulled } from '../../lib/demand/pages.js'
import { fromPublisher } from '../../lib/demand/reactive-streams/publisher.js'
import type { Publisher } from '../../lib/demand/reactive-streams/types.js'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import type { HandlerResult } from '../../lib/reactive/reply.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { sse } from '../../lib/sse/index.js'
import { upgradeWebSocket, type WebSocketOptions } from '../../lib/ws/index.js'
import { afterwards, connect, portOf, signal, start, type Client } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'
import { frame, TEXT } from '../ws/frames.js'
import { handshake, RawClient } from '../ws/raw-client.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const LENGTH = 2_000_000
const UPLOAD = 1_000_000
const LOADED = Math.floor(Date.now() / 1000) * 1000
const QUICK = { connectionsCheckingInterval: 5 }

type Fakes = Parameters<typeof jest.useFakeTimers>[0]

const FAKES: [string, Fakes][] = [
  ['all but nextTick and queueMicrotask, as vitest does', { doNotFake: ['nextTick', 'queueMicrotask'] }],
  ['all', {}],
  ['all, in another year', { now: 0 }],
]

const NOTHINGS = 3_000

/** Sources that emit empty values for long, and yield to other connections meanwhile. */
const EMPTY_SOURCES: Record<string, () => HandlerResult> = {
  'pages': () => {
    let pages = 0
    return { body: pulled(() => pages++ < NOTHINGS ? [] : pages > NOTHINGS + 1 ? null : ['the end']) }
  },
  'promised pages': () => {
    let pages = 0
    return { body: pulled(() => Promise.resolve(pages++ < NOTHINGS ? [] : pages > NOTHINGS + 1 ? null : ['the end'])) }
  },
  'a generator': () => ({
    body: (function* () {
      for (let i = 0; i < NOTHINGS; i++) yield ''
      yield 'the end'
    })(),
  }),
  'an async generator': () => ({
    body: (async function* () {
      for (let i = 0; i < NOTHINGS; i++) yield await Promise.resolve('')
      yield 'the end'
    })(),
  }),
  'a function of the demand': () => {
    let times = 0
    return { body: ready$ => ready$.pipe(map(() => times++ < NOTHINGS ? '' : 'the end'), takeWhile(isEmpty, true)) }
  },
  'a web stream': () => {
    let times = 0
    return {
      body: new ReadableStream<string>({
        pull: controller => {
          controller.enqueue(times++ < NOTHINGS ? '' : 'the end')
          if (times > NOTHINGS) controller.close()
        },
      }),
    }
  },
  'a publisher': () => ({ body: fromPublisher(publisherOf(NOTHINGS)) }),
}

function isEmpty(text: string): boolean {
  return text === ''
}

/** A publisher of empty texts, and one that is not. */
function publisherOf(count: number): Publisher<string> {
  return {
    subscribe: subscriber => {
      let sent = 0
      subscriber.onSubscribe({
        request: () => {
          sent++
          subscriber.onNext(sent > count ? 'the end' : '')
          if (sent > count) subscriber.onComplete()
        },
        cancel: () => undefined,
      })
    },
  }
}

afterEach(() => { jest.useRealTimers() })

function bodyIn(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

const CLIENTS: Record<string, (handler: Handler) => Promise<Client>> = {
  TCP: async handler => connect(await start(handler)),
  TLS: async handler => tlsClient(await startTls(handler)),
}

describe.each(FAKES)('a server with fakes of %s', (_, fakes) => {
  beforeEach(() => { jest.useFakeTimers(fakes) })

  it.each(Object.keys(CLIENTS).flatMap(net => [[net, 'text'], [net, 'bytes']]))('delivers over %s a long %s', async (
    net, kind,
  ) => {
    const body = kind === 'text' ? 'x'.repeat(LENGTH) : Buffer.alloc(LENGTH, 'x')
    const client = await CLIENTS[net](() => ({ body }))
    expect(bodyIn(await client.send(REQUEST).all())).toHaveLength(LENGTH)
  })

  it('answers promises, with the date of today', async () => {
    const client = await connect(await start(async () => ({ body: await Promise.resolve('later') })))
    const answer = await client.send(REQUEST).all()
    expect(bodyIn(answer)).toBe('later')
    expect(Date.parse(/^Date: (.*)$/m.exec(answer)![1])).toBeGreaterThanOrEqual(LOADED)
  })

  it.each(Object.keys(EMPTY_SOURCES))('continues after %s without data for a long time', async kind => {
    const client = await connect(await start(EMPTY_SOURCES[kind]))
    expect(await client.send(REQUEST).all()).toContain('the end')
  })

  it('receives uploads whole', async () => {
    const client = await connect(await start(async reqd => ({ body: String((await reqd.body.bytes()).length) })))
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${UPLOAD}\r\n\r\n`)
    expect(bodyIn(await client.send(Buffer.alloc(UPLOAD)).all())).toBe(String(UPLOAD))
  })

  it.each<[keyof ListenOptions, string, string]>([
    ['headersTimeout', 'GET / HTTP/1.1\r\n', '408'],
    ['requestTimeout', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n', '408'],
    ['handlerTimeout', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', '503'],
    ['keepAliveTimeout', 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', '200'],
  ])('closes a connection at %s', async (limit, sent, status) => {
    const handler: Handler = ({ request, body }) => {
      if (request.method === 'HEAD') return { body: '' }
      return request.method === 'POST' ? body.text().then(text => ({ body: text })) : NEVER
    }
    const client = await connect(await start(handler, { ...QUICK, [limit]: 10 }))
    expect((await client.send(sent).all()).slice(9, 12)).toBe(status)
  })

  it('cuts the remaining connections at graceMs', async () => {
    const begun = signal()
    const server = await start(() => {
      begun.resolve()
      return NEVER
    })
    const client = (await connect(server)).send(REQUEST)
    await begun.promise
    await server.close({ graceMs: 10 })
    await client.ended
  })

  it('sends events, and comments between them', async () => {
    const client = await connect(await start(() => sse(concat(of('news'), NEVER), { heartbeatMs: 5 })))
    await client.send(REQUEST).receives('data: news')
    const { length } = client.received
    await client.receivesBytes(length + 20)
    expect(client.received.slice(length)).toContain(':\n\n')
  })

  describe('its WebSocket', () => {
    async function open(options: WebSocketOptions = {}): Promise<{ client: RawClient; close: () => Promise<unknown> }> {
      const server = await start(reqd => {
        const connection = upgradeWebSocket(reqd, options)
        connection.messages$.subscribe(connection)
      })
      const client = new RawClient(portOf(server), handshake())
      afterwards(() => client.socket.destroy())
      expect(await client.head).toContain('101')
      return { client, close: () => server.close() }
    }

    it.each([false, true])('echoes, with deflate: %s', async deflate => {
      const { client } = await open({ deflate })
      await client.send(frame(TEXT, 'hi'))
      expect(await client.tell(1)).toEqual(['text hi'])
    })

    it('receives pings', async () => {
      const { client } = await open({ pingIntervalMs: 10 })
      expect(await client.tell(1)).toEqual(['ping '])
    })

    it('is cut if it does not answer a close', async () => {
      const { client, close } = await open({ closeTimeoutMs: 10 })
      await close()
      expect(await client.tell(1)).toEqual(['close 1001'])
      await client.ended
    })
  })
})
