/**
 * Work that virtual time does not reach is named, with its call site; endless loops of promises are ended.
 */
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { defer, firstValueFrom, interval, map, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { concatMap, fromSource, pulled, Response, type Handler } from '../../lib/index.js'
import { sse } from '../../lib/sse/index.js'
import { get, marbles, marblesAsync, webSocketHandshake, type MarbleOptions } from '../../lib/testing/index.js'
import { upgradeWebSocket, type WebSocketConnection } from '../../lib/ws/index.js'

const FILE = 'spec/testing/waiting.spec.ts'
const HEAD = get('/slow')

/** The line of this file below the one that calls. */
function nextLine(): number {
  return Number(/waiting\.spec\.ts:(\d+)/.exec((new Error().stack ?? '').split('\n')[2])?.[1]) + 1
}

const hop = (): Promise<void> => Promise.resolve()

/** The text of the failure. */
async function failureOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
  return ''
}

/** A test in which the handler has to answer. */
function asked(handler: Handler): Promise<void> {
  return marblesAsync(({ serve }) => { serve(handler).connect('a', { a: HEAD }) }, { until: 1_000 })
}

function unanswered(what: string, missing = 'answered'): string {
  return `UnansweredError: Nobody has ${missing} GET /slow up to the end of virtual time (frame 1000).\n`
    + `  GET /slow waits for ${what}\n`
    + 'Real timers and I/O do not go on in virtual time: use RxJS\'s timers, run the test with '
    + '{ timers: \'virtual\' }, or give the handler what it waits for as a function, and another one in the test. '
    + 'Where a request is meant to stay unanswered: { unanswered: true }.'
}

describe('a handler that waits in real time', () => {
  let line = 0

  it.each<[string, string, Handler]>([
    ['setTimeout', 'setTimeout of 50 ms', async () => {
      await Promise.resolve()
      line = nextLine()
      await new Promise(resolve => setTimeout(resolve, 50))
      return {}
    }],
    ['setInterval', 'setInterval of 20 ms', () => new Promise(resolve => {
      line = nextLine()
      const interval = setInterval(() => { clearInterval(interval); resolve({}) }, 20)
    })],
    ['setImmediate', 'setImmediate', () => new Promise(resolve => {
      line = nextLine()
      setImmediate(() => { resolve({}) })
    })],
    ['node:timers/promises', 'setTimeout of 5 ms', async () => {
      line = nextLine()
      await pause(5)
      return {}
    }],
    ['a file', 'a file', async () => {
      line = nextLine()
      await readFile(__filename)
      return {}
    }],
    ['a socket', 'a socket', () => new Promise((_, reject) => {
      line = nextLine()
      connect(1, '127.0.0.1').on('error', reject)
    })],
    ['fetch', 'fetch of http://127.0.0.1:49151/', async () => {
      line = nextLine()
      await fetch('http://127.0.0.1:49151/')
      return {}
    }],
  ])('is named with the place of the call: %s', async (_, what, handler) => {
    expect(await failureOf(() => asked(handler))).toBe(unanswered(`${what} called at ${FILE}:${line}`))
  })

  it('is named for its own request, as far as it is pending', async () => {
    const handler: Handler = async reqd => {
      clearTimeout(setTimeout(() => undefined, 70))
      await firstValueFrom(timer(1))
      if (reqd.target === '/slow') setTimeout(() => undefined, 50)
      return reqd.target === '/slow' ? new Promise(() => undefined) : {}
    }
    const failure = await failureOf(() => marblesAsync(({ serve }) => {
      const server = serve(handler)
      server.connect('a', { a: get('/quick') })
      server.connect('a', { a: HEAD })
    }, { until: 1_000 }))
    const named = /^GET \/slow waits for setTimeout of 50 ms called at spec\/testing\/waiting\.spec\.ts:\d+$/
    expect(failure.match(/GET \S+ waits for .*/g)).toEqual([expect.stringMatching(named)])
  })

  it('is named below failed expectations as well', async () => {
    const failure = await failureOf(() => marblesAsync(({ serve, expectObservable }) => {
      const client = serve(() => { setTimeout(() => undefined, 50) }).connect('a', { a: HEAD })
      expectObservable(client.output$).toBe('-----a')
    }, { until: 100, unanswered: true }))
    expect(failure).toMatch(/GET \/slow waits for setTimeout of 50 ms called at spec\/testing\/waiting\.spec\.ts:\d+/)
  })
})

