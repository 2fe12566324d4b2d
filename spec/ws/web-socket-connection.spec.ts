/**
 * Messages both ways, over sockets.
 */
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import {
  EMPTY, firstValueFrom, lastValueFrom, map, of, Subject, take, throwError, toArray, type Observable,
} from 'rxjs'
import { BackpressureError } from '../../lib/index.js'
import { like, marbles } from '../../lib/testing/index.js'
import type { WebSocketMessage } from '../../lib/ws/index.js'
import { closeFrame, frame, TEXT } from './frames.js'
import { over, Stage } from './stage.js'

const SILENT = (): void => undefined

describe('the messages of a connection', () => {
  it('have one subscriber at a time, and wait for it', async () => {
    await using stage = await Stage.open({}, SILENT)
    const client = stage.raw()
    await client.send(frame(TEXT, 'one'), frame(TEXT, 'two'), frame(TEXT, 'three'), closeFrame(1000))
    const { messages$ } = await stage.connection
    expect(await firstValueFrom(messages$)).toBe('one')
    expect(await firstValueFrom(messages$)).toBe('two')
    expect(await lastValueFrom(messages$.pipe(toArray()))).toEqual(['three'])
    expect(await lastValueFrom(messages$.pipe(toArray()))).toEqual([])
  })

  it('have no second subscriber', async () => {
    await using stage = await Stage.open()
    await stage.raw().head
    const { messages$ } = await stage.connection
    await expect(firstValueFrom(messages$)).rejects.toMatchObject({ code: 'alreadyScheduled' })
  })

  it('continue if their consumer throws, which is reported', async () => {
    const failure = new Error('the consumer failed')
    const seen = new Subject<WebSocketMessage>()
    const both = firstValueFrom(seen.pipe(take(2), toArray()))
    await using stage = await Stage.open({}, ({ messages$ }) => {
      messages$.subscribe(message => {
        seen.next(message)
        throw failure
      })
    })
    await stage.raw().send(frame(TEXT, 'one'), frame(TEXT, 'two'))
    expect(await both).toEqual(['one', 'two'])
    expect(stage.errors[0]).toBe(failure)
  })

  it('close the connection if an operator fails and the error is not handled', async () => {
    const failure = new Error('the operator failed')
    await using stage = await Stage.open({}, ({ messages$ }) => {
      messages$.pipe(map(() => { throw failure })).subscribe(SILENT)
    })
    const client = stage.client()
    client.on('open', () => { client.send('one') })
    const [code] = await once(client, 'close') as [number]
    expect(code).toBe(1011)
    expect(stage.errors).toEqual([failure])
  })

  it('are delivered one by one through concatMap', async () => {
    const log: string[] = []
    const gates = new Map<unknown, Subject<never>>()
    const begun = new Subject<WebSocketMessage>()
    await using stage = await Stage.open({}, connection => {
      connection.concatMap((message, index) => {
        log.push(`${index} ${message.toString()}`)
        const gate = new Subject<never>()
        gates.set(message, gate)
        begun.next(message)
        return gate
      }).subscribe({ complete: () => { log.push('complete') } })
    })
    const client = stage.raw()
    const first = firstValueFrom(begun)
    await client.head
    await client.send(Buffer.concat([frame(TEXT, 'a'), frame(TEXT, 'b'), closeFrame(1000)]))
    await first
    expect(log).toEqual(['0 a'])
    gates.get('a')!.complete()
    expect(log).toEqual(['0 a', '1 b'])
    const connection = await stage.connection
    expect(connection.closure).toBeNull()
    gates.get('b')!.complete()
    await over(connection)
    expect(log).toEqual(['0 a', '1 b', 'complete'])
  })

  it('continue after a subscriber that failed or left', async () => {
    const errors: unknown[] = []
    await using stage = await Stage.open({}, connection => {
      const fail = (): never => { throw new Error('in the projection') }
      connection.concatMap(fail).subscribe({ error: error => {
        errors.push(error)
        connection.concatMap(() => throwError(() => 'inside')).subscribe({ error: inner => {
          errors.push(inner)
          connection.concatMap(message => of(message, message)).subscribe(connection)
        } })
      } })
    })
    const client = stage.raw()
    await client.head
    await client.send(frame(TEXT, 'a'), frame(TEXT, 'b'), frame(TEXT, 'c'))
    expect(await client.tell(2)).toEqual(['text c', 'text c'])
    expect(errors).toEqual([new Error('in the projection'), 'inside'])
  })
})

