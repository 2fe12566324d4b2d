/**
 * What a StepVerifier reaches: demand by hand, silence for a time, clients with a rate, and what is held at a moment.
 */
import { describe, expect, it } from '@jest/globals'
import { catchError, EMPTY, filter, firstValueFrom, map, NEVER, of, timer } from 'rxjs'
import { fromPublisher, pulled, toPublisher, type Source } from '../../lib/index.js'
import {
  atMost, get, like, marbles, marblesAsync, post, requested, type MarbleHelpers,
} from '../../lib/testing/index.js'

const HEAD = get('/')
const NO_WAIT = { keepAliveTimeout: 0 }

/** The failure of a test. */
function failureOf(test: (helpers: MarbleHelpers) => unknown): string {
  try {
    marbles(test)
  } catch (error) {
    return String(error)
  }
  return ''
}

describe('demand by hand', () => {
  const items = ['ab', 'cd', 'ef', 'gh', 'ij']
  const sources: [string, () => Source<string>][] = [
    ['an iterable', () => items],
    ['a generator', function* () { yield* items } as () => Source<string>],
    ['pulled', () => {
      const left = [...items]
      return pulled(() => left.length === 0 ? null : left.splice(0, 1))
    }],
    ['a publisher', () => fromPublisher(toPublisher(() => of(...items)))],
  ]
  const asyncSources: [string, () => Source<string>][] = [
    ['an async generator', async function* () { for (const item of items) yield await Promise.resolve(item) } as never],
    ['a web stream', () => streamOf(items)],
  ]
  const slower = (source: Source<string>) => ({ cold, expectObservable }: MarbleHelpers): void => {
    const source$ = requested(source, cold('a------b---c', { a: 4, b: 1, c: 100 }))
    expectObservable(source$).toBe('(vw)---x---(yz|)', { v: 'ab', w: 'cd', x: 'ef', y: 'gh', z: 'ij' })
  }

  it.each(sources)('is requested of %s', (_, source) => { marbles(slower(source())) })
  it.each([...sources, ...asyncSources])('is requested of %s, with promises', async (_, source) => {
    await marblesAsync(slower(source()))
  })

  it('counts items if they are not bytes, and each request replaces the last', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(requested([1, 2, 3, 4], cold('-b----a', { a: 1, b: 2 }))).toBe('-(xy)-z', { x: 1, y: 2, z: 3 })
    })
  })

  it('ends the source when it is unsubscribed, once', async () => {
    const ended: string[] = []
    const numbers = function* (): Generator<number> { try { yield 1; yield 2 } finally { ended.push('sync') } }
    const later = async function* (): AsyncGenerator<number> {
      try {
        yield await firstValueFrom(timer(2).pipe(map(() => 1)))
      } finally {
        ended.push('async')
      }
    }
    const stream = new ReadableStream({ cancel: () => { ended.push('stream'); throw new Error('late') } })
    await marblesAsync(({ cold, expectObservable }) => {
      expectObservable(requested(numbers(), cold('a', { a: 1 })), '^--!').toBe('x', { x: 1 })
      expectObservable(requested(later(), cold('a', { a: 1 })), '^!').toBe('')
      expectObservable(requested(stream, cold('-a', { a: 1 })), '^--!').toBe('')
      expectObservable(requested(numbers(), EMPTY)).toBe('')
    })
    expect(ended.sort()).toEqual(['async', 'stream', 'sync'])
  })

  it('passes on errors of the source and of the requests', async () => {
    const bad = function* (): Generator<number> { yield 1; throw new Error('mine') }
    const worse = async function* (): AsyncGenerator<number> { yield await Promise.reject(new Error('mine')) }
    await marblesAsync(({ cold, expectObservable }) => {
      expectObservable(requested(bad(), cold('a', { a: 5 }))).toBe('(x#)', { x: 1 }, new Error('mine'))
      expectObservable(requested(worse(), cold('a', { a: 5 }))).toBe('#', {}, new Error('mine'))
      expectObservable(requested(bad(), cold('--#'))).toBe('--#')
    })
  })

  it('fails for an Observable that cannot be paused', () => {
    marbles(({ cold, expectObservable }) => {
      const faults$ = requested(timer(1, 1), cold('a', { a: 1 })).pipe(
        catchError((error: unknown) => of((error as { code?: string }).code)))
      expectObservable(faults$).toBe('-x(y|)', { x: 0, y: 'overflow' })
    })
  })
})

function streamOf(items: readonly string[]): ReadableStream<string> {
  const left = [...items]
  return new ReadableStream<string>({
    pull: controller => {
      const item = left.shift()
      if (item === undefined) controller.close()
      else controller.enqueue(item)
    },
  }, { highWaterMark: 0 })
}

describe('expectNothing', () => {
  it('ignores notifications before and after its time', () => {
    marbles(({ serve, cold, expectNothing }) => {
      const client = serve(() => timer(10_000).pipe(map(() => ({})))).connect('5ms a', { a: HEAD })
      expectNothing(client.output$, 10_000)
      expectNothing(client.output$, 50_000, 10_006)
      expectNothing(cold('-a 10s b'), 10_000, 2)
      expectNothing(NEVER, 600_000)
    })
  })

  it.each<[string, (helpers: MarbleHelpers) => void]>([
    ['the Observable: expected nothing for 10000 ms from frame 2 on, and \'b\' came at frame 7', helpers => {
      helpers.expectNothing(helpers.cold('-a-----b'), 10_000, 2)
    }],
    ['the Observable: expected nothing for 5 ms from frame 0 on, and it completed at frame 4', helpers => {
      helpers.expectNothing(helpers.cold('----|'), 5)
    }],
    ['the Observable: expected nothing for 5 ms from frame 0 on, and Error: mine came at frame 1', helpers => {
      helpers.expectNothing(helpers.cold('-#', {}, new Error('mine')), 5)
    }],
    ['time ends at frame 600000, before frame 600001', helpers => { helpers.expectNothing(NEVER, 600_000, 1) }],
  ])('fails: %s', (message, test) => { expect(failureOf(test)).toBe(`MarbleError: ${message}`) })
})

