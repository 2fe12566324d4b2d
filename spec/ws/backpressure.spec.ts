/**
 * A slow side never makes the server grow: neither a client that does not read, nor a subscriber that takes its time.
 */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { asapScheduler, firstValueFrom, NEVER, Observable, Subject, VirtualTimeScheduler } from 'rxjs'
import { BackpressureError, type Overflow } from '../../lib/index.js'
import type { WebSocketConnection, WebSocketMessage } from '../../lib/ws/index.js'
import { BINARY, frame } from './frames.js'
import { over, Stage } from './stage.js'

const SILENT = (): void => undefined
const KIB = 1024
const MESSAGE = new Uint8Array(8 * KIB)
const HIGH = 64 * KIB
/** One message may pass while there is credit left; each has a header. */
const BOUND = HIGH + MESSAGE.length + 64 * 4

/** Emits 32 MiB, more than the sockets hold, in turns; returns the most that was buffered at any time. */
async function flood(connection: WebSocketConnection, emit: (message: Uint8Array) => void): Promise<number> {
  let peak = 0
  for (let i = 0; i < 4 * KIB && !connection.isClosed; i++) {
    emit(MESSAGE)
    peak = Math.max(peak, connection.bufferedAmount)
    if (i % 4 === 0) await setImmediate()
  }
  return peak
}

/** A connection whose client never reads. */
async function deaf(stage: Stage): Promise<WebSocketConnection> {
  const client = stage.raw()
  await client.head
  client.socket.pause()
  return stage.connection
}

describe('a client that never reads', () => {
  const policies: Overflow[] = ['dropNewest', 'dropOldest', 'latest', { bufferBytes: 1024 * KIB * KIB }]
  it.each(policies)('makes the server hold at most the high-water mark with overflow: %j', async overflow => {
    const scheduler = new VirtualTimeScheduler()
    await using stage = await Stage.open({ highWaterMark: HIGH, scheduler, pingIntervalMs: 0 }, SILENT)
    const connection = await deaf(stage)
    const source = new Subject<WebSocketMessage>()
    connection.send(source, { overflow })
    const peak = await flood(connection, message => { source.next(message) })
    expect(peak).toBeGreaterThan(HIGH / 2)
    expect(peak).toBeLessThanOrEqual(BOUND)
    expect(connection.isClosed).toBe(false)
  })

  it.each<Overflow>(['error', { bufferBytes: 128 * KIB }])('is closed with overflow: %j', async overflow => {
    const scheduler = new VirtualTimeScheduler()
    await using stage = await Stage.open({ highWaterMark: HIGH, scheduler, pingIntervalMs: 0 }, SILENT)
    const connection = await deaf(stage)
    const source = new Subject<WebSocketMessage>()
    connection.send(source, { overflow })
    expect(await flood(connection, message => { source.next(message) })).toBeLessThanOrEqual(BOUND)
    expect(source.observed).toBe(false)
    expect(stage.errors).toEqual([expect.any(BackpressureError)])
    // It does not take the close either, and is cut after closeTimeoutMs.
    expect(connection.closure).toBeNull()
    scheduler.flush()
    expect(await over(connection)).toBe('aborted')
  })

  it('is cut with overflow: "disconnect"', async () => {
    await using stage = await Stage.open({ highWaterMark: HIGH }, SILENT)
    const connection = await deaf(stage)
    const source = new Subject<WebSocketMessage>()
    connection.send(source, { overflow: 'disconnect' })
    expect(await flood(connection, message => { source.next(message) })).toBeLessThanOrEqual(BOUND)
    expect(await over(connection)).toBe('aborted')
    expect(source.observed).toBe(false)
    expect(stage.errors).toEqual([])
  })

  it('pauses a source that is driven by demand', async () => {
    await using stage = await Stage.open({ highWaterMark: HIGH }, SILENT)
    const connection = await deaf(stage)
    let made = 0
    let peak = 0
    connection.ready$.subscribe(() => {
      made++
      peak = Math.max(peak, connection.bufferedAmount)
      connection.next(MESSAGE)
    })
    const idle = async (): Promise<boolean> => {
      const before = made
      for (let i = 0; i < 100; i++) await setImmediate()
      return made === before
    }
    while (!await idle()) peak = Math.max(peak, connection.bufferedAmount)
    expect(peak).toBeLessThanOrEqual(BOUND)
  })

  it.each([undefined, 256 * KIB])('is cut when a handler writes regardless of the demand: limit %s', async limit => {
    await using stage = await Stage.open(limit === undefined ? {} : { bufferLimit: limit }, SILENT)
    const connection = await deaf(stage)
    const peak = await flood(connection, message => { connection.next(message) })
    expect(peak).toBeLessThanOrEqual((limit ?? KIB * KIB) + MESSAGE.length + 4)
    expect(await over(connection)).toBe('aborted')
    expect(stage.errors).toEqual([expect.any(BackpressureError)])
  })

  it('is cut in the same way before the handshake is answered', async () => {
    await using stage = await Stage.open({ bufferLimit: 10 }, connection => {
      for (const text of ['one', 'two', 'three']) connection.next(text)
      expect(connection.write('four')).toBe(false)
    })
    await expect(stage.raw().head).rejects.toThrow('no answer')
    expect(stage.errors).toEqual([expect.any(BackpressureError)])
  })

  it('is cut by keep-alive if it sends without end and reads nothing', async () => {
    const scheduler = new VirtualTimeScheduler(undefined, 30_000)
    await using stage = await Stage.open({ scheduler, bufferLimit: 2 ** 30 }, SILENT)
    const connection = await deaf(stage)
    connection.next(new Uint8Array(64 * KIB * KIB))
    await setImmediate()
    const buffered = connection.bufferedAmount
    scheduler.flush()
    expect(connection.bufferedAmount).toBe(buffered)
    scheduler.maxFrames = 60_000
    scheduler.flush()
    expect(await over(connection)).toBe('aborted')
  })
})

