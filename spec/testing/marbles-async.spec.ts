/**
 * The asynchronous run: handlers as people write them, in virtual time.
 */
import { describe, expect, it } from '@jest/globals'
import { delay, firstValueFrom, from, interval, map, of, take, timer } from 'rxjs'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { sse } from '../../lib/sse/index.js'
import {
  get, like, marbles, marblesAsync, post, webSocketHandshake, webSocketMessage,
} from '../../lib/testing/index.js'
import { upgradeWebSocket, type WebSocketConnection } from '../../lib/ws/index.js'

const HEAD = get('/')
const NO_WAIT = { keepAliveTimeout: 0 }

/** A promise that settles after some others did. */
async function hops(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve()
}

async function* ticks(count: number): AsyncGenerator<string> {
  for (let i = 1; i <= count; i++) {
    await firstValueFrom(timer(5))
    yield `${i} `
  }
}

/** The response of the handler to a POST with the body `abc`, and its time. */
async function answerOf(handler: Handler, body: string, marble = '--r'): Promise<void> {
  await marblesAsync(({ serve, expectObservable }) => {
    const client = serve(handler, NO_WAIT).connect('--a', { a: post('/', 'abc') })
    expectObservable(client.responses$.pipe(map(response => response.body))).toBe(marble, { r: body })
  })
}

describe('handlers that wait for promises', () => {
  it.each([
    ['a handler with several awaits', async () => { await hops(3); await hops(20); return { body: 'x' } }],
    ['a promise chain', () => hops(2).then(() => hops(3)).then(() => ({ body: 'x' }))],
    ['a handler that is an async generator', async function* () { await hops(3); yield { body: 'x' } }],
    ['a handler that answers by itself, later', reqd => { void hops(5).then(() => { reqd.respond({ body: 'x' }) }) }],
    ['process.nextTick', () => new Promise(resolve => { process.nextTick(resolve, { body: 'x' }) })],
    ['queueMicrotask', () => new Promise(resolve => { queueMicrotask(() => { resolve({ body: 'x' }) }) })],
    ['a body that is a web stream', () => ({ body: new Response('x').body as ReadableStream<Uint8Array> })],
    ['the text of a Response', async () => ({ body: await new Response('x').text() })],
    ['a web stream through another', () => {
      const upper = new TransformStream<string, string>({ transform: (text, out) => { out.enqueue(text.slice(1)) } })
      return { body: new ReadableStream<string>({
        start: controller => { controller.enqueue('-x'); controller.close() },
      }).pipeThrough(upper) }
    }],
  ] as [string, Handler][])('are answered: %s', async (_, handler) => { await answerOf(handler, 'x') })

  it.each([
    ['text()', async reqd => ({ body: await reqd.body.text() })],
    ['for await', async reqd => {
      let text = ''
      for await (const bytes of reqd.body) text += new TextDecoder().decode(bytes)
      return { body: text }
    }],
    ['an echo of the body', reqd => ({ body: reqd.body })],
    ['an async generator over the body', reqd => ({ body: (async function* () { yield* reqd.body })() })],
  ] as [string, Handler][])('may read a request body: %s', async (_, handler) => { await answerOf(handler, 'abc') })

  it.each([
    ['delay, awaited', async () => { await firstValueFrom(of(0).pipe(delay(7))); return { body: 'x' } }],
    ['interval, awaited', async () => { await firstValueFrom(interval(7)); await hops(2); return { body: 'x' } }],
    ['timers in an async generator', async function* () { await firstValueFrom(timer(7)); yield { body: 'x' } }],
  ] as [string, Handler][])('may use RxJS time within promises: %s', async (_, handler) => {
    await answerOf(handler, 'x', '---------r')
  })
})

