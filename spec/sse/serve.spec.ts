/**
 * Event streams over real sockets, read as a client reads them.
 */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createParser } from 'eventsource-parser'
import { concat, finalize, interval, map, NEVER, Observable, of } from 'rxjs'
import { type Handler, serve, type Server } from '../../lib/index.js'
import { lastEventId, type SseEvent, sse } from '../../lib/sse/index.js'

let server: Server | null = null

afterEach(async () => {
  await server?.close({ graceMs: 0 })
  server = null
})

async function start(handler: Handler, errors: unknown[] = []): Promise<string> {
  server = serve(handler, { host: 'localhost', onError: error => { errors.push(error) } })
  await server.listening
  return server.url
}

async function open(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const [response] = await once(get(url, { headers }), 'response') as [IncomingMessage]
  return response.setEncoding('utf8')
}

/** Everything that a client receives up to the end of the stream. */
async function read(response: IncomingMessage): Promise<unknown[]> {
  const received: unknown[] = []
  const parser = createParser({
    onEvent: ({ event, id, data }) => received.push([event, id, data]),
    onRetry: retry => received.push({ retry }),
    onComment: comment => received.push({ comment }),
  })
  for await (const text of response) parser.feed(text as string)
  return received
}

describe('a served event stream', () => {
  it('delivers what its source emits', async () => {
    const events = of<(SseEvent | string)[]>('one', { event: 'two', id: '2', data: 'a\nb' }, { retry: 5 })
    const response = await open(await start(() => sse(events)))
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toBe('text/event-stream')
    expect(response.headers['cache-control']).toBe('no-store')
    expect(await read(response)).toEqual([
      { comment: '' }, [undefined, undefined, 'one'], ['two', '2', 'a\nb'], { retry: 5 },
    ])
  })

  it('resumes after the client\'s last event', async () => {
    const url = await start(reqd => sse(of(`after ${lastEventId(reqd)}`)))
    const response = await open(url, { 'last-event-id': '41' })
    expect(await read(response)).toContainEqual([undefined, undefined, 'after 41'])
  })

  it('has comments as heartbeats', async () => {
    const response = await open(await start(() => sse(NEVER, { heartbeatMs: 1 })))
    await once(response, 'data')
    expect(await once(response, 'data')).toEqual([':\n\n'])
    response.destroy()
  })

  it('ends with a retry when the server closes', async () => {
    const response = await open(await start(() => sse(concat(of('here'), NEVER))))
    const received = read(response)
    await server?.close()
    expect((await received).slice(-1)).toEqual([{ retry: 3000 }])
  })

  it('unsubscribes its source when the client leaves', async () => {
    const left = new Promise<void>(resolve => {
      void start(() => sse(NEVER.pipe(finalize(resolve)))).then(open)
        .then(response => response.socket.resetAndDestroy())
    })
    await expect(left).resolves.toBeUndefined()
  })

  it('is cut when its source fails', async () => {
    const errors: unknown[] = []
    const response = await open(await start(() => sse(concat(of('here'), of({ id: '\n' }))), errors))
    await expect(read(response)).rejects.toThrow('aborted')
    expect(errors).toEqual([expect.objectContaining({ code: 'badField' })])
  })
})

describe('a client that does not read', () => {
  const BIG = 'x'.repeat(64 * 1024)
  /** More bytes than all buffers on the way hold. */
  const flood$ = interval(0).pipe(map(() => BIG))

  it('is cut with the default policy', async () => {
    let report!: (error: unknown) => void
    const failed = new Promise<unknown>(resolve => { report = resolve })
    server = serve(() => sse(flood$), { host: 'localhost', onError: report })
    await server.listening
    const response = await open(server.url)
    response.pause()
    expect(await failed).toMatchObject({ name: 'BackpressureError' })
    response.destroy()
  })

  it('receives the end of the stream with disconnect when it reads on', async () => {
    let stop!: () => void
    const stopped = new Promise<void>(resolve => { stop = resolve })
    const errors: unknown[] = []
    const url = await start(() => sse(new Observable<string>(subscriber => {
      subscriber.add(flood$.subscribe(subscriber))
      subscriber.add(stop)
    }), { overflow: 'disconnect' }), errors)
    const response = await open(url)
    response.pause()
    await stopped
    expect((await read(response)).slice(1).every(event => (event as string[])[2] === BIG)).toBe(true)
    expect(errors).toEqual([])
  })
})

/** A source of tokens, which reports that it was aborted or that it returned. */
class Upstream {
  readonly ended: Promise<string>
  readonly signals: AbortSignal[] = []
  private settle!: (how: string) => void

  constructor() {
    this.ended = new Promise(resolve => { this.settle = resolve })
  }

  /** Tokens as from an SDK: from `fetch`, with a signal. */
  async *tokens(signal: AbortSignal): AsyncGenerator<string> {
    signal.addEventListener('abort', () => { this.settle('aborted') })
    yield 'first'
    await new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error) }) })
  }

  /** Tokens of a stream without a signal. */
  stream(): ReadableStream<string> {
    return new ReadableStream<string>({
      start(controller) { controller.enqueue('first') },
      cancel: () => { this.settle('cancelled') },
    }, { highWaterMark: 2 })
  }
}

describe('a pull source whose events are not sent', () => {
  const HEAD = 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const stream = (): [ReadableStream<string>, Promise<unknown>] => {
    const { readable, writable } = new TransformStream<string, string>()
    return [readable, writable.getWriter().closed.catch(() => 'stopped')]
  }

  it('is told to stop when the response has no body', async () => {
    const [events, stopped] = stream()
    const url = new URL(await start(() => sse(events)))
    const socket = connect(Number(url.port), url.hostname).resume()
    socket.write(HEAD)
    expect(await stopped).toBe('stopped')
    socket.destroy()
  })

  it('is told to stop when the reply comes after another one', async () => {
    const [events, stopped] = stream()
    const url = await start(() => of({ body: 'the first' }, sse(events)))
    expect(await (await fetch(url)).text()).toBe('the first')
    expect(await stopped).toBe('stopped')
  })
})

describe('tokens of a pull source', () => {
  const KINDS: Record<string, [(upstream: Upstream) => Handler, string]> = {
    'an async iterable': [upstream => reqd => sse(upstream.tokens(reqd.signal), { heartbeatMs: 2 }), 'aborted'],
    'a web stream': [upstream => () => sse(upstream.stream(), { heartbeatMs: 2 }), 'cancelled'],
  }

  it.each(Object.entries(KINDS))('have heartbeats between, and stop when the client leaves: %s', async (_, kind) => {
    const [handler, end] = kind
    const upstream = new Upstream()
    const errors: unknown[] = []
    const response = await open(await start(handler(upstream), errors))
    let text = ''
    for await (const part of response) {
      text += part as string
      if (/data: first\n\n(:\n\n){2}/.test(text)) break
    }
    response.destroy()
    expect(await upstream.ended).toBe(end)
    expect(errors).toEqual([])
  })

  it('end with a retry when the server closes, and their upstream is stopped', async () => {
    const upstream = new Upstream()
    const response = await open(await start(() => sse(upstream.stream(), { heartbeatMs: 0 })))
    let text = ''
    let closed: Promise<void> | undefined
    for await (const part of response) {
      text += part as string
      if (text.includes('first')) closed ??= server?.close({ graceMs: 5_000 })
    }
    expect(text).toBe(':\n\ndata: first\n\nretry: 3000\n\n')
    await closed
    expect(await upstream.ended).toBe('cancelled')
  })
})
