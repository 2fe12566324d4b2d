/**
 * Bodies whose demand the kit watches: they are pulled as by a server.
 */
import { describe, expect, it } from '@jest/globals'
import { map, take } from 'rxjs'
import { get, marbles, marblesAsync } from '../../lib/testing/index.js'

const HEAD = get('/')
const NO_WAIT = { keepAliveTimeout: 0 }

describe('a body that the kit watches', () => {
  /** A thenable that counts how often it is waited for; a query of a database runs at each `then`. */
  function counted(waits: number[], results: readonly IteratorResult<string>[]): AsyncIterable<string> {
    let next = 0
    const then = (resolve: (result: IteratorResult<string>) => void): void => {
      waits.push(next)
      resolve(results[Math.min(next++, results.length - 1)])
    }
    return { [Symbol.asyncIterator]: () => ({ next: () => ({ then }) as never }) }
  }

  it('waits for each of its values once', async () => {
    const waits: number[] = []
    const value = (text: string): IteratorResult<string> => ({ done: false, value: text })
    const results = [value('a'), value('b'), { done: true, value: undefined } as const]
    await marblesAsync(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: counted(waits, results) }), NO_WAIT).connect('--a', { a: HEAD })
      expectObservable(client.responses$.pipe(map(({ body }) => body))).toBe('--r', { r: 'ab' })
    })
    expect(waits).toEqual([0, 1, 2])
  })

  it('fails as with a server if a function returns no Observable', () => {
    const errors: unknown[] = []
    marbles(({ serve, expectObservable }) => {
      const server = serve(() => ({ body: () => 5 as never }), { ...NO_WAIT, onError: error => { errors.push(error) } })
      const client = server.connect('a', { a: HEAD })
      expectObservable(client.responses$.pipe(map(({ status }) => status), take(1))).toBe('(r|)', { r: 500 })
    })
    expect(errors).toMatchObject([{ message: 'a body that is a function returns an Observable' }])
  })
})
