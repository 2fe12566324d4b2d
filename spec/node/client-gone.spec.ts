/**
 * Clients that leave, in every phase of a request, or that only half-close.
 */
import { describe, expect, it } from '@jest/globals'
import { NEVER, Observable, type Subscriber } from 'rxjs'
import type { Chunk } from '../../lib/demand/chunk.js'
import type { Reply } from '../../lib/reactive/reply.js'
import type { Handler, Reqd } from '../../lib/reactive/streamed-reqd.js'
import { connect, signal, start } from '../helpers/net.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const UPLOAD = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome'
const SMALL_UPLOAD = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`
const CHUNKED_UPLOAD = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`

/** Counts the subscriptions, values and ends of a handler's source. */
class Probe {
  readonly begun = signal()
  readonly stopped = signal()
  subscribed = 0
  unsubscribed = 0
  aborted = 0

  observable<T>(subscribe: (subscriber: Subscriber<T>) => void = () => undefined): Observable<T> {
    return new Observable(subscriber => {
      this.subscribed++
      subscribe(subscriber)
      this.begun.resolve()
      return () => {
        this.unsubscribed++
        this.stopped.resolve()
      }
    })
  }

  watch(reqd: Reqd): void {
    reqd.signal.addEventListener('abort', () => { this.aborted++ })
  }
}

const CHUNK = new Uint8Array(60_000)

/** The phases of a request in which its client may leave. */
const PHASES: Record<string, { readonly sent: string; readonly handler: (probe: Probe) => Handler }> = {
  'while the handler makes up its reply': {
    sent: REQUEST,
    handler: probe => () => probe.observable<Reply>(),
  },
  'while the handler reads the body': {
    sent: UPLOAD,
    handler: probe => reqd => probe.observable<Reply>(subscriber => {
      subscriber.add(reqd.body.bytes$.subscribe({ error: () => undefined }))
    }),
  },
  'behind a body that the handler does not read': {
    sent: SMALL_UPLOAD,
    handler: probe => () => probe.observable<Reply>(),
  },
  'behind a body in chunks that the handler does not read': {
    sent: CHUNKED_UPLOAD,
    handler: probe => () => probe.observable<Reply>(),
  },
  'behind a body of which the handler has read a part': {
    sent: SMALL_UPLOAD,
    handler: probe => reqd => probe.observable<Reply>(subscriber => {
      subscriber.add(reqd.body.concatMap(() => NEVER).subscribe({ error: () => undefined }))
    }),
  },
  'while an Observable has nothing to say': {
    sent: REQUEST,
    handler: probe => () => ({ body: probe.observable<Chunk>(subscriber => { subscriber.next('some') }) }),
  },
  'while it is sent what it does not read': {
    sent: REQUEST,
    handler: probe => () => ({
      body: ready$ => probe.observable<Chunk>(subscriber => {
        subscriber.add(ready$.subscribe(() => { subscriber.next(CHUNK) }))
      }),
    }),
  },
}

describe.each(Object.entries(PHASES))('a client that leaves %s', (_, { sent, handler }) => {
  it('by a reset unsubscribes the source and aborts the signal, once', async () => {
    const probe = new Probe()
    const handle = handler(probe)
    const server = await start(reqd => {
      probe.watch(reqd)
      return handle(reqd)
    })
    const client = await connect(server)
    client.socket.pause()
    client.send(sent)
    await probe.begun.promise
    client.reset()
    await probe.stopped.promise
    await server.close()
    expect(probe).toMatchObject({ subscribed: 1, unsubscribed: 1, aborted: 1 })
    expect(server.errors).toEqual([])
  })
})

describe('a client that half-closes, with allowHalfOpen', () => {
  const HALF_OPEN = { allowHalfOpen: true }

  it('receives the response', async () => {
    const server = await start(() => ({ body: 'it' }))
    const client = await connect(server)
    expect(await client.send(REQUEST).end().all()).toMatch(/it$/)
  })

  it('receives the responses to all its requests', async () => {
    const answers: (() => void)[] = []
    const both = signal()
    const server = await start(reqd => {
      answers.push(() => { reqd.respond({ body: reqd.target }) })
      both.resolve()
    }, HALF_OPEN)
    const client = await connect(server)
    client.send(REQUEST + REQUEST.replace('/', '/2')).end()
    await both.promise
    answers[0]()
    await client.receives('\r\n\r\n/')
    while (answers.length < 2) await new Promise(resolve => { setImmediate(resolve) })
    answers[1]()
    expect(await client.all()).toMatch(/\/2$/)
  })

  it('receives a long response whole', async () => {
    const body = 'x'.repeat(5_000_000)
    const server = await start(() => ({ body: (function* () { yield* body.match(/.{1,50000}/g) ?? [] })() }), HALF_OPEN)
    const client = await connect(server)
    const received = await client.send('GET / HTTP/1.0\r\n\r\n').end().all()
    expect(received.length).toBeGreaterThan(body.length)
    expect(received.endsWith('xxx')).toBe(true)
  })

  it('is noticed to have left as soon as something is written to it', async () => {
    const probe = new Probe()
    const source: { subscriber?: Subscriber<Chunk> } = {}
    const server = await start(reqd => {
      probe.watch(reqd)
      return { body: probe.observable<Chunk>(subscriber => { source.subscriber = subscriber }), overflow: 'dropNewest' }
    }, HALF_OPEN)
    const client = await connect(server)
    client.send(REQUEST)
    await probe.begun.promise
    const ended = new Promise<void>(resolve => {
      server.events$.subscribe(({ type }) => { if (type === 'inputEnd') resolve() })
    })
    client.socket.destroy()
    await ended
    // The first write is answered by a reset, and a later one fails.
    while (probe.unsubscribed === 0) {
      source.subscriber?.next('more')
      await new Promise(resolve => { setImmediate(resolve) })
    }
    expect(probe).toMatchObject({ unsubscribed: 1, aborted: 1 })
  })
})