describe('a response that has begun', () => {
  const pauses = (): Promise<unknown> => new Promise(resolve => setTimeout(resolve, 50))
  const chunks = async function* (): AsyncGenerator<string> {
    yield 'a'
    await pauses()
    yield 'b'
  }
  const sources: [string, Handler][] = [
    ['an async generator', () => ({ body: chunks() })],
    ['a web stream', () => ({ body: new ReadableStream({ pull: async () => { await pauses() } }) })],
    ['pulled', () => ({ body: pulled(async () => { await pauses(); return null }) })],
    ['concatMap', () => ({ body: fromSource(['a']).pipe(concatMap(async text => { await pauses(); return text })) })],
    ['a plain Observable', () => ({ body: defer(pauses).pipe(map(() => 'a')) })],
    ['sse', () => sse(chunks())],
    ['respondWithStreaming', async reqd => {
      const body = reqd.respondWithStreaming(Response.create(200))
      await pauses()
      body.complete()
    }],
    ['a WebSocket', reqd => { upgradeWebSocket(reqd).send(chunks()) }],
  ]

  it.each(sources)('fails the test if its source waits for what never comes: %s', async (_, handler) => {
    const run = (options: MarbleOptions): Promise<string> => failureOf(() => marblesAsync(({ serve }) => {
      serve(handler).connect('a', { a: webSocketHandshake('/slow') })
    }, { until: 1_000, ...options }))
    const failure = (await run({})).replace(/waiting\.spec\.ts:\d+/, 'waiting.spec.ts:LINE')
    expect(failure).toBe(unanswered(`setTimeout of 50 ms called at ${FILE}:LINE`, 'completed the response to'))
    expect(await run({ timers: 'virtual' })).toBe('')
    expect(await run({ unanswered: true })).toBe('')
  })

  it('may go on without end, and leave real work of others', async () => {
    const handler: Handler = ({ target }) => {
      if (target === '/slow') return { body: interval(10).pipe(map(String)) }
      setTimeout(() => undefined, 50)
      return {}
    }
    expect(await failureOf(() => marblesAsync(({ serve }) => {
      const server = serve(handler)
      server.connect('a', { a: get('/quick') })
      server.connect('a-#', { a: get('/quick') })
      server.connect('a', { a: HEAD })
    }, { until: 1_000 }))).toBe('')
  })
})

describe('the client of a WebSocket', () => {
  const later = (text: string): Promise<string> => new Promise(resolve => setTimeout(resolve, 50, text))
  const sources: [string, (connection: WebSocketConnection) => void][] = [
    ['a source', connection => { connection.send(defer(() => later('a'))) }],
    ['a generator', connection => { connection.send((async function* () { yield await later('a') })()) }],
    ['an answer', connection => { connection.concatMap(message => later(String(message))).subscribe(connection) }],
  ]

  it.each(sources)('fails the test if the connection waits for what never comes: %s', async (_, handler) => {
    const run = (options: MarbleOptions, sends = '-a'): Promise<string> => failureOf(() => marblesAsync(helpers => {
      helpers.webSocket(() => undefined, '-')
      helpers.webSocket(handler, sends, { a: 'text' })
    }, { until: 1_000, ...options }))
    const failure = await run({})
    expect(failure).toMatch('UnansweredError: Nobody has closed WebSocket 2 up to the end of virtual time')
    expect(failure).toMatch(/\n {2}WebSocket 2 waits for setTimeout of 50 ms called at \S+waiting\.spec\.ts:\d+\n/)
    expect(await run({ timers: 'virtual' })).toBe('')
    expect(await run({ unanswered: true })).toBe('')
    expect(await run({}, '-a-|')).toBe('')
  })
})

