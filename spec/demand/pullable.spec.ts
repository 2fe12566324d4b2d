/**
 * Web streams as sources that are pulled.
 */
import { describe, expect, it } from '@jest/globals'
import { pullableOf } from '../../lib/demand/pullable.js'
import { Puller } from '../../lib/demand/puller.js'

/** A stream whose source answers at once, with a log of its queue at each read. */
function stream(log: unknown[]): ReadableStream<number> {
  let count = 0
  const made = new ReadableStream<number>({
    pull: controller => { controller.enqueue(++count) },
    cancel: () => { log.push(`cancelled after ${count}`) },
  })
  return { getReader: () => watched(made, log, () => count) } as ReadableStream<number>
}

function watched(made: ReadableStream<number>, log: unknown[], produced: () => number): unknown {
  const reader = made.getReader()
  let taken = 0
  const read = async (): Promise<unknown> => {
    log.push(`read, ${produced() - taken} queued`)
    taken++
    return await reader.read()
  }
  return { read, cancel: () => reader.cancel() }
}

const settled = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

describe('a web stream', () => {
  it('is read when it has started, so that a source that answers at once is ahead of each read', async () => {
    const log: unknown[] = []
    const source = pullableOf(stream(log), () => undefined)
    expect(log).toEqual([])
    for (const value of [1, 2, 3]) expect(await source.next()).toEqual({ done: false, value })
    expect(log).toEqual(Array(3).fill('read, 1 queued'))
  })

  it('that is stopped before its first read is cancelled, and delivers nothing', async () => {
    const log: unknown[] = []
    const taker = {
      isClosed: false, wanted: 1, progress: 0,
      next: (value: number) => { log.push(value) },
      complete: () => { log.push('complete') },
      error: (error: unknown) => { log.push(error) },
      reportLate: (error: unknown) => { log.push(error) },
      later: () => undefined,
    }
    const puller = new Puller(() => taker, report => pullableOf(stream(log), report))
    puller.run()
    puller.stop()
    await settled()
    expect(log).toEqual(['cancelled after 0', 'read, 0 queued'])
  })

  it.each<[string, () => unknown, unknown]>([
    ['that throws fails', () => { throw new Error('no read') }, new Error('no read')],
    ['that is no promise is taken', () => ({ done: false, value: 1 }), { done: false, value: 1 }],
  ])('of another library, of which the first read is one %s', async (_, read, result) => {
    const foreign = { getReader: () => ({ read, cancel: () => undefined }) } as unknown as ReadableStream<number>
    const first = pullableOf(foreign, () => undefined).next()
    expect(await Promise.resolve(first).catch((error: unknown) => error)).toEqual(result)
  })
})