describe('a client that reads again', () => {
  it('receives the messages from the oldest that was kept', async () => {
    await using stage = await Stage.open({ highWaterMark: HIGH, pingIntervalMs: 0 }, SILENT)
    const client = stage.client()
    await once(client, 'open')
    client.pause()
    const connection = await stage.connection
    const source = new Subject<WebSocketMessage>()
    connection.send(source, { overflow: 'dropOldest' })
    await flood(connection, message => { source.next(message) })
    source.next('the last one')
    const texts: string[] = []
    client.on('message', (data, isBinary) => { if (!isBinary) texts.push((data as Buffer).toString()) })
    client.resume()
    await once(client, 'message')
    while (texts.length === 0) await once(client, 'message')
    expect(texts).toEqual(['the last one'])
  })
})

describe('a slow subscriber of messages', () => {
  it('makes the server stop reading from the client', async () => {
    const begun = new Subject<number>()
    await using stage = await Stage.open({ pingIntervalMs: 0 }, connection => {
      connection.concatMap((_message, index) => {
        begun.next(index)
        return NEVER
      }).subscribe()
    })
    const indices: number[] = []
    begun.subscribe(index => { indices.push(index) })
    const isBegun = firstValueFrom(begun)
    const client = stage.raw()
    await client.head
    const message = frame(BINARY, Buffer.alloc(64 * KIB))
    await client.send(message)
    await isBegun
    // More than the sockets hold, so that the rest stays with the client.
    for (let i = 0; i < 512; i++) {
      client.socket.write(message)
      await setImmediate()
    }
    expect(client.socket.writableLength).toBeGreaterThan(8 * KIB * KIB)
    expect(indices).toEqual([0])
  })
})

describe('a source whose teardown throws', () => {
  const failure = new Error('the teardown failed')

  /** Emits more than the sockets hold, and completes. */
  function flooding(): Observable<Uint8Array> {
    return new Observable(subscriber => {
      const task = asapScheduler.schedule(() => {
        for (let i = 0; i < 2 * KIB; i++) subscriber.next(MESSAGE)
        subscriber.complete()
      })
      return () => {
        task.unsubscribe()
        throw failure
      }
    })
  }

  it('is reported once, whenever its last message is sent', async () => {
    const overflow = { bufferBytes: 32 * KIB * KIB }
    await using stage = await Stage.open({}, connection => { connection.send(flooding(), { overflow }) })
    const client = stage.client()
    let left = 2 * KIB
    const received = new Promise<void>(resolve => { client.on('message', () => { if (--left === 0) resolve() }) })
    await once(client, 'open')
    await received
    const connection = await stage.connection
    client.close()
    expect(await over(connection)).toBe('done')
    expect(stage.errors).toEqual([expect.objectContaining({ errors: [failure] })])
  })
})
