/**
 * A plain Observable that is faster than its client: every overflow policy, and the client's output.
 *
 * The client reads the head and the first event, then nothing for a while. Eight events of ten bytes come meanwhile,
 * of which three are wanted, because the high-water mark is 30; then it reads on, and a last one comes.
 */
import { describe, expect, it } from '@jest/globals'
import { map } from 'rxjs'
import type { Overflow } from '../../lib/demand/overflow-policy.js'
import { get, like, marbles, type TestResponse } from '../../lib/testing/index.js'

const HEAD = get('/')
const EVENTS = Object.fromEntries(Array.from('abcdefghiz').map(letter => [letter, letter.repeat(10)]))
const SOURCE = 'abcdefghi-----z|'
const READS = ' ox----------o'
const OPTIONS = {
  highWaterMark: 30, lowWaterMark: 10, keepAliveTimeout: 0, connectionsCheckingInterval: 1, allowHalfOpen: true,
}

/** The events of a body: a letter each. */
function lettersOf({ body }: TestResponse): string {
  return body.replace(/(.)\1{9}/g, '$1')
}

describe('a client that is slower than its source', () => {
  interface Case {
    readonly overflow: Overflow
    /** The events that arrive. */
    readonly arrive: string
  }
  const cases: Case[] = [
    { overflow: 'dropNewest', arrive: 'abcdz' },
    { overflow: 'dropOldest', arrive: 'abcdghiz' },
    { overflow: 'latest', arrive: 'abcdiz' },
    { overflow: { bufferBytes: 50 }, arrive: 'abcdefghiz' },
  ]
  it.each(cases)('$overflow: gets $arrive', ({ overflow, arrive }) => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(SOURCE, EVENTS)
      const client = serve(() => ({ body: source$, overflow }), OPTIONS).connect('a|', { a: HEAD }, { reads: READS })
      expectObservable(client.responses$.pipe(map(lettersOf))).toBe('---------------(r|)', { r: arrive })
      expectSubscriptions(source$.subscriptions).toBe('^--------------!')
    })
  })
})

describe('error', () => {
  it('cuts the response of a slow client, and reports it', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(SOURCE, EVENTS)
      const server = serve(() => ({ body: source$, overflow: 'error' }), OPTIONS)
      const client = server.connect('a', { a: HEAD }, { reads: READS })
      expectObservable(client.responses$).toBe('------------#')
      expectObservable(client.aborts$).toBe('----a', { a: '/' })
      expectObservable(server.errors$).toBe('----e', { e: expect.objectContaining({ code: 'overflow' }) })
      expectSubscriptions(source$.subscriptions).toBe('^---!')
    })
  })
})

describe('the default', () => {
  const BIG = 'x'.repeat(400 * 1024)

  it('is a buffer of 1 MiB, whose error says how much was pending', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('abcde', { a: BIG, b: BIG, c: BIG, d: BIG, e: BIG })
      const server = serve(() => ({ body: source$ }), OPTIONS)
      server.connect('a', { a: HEAD }, { reads: READS })
      expectObservable(server.errors$).toBe('----e', { e: expect.objectContaining({ waiting: 3 * BIG.length + 9 }) })
      expectSubscriptions(source$.subscriptions).toBe('^---!')
    })
  })
})

describe('bufferBytes', () => {
  it('behaves as error once the buffer is full', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(SOURCE, EVENTS)
      const server = serve(() => ({ body: source$, overflow: { bufferBytes: 20 } }), OPTIONS)
      const client = server.connect('a', { a: HEAD }, { reads: READS })
      expectObservable(client.responses$).toBe('------------#')
      expectObservable(server.errors$).toBe('------e', { e: expect.objectContaining({ waiting: 65 }) })
      expectSubscriptions(source$.subscriptions).toBe('^-----!')
    })
  })
})

describe('disconnect', () => {
  it('closes the connection at once, which is not an error of the server', () => {
    marbles(({ serve, cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold(SOURCE, EVENTS)
      const server = serve(() => ({ body: source$, overflow: 'disconnect' }), OPTIONS)
      const client = server.connect('a', { a: HEAD }, { reads: READS })
      expectObservable(client.closed$).toBe('----(r|)', { r: 'reset' })
      expectObservable(server.errors$).toBe('')
      expectSubscriptions(source$.subscriptions).toBe('^---!')
    })
  })
})

describe('a client that is fast enough', () => {
  const policies: Overflow[] = ['error', 'dropNewest', 'dropOldest', 'latest', 'disconnect', { bufferBytes: 10 }]
  it.each(policies)('receives everything, whatever the policy: %j', overflow => {
    marbles(({ serve, cold, expectObservable }) => {
      const source$ = cold('a-b-c-d|', EVENTS)
      const client = serve(() => ({ body: source$, overflow }), OPTIONS).connect('a|', { a: HEAD })
      expectObservable(client.responses$).toBe('-------(r|)', {
        r: like({ status: 200, body: ['a', 'b', 'c', 'd'].map(letter => EVENTS[letter]).join('') }),
      })
    })
  })
})

describe('the error of a source', () => {
  it('cuts the response at once, before what is buffered', () => {
    marbles(({ serve, cold, expectObservable }) => {
      const source$ = cold('abc#', EVENTS, new Error('the database is gone'))
      const server = serve(() => ({ body: source$, overflow: { bufferBytes: 100 } }), OPTIONS)
      const client = server.connect('a', { a: HEAD }, { reads: 'x----o' })
      expectObservable(server.errors$).toBe('---e', { e: new Error('the database is gone') })
      expectObservable(client.responses$).toBe('-----#')
    })
  })
})