describe('response bodies in virtual time', () => {
  it('are pulled from an async generator as time passes', async () => {
    await marblesAsync(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: ticks(3) }), NO_WAIT).connect('a', { a: HEAD })
      const ticks$ = client.output$.pipe(map(text => /\d /.exec(text)?.[0]))
      expectObservable(ticks$).toBe('-----a----b----c', { a: '1 ', b: '2 ', c: '3 ' })
    })
  })

  it('are not pulled while the client does not read', async () => {
    const pulled: number[] = []
    const body = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 100; i++) {
        pulled.push(i)
        yield await Promise.resolve(new Uint8Array(8_192))
      }
    }
    await marblesAsync(({ serve }) => {
      serve(() => ({ body: body() }), { ...NO_WAIT, writeTimeout: 0 }).connect('a', { a: HEAD }, { reads: 'x' })
    }, { until: 1_000 })
    expect(pulled.length).toBeLessThan(6)
  })

  it('end when the client leaves, with their finally', async () => {
    const ended: string[] = []
    const endless = async function* (): AsyncGenerator<string> {
      try {
        for (;;) {
          await firstValueFrom(timer(2))
          yield 'x'
        }
      } finally {
        ended.push('finally')
      }
    }
    await marblesAsync(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: endless() })).connect('a------#', { a: HEAD })
      expectObservable(client.aborts$).toBe('-------a', { a: '/' })
    })
    expect(ended).toEqual(['finally'])
  })
})

describe('an AbortSignal', () => {
  it('aborts what is awaited when the client leaves', async () => {
    const reasons: string[] = []
    await marblesAsync(({ serve, expectObservable }) => {
      const server = serve(reqd => new Promise((_, reject) => {
        reqd.signal.addEventListener('abort', () => {
          reasons.push((reqd.signal.reason as Error).name)
          reject(reqd.signal.reason as Error)
        })
      }))
      const client = server.connect('a----|', { a: HEAD })
      expectObservable(client.aborts$).toBe('-----a', { a: '/' })
    })
    expect(reasons).toEqual(['ConnectionClosedError'])
  })

  it('has the same reason as the body that its client leaves incomplete', async () => {
    const failures: boolean[] = []
    await marblesAsync(({ serve, expectObservable }) => {
      const server = serve(async reqd => {
        try {
          await reqd.body.text()
        } catch (error) {
          failures.push(error === reqd.signal.reason)
        }
      })
      const client = server.connect('a----|', { a: post('/', 'abc').slice(0, -1) })
      expectObservable(client.aborts$).toBe('-----a', { a: '/' })
    })
    expect(failures).toEqual([true])
  })
})

describe('the time limits of a server', () => {
  it('end the wait for an async handler', async () => {
    await marblesAsync(({ serve, expectObservable }) => {
      const client = serve(() => new Promise(() => undefined), { handlerTimeout: 5_000 }).connect('a', { a: HEAD })
      expectObservable(client.timeouts$.pipe(take(1))).toBe('6s (t|)', { t: 'handlerTimeout' })
      expectObservable(client.responses$).toBe('6s (r|)', { r: like({ status: 503 }) })
    })
  })

  it('end the wait for a body in an async handler', async () => {
    await marblesAsync(({ serve, expectObservable }) => {
      const server = serve(async reqd => ({ body: await reqd.body.text() }), { readTimeout: 2_000 })
      const client = server.connect('a', { a: post('/', 'abc').slice(0, -1) })
      expectObservable(client.timeouts$.pipe(take(1))).toBe('3s (t|)', { t: 'readTimeout' })
    })
  })
})

describe('protocols on top of HTTP', () => {
  it('include events from an async generator', async () => {
    const news = async function* (): AsyncGenerator<{ data: string }> {
      await firstValueFrom(timer(3))
      yield { data: 'first' }
      await firstValueFrom(timer(3))
      yield { data: 'second' }
    }
    await marblesAsync(({ serve, expectObservable }) => {
      const client = serve(() => sse(from(news()))).connect('a', { a: HEAD })
      const data$ = client.output$.pipe(map(text => /data: ?(.*)/.exec(text)?.[1] ?? 'none'), take(3))
      expectObservable(data$).toBe('n--a--(b|)', { n: 'none', a: 'first', b: 'second' })
    }, { until: 1_000 })
  })

  it('include WebSocket messages, with a handler that awaits', async () => {
    const shout = async (connection: WebSocketConnection): Promise<void> => {
      await hops(2)
      connection.messages$.subscribe(message => {
        void hops(3).then(() => { connection.next(String(message).toUpperCase()) })
      })
    }
    await marblesAsync(({ webSocket, expectObservable }) => {
      const client = webSocket(connection => { void shout(connection) }, '--a--b--|', { a: 'hi', b: 'there' })
      expectObservable(client.received$).toBe('--a--b--|', { a: 'HI', b: 'THERE' })
    })
  })

  it('include WebSocket frames on the wire', async () => {
    await marblesAsync(({ serve, expectObservable }) => {
      const server = serve(async reqd => {
        await hops(3)
        const connection = upgradeWebSocket(reqd)
        connection.messages$.pipe(map(message => String(message).toUpperCase())).subscribe(connection)
      })
      const client = server.connect('h-a-#', { h: webSocketHandshake('/'), a: webSocketMessage('hi') })
      expectObservable(client.responses$).toBe('r---#', { r: like({ status: 101 }) })
      expectObservable(client.output$.pipe(map(text => text.slice(-2)))).toBe('r-a-#', { r: '\r\n', a: 'HI' })
    })
  })
})