describe('sending', () => {
  it('begins before the handshake is answered', async () => {
    await using stage = await Stage.open({}, connection => {
      connection.next('one')
      connection.next('')
      connection.next(new Uint8Array([2]))
      expect(connection.bufferedAmount).toBe(2 + 3 + 2 + 2 + 1)
      connection.close(4001, 'that was all')
      connection.next('too late')
    })
    expect(await stage.raw().tell(4)).toEqual(['text one', 'text ', 'bytes 02', 'close 4001 that was all'])
  })

  it('continues after the end of a source, and stops when it is unsubscribed', async () => {
    const source = new Subject<string>()
    await using stage = await Stage.open()
    const client = stage.raw()
    await client.head
    const connection = await stage.connection
    connection.send(of('one'))
    const sending = connection.send(source)
    source.next('two')
    sending.unsubscribe()
    source.next('three')
    connection.send(EMPTY)
    connection.next('four')
    expect(await client.tell(3)).toEqual(['text one', 'text two', 'text four'])
  })

  it('unsubscribes its sources when the connection closes', async () => {
    const source = new Subject<string>()
    await using stage = await Stage.open({}, connection => { connection.send(source) })
    const client = stage.raw()
    const connection = await stage.connection
    expect(source.observed).toBe(true)
    await client.send(closeFrame(1000))
    await client.story()
    await over(connection)
    expect(source.observed).toBe(false)
    connection.send(source)
    expect(source.observed).toBe(false)
  })

  it('passes the demand to a function', async () => {
    const wanted: number[] = []
    await using stage = await Stage.open({ highWaterMark: 100, lowWaterMark: 10 }, connection => {
      connection.send(ready$ => ready$.pipe(take(3), map(count => {
        wanted.push(count)
        return '*'.repeat(50)
      })))
    })
    expect(await stage.raw().tell(3)).toEqual(Array.from({ length: 3 }, () => `text ${'*'.repeat(50)}`))
    expect(wanted[0]).toBe(100)
    expect(wanted).toHaveLength(3)
  })

  it('closes with 1011 and reports it if the source fails', async () => {
    const source = new Subject<string>()
    await using stage = await Stage.open({}, connection => { connection.send(source) })
    const client = stage.raw()
    await client.head
    source.error('broken')
    expect(await client.tell(1)).toEqual(['close 1011'])
    expect(stage.errors).toEqual(['broken'])
  })

  it('closes in the same way if the source fails before the handshake is answered', async () => {
    await using stage = await Stage.open({}, connection => { connection.send(throwError(() => 'broken')) })
    expect(await stage.raw().tell(1)).toEqual(['close 1011'])
    expect(stage.errors).toEqual(['broken'])
  })

  it('closes with 1011 if the source emits a value that is not a message', async () => {
    await using stage = await Stage.open()
    const client = stage.raw()
    await client.head
    ;(await stage.connection).send(of(1) as Observable<never>)
    expect(await client.tell(1)).toEqual(['close 1011'])
    expect(stage.errors).toEqual([new TypeError('a message is a string or a Uint8Array')])
  })

  it.each([[null], [undefined], [42], [Symbol('odd')], [{ byteLength: NaN }]])(
    'counts the value %p as one byte while it waits for a slow client, and fails when it is its turn', odd => {
      marbles(({ webSocket, expectObservable, cold }) => {
        const values = { a: 'four', b: odd, c: 'two', d: 'new' } as unknown as Record<string, WebSocketMessage>
        const dropped = new Subject<WebSocketMessage>()
        const onDrop = (message: WebSocketMessage): void => { dropped.next(message) }
        const client = webSocket(connection => {
          connection.send(cold('a-b-b-c-d-b-|', values), { overflow: 'dropOldest', onDrop })
        }, '', {}, { reads: 'x-------------o', highWaterMark: 4 })
        expectObservable(dropped).toBe('------b-(bc)', values)
        expectObservable(client.received$).toBe('--------------(ad|)', values)
        const error = new TypeError('a message is a string or a Uint8Array')
        expectObservable(client.errors$).toBe('--------------e', { e: error })
        expectObservable(client.closed$).toBe('--------------(c|)', { c: like({ code: 1011 }) })
      })
    })
})

it('a backpressure error is reported, and closes with 1008', async () => {
  await using stage = await Stage.open()
  const client = stage.raw()
  await client.head
  ;(await stage.connection).error(new BackpressureError())
  expect(await client.tell(1)).toEqual(['close 1008 too slow'])
  expect(stage.errors).toEqual([new BackpressureError()])
})
