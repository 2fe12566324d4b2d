/**
 * WebSocket connections in virtual time, by messages.
 */
import { describe, it } from '@jest/globals'
import { concatMap, map, of, take, timer } from 'rxjs'
import { like, marbles } from '../../lib/testing/index.js'

describe('a WebSocket client of a test', () => {
  it('sends and receives messages, and closes', () => {
    marbles(({ webSocket, expectObservable }) => {
      const client = webSocket(connection => {
        connection.messages$.pipe(map(message => `${String(message)}!`)).subscribe(connection)
      }, '-^-a-b-|', { a: 'one', b: 'two' })
      expectObservable(client.received$).toBe('---a-b-|', { a: 'one!', b: 'two!' })
      expectObservable(client.closed$).toBe('-------(c|)', { c: like({ code: 1000, wasClean: true }) })
    })
  })

  it('creates demand as it reads', () => {
    marbles(({ webSocket, expectObservable }) => {
      const client = webSocket(connection => {
        connection.ready$.pipe(take(3), concatMap(wanted => of('x'.repeat(wanted)))).subscribe(message => {
          connection.next(message)
        })
      }, '', { a: 1 }, { reads: 'x---a---o', highWaterMark: 10 })
      expectObservable(client.ready$).toBe('n---n---(nn)', { n: 10 })
      expectObservable(client.received$).toBe('----m---(mm)', { m: 'xxxxxxxxxx' })
    })
  })

  it('may leave without a close frame', () => {
    marbles(({ webSocket, expectObservable }) => {
      const client = webSocket(() => undefined, '--#')
      expectObservable(client.closed$).toBe('--(c|)', { c: like({ code: 1006, wasClean: false }) })
    })
  })

  it('is closed by the server after it has read the rest', () => {
    marbles(({ webSocket, expectObservable }) => {
      const client = webSocket(connection => {
        timer(2).subscribe(() => {
          connection.next('last')
          connection.close(4000, 'enough')
        })
      }, '', {}, { reads: 'x---o' })
      expectObservable(client.received$).toBe('----(m|)', { m: 'last' })
      expectObservable(client.closed$).toBe('----(c|)', { c: like({ code: 4000, reason: 'enough' }) })
    })
  })

  it('is cut if more is written than it may leave unread', () => {
    marbles(({ webSocket, expectObservable }) => {
      const client = webSocket(connection => {
        for (let i = 0; i < 3; i++) connection.next('x'.repeat(20))
      }, '', {}, { reads: 'x', bufferLimit: 10 })
      expectObservable(client.closed$).toBe('(c|)', { c: like({ code: 1006 }) })
      expectObservable(client.errors$.pipe(map(error => (error as Error).name))).toBe('e', { e: 'BackpressureError' })
    })
  })
})