describe('a client with a rate', () => {
  it('reads its bytes per second in tenths', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'x'.repeat(935) }), NO_WAIT)
      const client = server.connect('a', { a: HEAD }, { readRate: 4_000 })
      const sizes$ = client.chunks$.pipe(map(bytes => bytes.length))
      expectObservable(sizes$).toBe('a 99ms a 99ms b', { a: 400, b: 212 })
    })
  })

  it('may have a rate that is not divisible, and a diagram', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: 'x'.repeat(10) }), NO_WAIT)
      const slow = server.connect('a', { a: HEAD }, { readRate: 25 })
      const stopped = server.connect('a', { a: HEAD }, { readRate: 10_000, reads: 'x 149ms o' })
      const total = (bytes: Uint8Array): number => bytes.length
      expectObservable(slow.chunks$.pipe(map(total)), '^ 399ms !').toBe('a 99ms b 99ms a 99ms b', { a: 2, b: 3 })
      expectObservable(stopped.chunks$.pipe(map(total))).toBe('150ms a', { a: 86 })
    })
  })

  it('sends its bytes per second; its half-close comes after them, a reset at once', () => {
    marbles(({ serve, expectObservable }) => {
      const server = serve(reqd => reqd.body.text().pipe(map(body => ({ body }))), { ...NO_WAIT, allowHalfOpen: true })
      const text = post('/', 'x'.repeat(200))
      const seen$ = server.connect('(a|)', { a: text }, { sendRate: 1_000 }).events$.pipe(
        filter(({ type }) => type === 'bytesIn' || type === 'inputEnd'),
        map(event => event.type === 'bytesIn' ? event.count : 'end'))
      expectObservable(seen$).toBe('a 99ms a 99ms (be)', { a: 100, b: text.length - 200, e: 'end' })
      const reset = server.connect('a---#', { a: text }, { sendRate: 1_000 })
      expectObservable(reset.closed$).toBe('----(r|)', { r: 'reset' })
    })
  })

  it('shows an upload that stalls', async () => {
    await marblesAsync(({ serve, expectObservable }) => {
      const server = serve(async reqd => ({ body: await reqd.body.text() }), { requestTimeout: 5_000 })
      const client = server.connect('a', { a: post('/', 'x'.repeat(1_000)) }, { sendRate: 100 })
      expectObservable(client.responses$.pipe(map(response => response.status))).toBe('6s (r|)', { r: 408 })
    })
  })

  it('must have a rate above 0', () => {
    expect(failureOf(({ serve }) => { serve(() => ({})).connect('', {}, { readRate: 0 }) })).toBe(
      'MarbleError: a rate is more than 0 bytes a second, not 0')
  })
})

describe('expectHeld', () => {
  it('counts the bytes that the client has not taken, up to the high-water mark', async () => {
    await marblesAsync(({ serve, expectHeld }) => {
      const body = async function* (): AsyncGenerator<string> {
        for (;;) yield await Promise.resolve('x'.repeat(1_000))
      }
      const client = serve(() => ({ body: body() }), NO_WAIT).connect('-a', { a: HEAD }, { reads: 'x' })
      expectHeld(client).toBe('ab---b', { a: 0, b: atMost(18_000) })
    }, { until: 100 })
  })

  it('samples at the end of a frame', () => {
    marbles(({ serve, expectHeld }) => {
      const client = serve(() => ({ body: 'x'.repeat(5_000) }), NO_WAIT)
        .connect('-a', { a: HEAD, n: 1_000 }, { reads: 'x-n-o' })
      expectHeld(client).toBe('abccd', { a: 0, b: 5_078, c: 4_078, d: 0 })
    })
  })

  it('counts the bytes that the server has not read', () => {
    marbles(({ serve, expectHeld }) => {
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 250000\r\n\r\n'
      const client = serve(() => timer(5).pipe(map(() => ({})))).connect('ab', { a: head, b: new Uint8Array(250_000) })
      expectHeld(client, 'input').toBe('a-b', { a: 0, b: 250_000 })
    })
  })

  it('says what was held if it is not as expected', () => {
    expect(failureOf(({ serve, expectHeld }) => {
      const client = serve(() => ({ body: 'x'.repeat(5_000) })).connect('a', { a: HEAD }, { reads: 'x' })
      expectHeld(client).toBe('a', { a: atMost(1_000) })
    })).toBe([
      'MarbleError: client 1, held output: not as expected at frame 0', '',
      '  expected  a', '  actual    A', '            ^ frame 0: a differs: expected at most 1000, received 5078', '',
      '  a = at most 1000', '  A = 5078 (came)',
    ].join('\n'))
    expect(failureOf(({ serve, expectHeld }) => { expectHeld(serve(() => ({})).connect('')) })).toBe(
      'MarbleError: expectHeld has no toBe')
    expect(like({ a: atMost(3) }).asymmetricMatch({ a: 'x' })).toBe(false)
  })
})