describe('a handler that waits for nothing', () => {
  it('is reported as unanswered', async () => {
    expect(await failureOf(() => asked(() => new Promise(() => undefined)))).toBe(
      'UnansweredError: Nobody has answered GET /slow up to the end of virtual time (frame 1000). '
      + 'Its handler waits for a promise that nobody settles, or for nothing. '
      + 'Where a request is meant to stay unanswered: { unanswered: true }.')
  })
})

describe('a test function that never ends', () => {
  it('fails when time has run out', async () => {
    expect(await failureOf(() => marblesAsync(async ({ serve }) => {
      const client = serve(() => ({})).connect('a', { a: HEAD })
      await firstValueFrom(client.pauses$)
    }))).toBe('TestStillWaitsError: The test function still waits when virtual time has run out (frame 69000). '
      + 'What it waits for never happened.')
  })

  it('fails with what it waits for', async () => {
    let line = 0
    expect(await failureOf(() => marblesAsync(async ({ serve }) => {
      serve(() => ({})).connect('a', { a: HEAD })
      line = nextLine()
      await pause(30)
    }))).toBe('TestStillWaitsError: The test function still waits when virtual time has run out (frame 69000).\n'
      + `  The test waits for setTimeout of 30 ms called at ${FILE}:${line}`)
  })
})

describe('endless promises', () => {
  const never = (): boolean => false

  it.each<[string, () => Promise<void>]>([
    ['await', async () => { while (!never()) await Promise.resolve() }],
    ['then', () => {
      const again = (): Promise<void> => Promise.resolve().then(again)
      return again()
    }],
    ['an async generator', async () => {
      const endless = async function* (): AsyncGenerator<number> { while (!never()) yield await Promise.resolve(1) }
      for await (const one of endless()) if (one > 1) return
    }],
  ])('are ended: %s', async (_, loop) => {
    const failure = await failureOf(() => asked(async () => { await loop(); return {} }))
    const text = failure.replace(/(waiting\.spec\.ts):\d+/, '$1:LINE')
    expect(text).toBe('EndlessPromisesError: Promises settle one after another without end at frame 0: 250,000 so far'
      + `, in the handler of GET /slow, at ${FILE}:LINE. Virtual time stands still until they are done. Let the loop `
      + 'end, or wait for something that takes time, such as RxJS\'s `timer`, or `setTimeout` with '
      + '{ timers: \'virtual\' }.')
    expect(Promise.resolve().constructor).toBe(Promise)
  }, 120_000)
})

describe('two tests at the same time', () => {
  it('fail, and name both', async () => {
    const line = nextLine()
    const first = marblesAsync(() => undefined)
    const second = await failureOf(() => marblesAsync(() => undefined))
    const third = await failureOf(() => { marbles(() => undefined) })
    await first
    const text = (site: number): string => 'TwoRunsError: Two tests run in virtual time at once: one began at '
      + `${FILE}:${site}, while the marblesAsync that began at ${FILE}:${line} has not ended. They share one clock, so `
      + 'each has to end before the next begins: `await` marblesAsync, and do not let the test runner run tests of one '
      + 'file concurrently.'
    expect(second).toBe(text(line + 1))
    expect(third).toBe(text(line + 2))
    await marblesAsync(() => undefined)
  })

  it('fail if one is within the other', async () => {
    expect(await failureOf(() => { marbles(() => { marbles(() => undefined) }) })).toMatch(/^TwoRunsError/)
    expect(await failureOf(() => marblesAsync(() => { marbles(() => undefined) }))).toMatch(/^TwoRunsError/)
  })

  it('fail if a TestScheduler of RxJS runs within one', async () => {
    expect(await failureOf(() => marblesAsync(({ serve }) => {
      serve(async () => { new TestScheduler(() => undefined).run(() => undefined); await hop(); return {} })
        .connect('a', { a: HEAD })
    }))).toBe('ForeignSchedulerError: Another TestScheduler ran within this test, and ended its virtual time: `run` of '
      + 'a TestScheduler can\'t be called while marblesAsync runs. Await one before you begin the other.')
  })
})
