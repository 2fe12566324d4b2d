/**
 * A client that reads slowly: pausable sources emit only as much as it takes.
 */
import { describe, it } from '@jest/globals'
import { concatMap, map, of, take } from 'rxjs'
import { Response } from '../../lib/message/response.js'
import { get, marbles } from '../../lib/testing/index.js'

const HEAD = get('/')
const OPTIONS = { highWaterMark: 1_000, lowWaterMark: 0, keepAliveTimeout: 3, connectionsCheckingInterval: 1 }
/** The times at which the client reads `h` bytes. */
const READS = { reads: 'x---(hx)(hx)(hx)' }

describe('a source driven by demand', () => {
  it('receives demand when the client has read what was written', () => {
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({
        body: ready$ => ready$.pipe(take(3), concatMap(wanted => of('x'.repeat(wanted)))),
      }), OPTIONS).connect('a', { a: HEAD, h: 1_100 }, READS)
      expectObservable(client.ready$).toBe('m---m---m', { m: 1_000 })
      expectObservable(client.responses$.pipe(map(r => r.body.length))).toBe('------------r--|', { r: 3_000 })
    })
  })
})

describe('an iterable', () => {
  it('is pulled as the client reads', () => {
    marbles(({ serve, expectObservable }) => {
      const pulled: number[] = []
      const numbers = function* (): Generator<string> {
        for (let i = 0; i < 4; i++) {
          pulled.push(i)
          yield 'x'.repeat(600)
        }
      }
      const server = serve(() => ({ body: numbers() }), { ...OPTIONS, keepAliveTimeout: 5 })
      const client = server.connect('a', { a: HEAD, h: 1_500 }, READS)
      const counts = { a: 2, b: 4, c: 4, d: 4 }
      expectObservable(client.chunks$.pipe(map(() => pulled.length))).toBe('----(ab)(cd)-|', counts)
    })
  })
})

describe('a subject', () => {
  it('tells by `write` and `ready$` when to continue', () => {
    marbles(({ serve, expectObservable }) => {
      const answers: boolean[] = []
      const server = serve(reqd => {
        const subject = reqd.respondWithStreaming(Response.create(200))
        for (const size of [300, 300, 600]) answers.push(subject.write('x'.repeat(size)))
        subject.ready$.subscribe(() => { subject.complete() })
      }, OPTIONS)
      const client = server.connect('a', { a: HEAD, h: 1_500 }, READS)
      expectObservable(client.ready$).toBe('r---r', { r: 1_000 })
      expectObservable(client.responses$.pipe(map(r => r.body.length))).toBe('----r--|', { r: 1_200 })
      expectObservable(client.requests$.pipe(map(() => answers))).toBe('a', { a: [true, true, false] })
    })
  })
})
