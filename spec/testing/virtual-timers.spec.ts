/**
 * The timers of the application in virtual time, and the real ones again behind it.
 */
import nodeTimers from 'node:timers'
import promised from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { map } from 'rxjs'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { get, like, marbles, marblesAsync } from '../../lib/testing/index.js'

const HEAD = get('/')
const VIRTUAL = { timers: 'virtual' } as const

/** The reports of the test function, with their frames. */
async function logOf(test: (log: (text: string) => void) => unknown): Promise<string[]> {
  const lines: string[] = []
  await marblesAsync(() => test(text => { lines.push(`${Date.now()} ${text}`) }), VIRTUAL)
  return lines
}

/** The response of the handler, and its time. */
async function answer(handler: Handler, marble: string, body: string): Promise<void> {
  await marblesAsync(({ serve, expectObservable }) => {
    const client = serve(handler, { keepAliveTimeout: 0 }).connect('a', { a: HEAD })
    expectObservable(client.responses$.pipe(map(response => response.body))).toBe(marble, { r: body })
  }, VIRTUAL)
}

describe('timers of a handler', () => {
  it.each<[string, string, Handler]>([
    ['setTimeout', '50ms r', () => new Promise(resolve => { setTimeout(resolve, 50, { body: 'x' }) })],
    ['setImmediate', 'r', () => new Promise(resolve => { setImmediate(resolve, { body: 'x' }) })],
    ['setInterval', '60ms r', () => new Promise(resolve => {
      let count = 0
      const interval = setInterval(() => {
        if (++count < 3) return
        clearInterval(interval)
        resolve({ body: 'x' })
      }, 20)
    })],
    ['promisify(setTimeout)', '7ms r', async () => ({ body: await promisify(setTimeout)(7, 'x') })],
    ['node:timers', '7ms r', () => new Promise(resolve => { nodeTimers.setTimeout(resolve, 7, { body: 'x' }) })],
    ['node:timers/promises', '9ms r', async () => {
      await promised.scheduler.wait(2)
      await promised.scheduler.yield()
      return { body: await promised.setTimeout(7, 'x') }
    }],
    ['AbortSignal.timeout', '30ms r', reqd => new Promise(resolve => {
      const signal = AbortSignal.any([reqd.signal, AbortSignal.timeout(30)])
      signal.addEventListener('abort', () => {
        resolve({ body: (signal.reason as Error).name === 'TimeoutError' ? 'x' : 'other' })
      })
    })],
  ])('are virtual: %s', async (_, marble, handler) => { await answer(handler, marble, 'x') })

  it('include the time of day and of performance', async () => {
    const facts: unknown[] = []
    const start = new Date(5_000)
    await marblesAsync(() => {
      setTimeout(() => {
        facts.push(Date.now(), new Date().getTime(), performance.now(), new Date(7).getTime(), Date.UTC(1970, 0, 1))
        facts.push(start instanceof Date, new Date() instanceof Date, Date().startsWith('Thu Jan 01 1970'))
      }, 12)
    }, VIRTUAL)
    expect(facts).toEqual([12, 12, 12, 7, 0, true, true, true])
  })

  it('work without promises, in a synchronous test', () => {
    marbles(({ serve, expectObservable }) => {
      const handler: Handler = reqd => { setTimeout(() => { reqd.respond({ body: 'x' }) }, 5) }
      const client = serve(handler, { keepAliveTimeout: 0 }).connect('a', { a: HEAD })
      expectObservable(client.responses$).toBe('-----r', { r: like({ body: 'x' }) })
    }, VIRTUAL)
  })
})