describe('a test function', () => {
  it('may be async, and wait for responses', async () => {
    const statuses: number[] = []
    await marblesAsync(async ({ serve }) => {
      await hops(3)
      const client = serve(async () => { await hops(2); return { status: 201 } }).connect('5s a', { a: HEAD })
      const response = await firstValueFrom(client.responses$)
      statuses.push(response.status)
    })
    expect(statuses).toEqual([201])
  })

  it('may set up real resources first', async () => {
    await marblesAsync(async ({ serve, expectObservable }) => {
      const body = await new Promise<string>(resolve => { setImmediate(() => { resolve('real') }) })
      const client = serve(() => ({ body }), NO_WAIT).connect('a', { a: HEAD })
      expectObservable(client.responses$).toBe('r', { r: like({ body: 'real' }) })
    })
  })

  it('rejects with its exception, thrown at once or later', async () => {
    await expect(marblesAsync(() => { throw new Error('mine') })).rejects.toThrow('mine')
    await expect(marblesAsync(async () => { await hops(2); throw new Error('mine') })).rejects.toThrow('mine')
    await expect(marblesAsync(async ({ serve }) => {
      const client = serve(() => ({})).connect('a', { a: HEAD })
      await firstValueFrom(client.responses$)
      throw new Error('mine')
    })).rejects.toThrow('mine')
  })

  it('has the helpers of RxJS', async () => {
    await marblesAsync(async ({ cold, hot, time, expectObservable, expectSubscriptions, animate }) => {
      animate('---a')
      const early = cold('-a|')
      expectObservable(early.pipe(delay(time('--|')))).toBe('---(a|)')
      expectSubscriptions(early.subscriptions).toBe('^-!')
      await firstValueFrom(timer(3))
      expectObservable(hot('-a-b')).toBe('----a-b')
      expectObservable(cold('-a|')).toBe('----a|')
    })
  })

  it('is refused the use of flush', async () => {
    await expect(marblesAsync(({ flush }) => { flush() })).rejects.toThrow('await what you wait for instead')
  })
})

describe('code that continues after the end of a test', () => {
  it('ends with its client, and neither is reported nor uses real time', async () => {
    const ended: string[] = []
    const errors: unknown[] = []
    const endless = async function* (): AsyncGenerator<string> {
      try {
        for (;;) yield await Promise.resolve('x'.repeat(1_000))
      } finally {
        ended.push('body')
      }
    }
    await marblesAsync(({ serve, webSocket }) => {
      const server = serve(reqd => {
        if (reqd.target === '/') return { body: endless() }
        return new Promise((_, reject) => {
          reqd.signal.addEventListener('abort', () => {
            ended.push('signal')
            reject(new Error('aborted'))
          })
        })
      }, { onError: error => errors.push(error) })
      server.connect('a', { a: HEAD }, { reads: 'x' })
      server.connect('a', { a: get('/waits') })
      webSocket(connection => { connection.closed$.subscribe(() => { ended.push('socket') }) }, '-a', { a: 'hi' })
    }, { until: 2_500, unanswered: true })
    expect(ended.sort()).toEqual(['body', 'signal', 'socket'])
    expect(errors).toEqual([])
  })
})

describe('RxJS', () => {
  it('has its own time again after a test', async () => {
    await marblesAsync(() => undefined)
    const start = Date.now()
    await firstValueFrom(timer(2))
    expect(Date.now()).toBeGreaterThan(start)
    marbles(({ cold, expectObservable }) => { expectObservable(cold('--a').pipe(delay(2))).toBe('----a') })
  })
})