describe('a virtual timer', () => {
  it('waits 1 ms at least, as in Node', async () => {
    expect(await logOf(log => {
      for (const delay of [0, -5, NaN, undefined, 2 ** 31, 1.9]) setTimeout(() => { log(String(delay)) }, delay)
    })).toEqual(['1 0', '1 -5', '1 NaN', '1 undefined', '1 2147483648', '1 1.9'])
  })

  it('is cleared by itself, by its number, or by disposal', async () => {
    expect(await logOf(log => {
      const set = (): NodeJS.Timeout => setTimeout(() => { log('late') }, 5)
      clearTimeout(set())
      clearInterval(set())
      clearTimeout(Number(set()))
      set().close()
      set()[Symbol.dispose]()
      clearImmediate(setImmediate(() => { log('late') }))
      clearTimeout(undefined)
      clearTimeout('none')
      setTimeout(() => { log('on time') }, 5)
    })).toEqual(['5 on time'])
  })

  it('can be refreshed', async () => {
    expect(await logOf(log => {
      const timer = setTimeout(() => { log('timer') }, 5)
      setTimeout(() => timer.refresh(), 3)
    })).toEqual(['8 timer'])
  })

  it('can be unreferenced, and time passes all the same', async () => {
    expect(await logOf(log => {
      const timer = setTimeout(() => { log('timer') }, 5)
      log(`${timer.hasRef()} ${timer.unref().hasRef()} ${timer.ref().hasRef()}`)
      timer.unref()
    })).toEqual(['0 true false true', '5 timer'])
  })

  it('requires a function', async () => {
    await expect(marblesAsync(() => { setTimeout('text' as unknown as () => void, 1) }, VIRTUAL))
      .rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  })

  it('fails the test if it throws', async () => {
    const bad = (): never => { throw new Error('in a timer') }
    await expect(marblesAsync(() => { setTimeout(bad, 3) }, VIRTUAL)).rejects.toThrow('in a timer')
  })
})

describe('promised timers', () => {
  it('can be aborted', async () => {
    expect(await logOf(async log => {
      const controller = new AbortController()
      const { signal } = controller
      const waiting = promised.setTimeout(50, 'x', { signal })
      setTimeout(() => { controller.abort(new Error('why')) }, 3)
      await waiting.catch((error: unknown) => { log(`${String(error)} ${String((error as Error).cause)}`) })
      await promised.setImmediate('x', { signal }).catch((error: unknown) => { log(String(error)) })
      log(await promised.setTimeout(5, 'in time', { signal: new AbortController().signal }))
    })).toEqual([
      '3 AbortError: The operation was aborted Error: why', '3 AbortError: The operation was aborted', '8 in time',
    ])
  })

  it('tick even while nobody waits, until they are aborted', async () => {
    expect(await logOf(async log => {
      const controller = new AbortController()
      setTimeout(() => { controller.abort() }, 34)
      try {
        for await (const tick of promised.setInterval(10, 'tick', { signal: controller.signal })) {
          log(tick)
          if (Date.now() < 20) await promised.setTimeout(15)
        }
      } catch (error) {
        log((error as Error).name)
      }
      for await (const tick of promised.setInterval(2, 'again')) {
        log(tick)
        break
      }
    })).toEqual(['10 tick', '25 tick', '30 tick', '34 AbortError', '36 again'])
  })
})

describe('after a test', () => {
  it('the real timers are restored', async () => {
    const before = [setTimeout, setInterval, setImmediate, clearTimeout, Date, Date.now, AbortSignal.timeout, fetch]
    const names = Object.getOwnPropertyNames(performance)
    await marblesAsync(() => undefined, VIRTUAL)
    await expect(marblesAsync(() => { throw new Error('mine') }, VIRTUAL)).rejects.toThrow('mine')
    expect(() => { marbles(() => { throw new Error('mine') }, VIRTUAL) }).toThrow('mine')
    expect([setTimeout, setInterval, setImmediate, clearTimeout, Date, Date.now, AbortSignal.timeout, fetch])
      .toEqual(before)
    expect(Object.getOwnPropertyNames(performance)).toEqual(names)
  })

  it('a real timer from before can be cleared within a test', async () => {
    let isFired = false
    const timer = setTimeout(() => { isFired = true }, 1)
    const immediate = setImmediate(() => { isFired = true })
    const interval = setInterval(() => { isFired = true }, 1)
    await marblesAsync(() => { clearTimeout(timer); clearImmediate(immediate); clearInterval(interval) }, VIRTUAL)
    await promised.setTimeout(5)
    expect(isFired).toBe(false)
  })
})
