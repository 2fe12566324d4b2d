/**
 * Pings and closes that arrive while a message waits or is processed, and pings of the server.
 */
import { describe, expect, it } from '@jest/globals'
import { lastValueFrom, NEVER, Subject, take, toArray, VirtualTimeScheduler } from 'rxjs'
import { closeFrame, frame, PING, TEXT } from './frames.js'
import { echo, over, Stage } from './stage.js'

const SILENT = (): void => undefined

describe('a ping', () => {
  it('is answered while a message is worked on, before the reply to it', async () => {
    const work = new Subject<string>()
    await using stage = await Stage.open({}, connection => {
      connection.send(connection.concatMap(() => work.pipe(take(1))))
    })
    const client = stage.raw()
    await client.head
    await client.send(Buffer.concat([frame(TEXT, 'hello'), frame(PING, 'one')]), frame(PING, 'two'))
    expect(await client.tell(2)).toEqual(['pong one', 'pong two'])
    work.next('done')
    expect(await client.tell(1)).toEqual(['text done'])
  })

  it('is answered by a connection that only sends', async () => {
    await using stage = await Stage.open({}, connection => { connection.send(NEVER) })
    const client = stage.raw()
    await client.head
    await client.send(Buffer.concat([frame(TEXT, 'anybody?'), frame(PING, 'one')]))
    expect(await client.tell(1)).toEqual(['pong one'])
  })

  it('is answered after a compressed message as well', async () => {
    const work = new Subject<string>()
    await using stage = await Stage.open({ deflate: true }, connection => {
      connection.send(connection.concatMap(() => work.pipe(take(1))))
    })
    const client = stage.client()
    await new Promise(resolve => { client.on('open', resolve) })
    client.send('hello '.repeat(1_000))
    client.ping('one')
    const [data] = await new Promise<unknown[]>(resolve => { client.on('pong', (...values) => { resolve(values) }) })
    expect(String(data)).toBe('one')
    work.next('done')
  })
})

describe('a close', () => {
  it('is answered after the reply to the message before it', async () => {
    const work = new Subject<string>()
    await using stage = await Stage.open({}, connection => {
      connection.send(connection.concatMap(() => work.pipe(take(1))))
    })
    const client = stage.raw()
    await client.head
    await client.send(Buffer.concat([frame(TEXT, 'hello'), frame(PING), closeFrame(1000)]))
    expect(await client.tell(1)).toEqual(['pong '])
    work.next('done')
    expect(await client.story()).toEqual(['text done', 'close 1000'])
  })

  it('is answered if the message before it has no subscriber, and keeps that message', async () => {
    await using stage = await Stage.open({}, SILENT)
    const client = stage.raw()
    await client.head
    await client.send(Buffer.concat([frame(TEXT, 'hello'), closeFrame(1001)]))
    expect(await client.story()).toEqual(['close 1001'])
    const connection = await stage.connection
    expect(await over(connection)).toBe('done')
    expect(await lastValueFrom(connection.messages$.pipe(toArray()))).toEqual(['hello'])
  })

  it('is not needed: a client that leaves is noticed even if a message waits for a subscriber', async () => {
    await using stage = await Stage.open({}, SILENT)
    const client = stage.raw()
    await client.head
    await client.send(frame(TEXT, 'hello'))
    client.socket.end()
    const connection = await stage.connection
    expect(await over(connection)).toBe('aborted')
    expect(connection.closure?.code).toBe(1006)
  })
})

describe('keep-alive', () => {
  it('sends pings, and cuts a client that does not answer', async () => {
    const scheduler = new VirtualTimeScheduler(undefined, 30_000)
    await using stage = await Stage.open({ scheduler }, echo)
    const client = stage.raw()
    await client.head
    scheduler.flush()
    expect(await client.tell(1)).toEqual(['ping '])
    // Any sign of life counts; the echo shows that it arrived.
    await client.send(frame(TEXT, 'busy'))
    expect(await client.tell(1)).toEqual(['text busy'])
    scheduler.maxFrames = 60_000
    scheduler.flush()
    expect(await client.tell(1)).toEqual(['ping '])
    scheduler.maxFrames = 90_000
    scheduler.flush()
    expect(await over(await stage.connection)).toBe('aborted')
  })

  it('cuts a client that sends pings without end and reads no answer', async () => {
    await using stage = await Stage.open({ maxPayload: 200 })
    const client = stage.raw()
    await client.head
    const connection = await stage.connection
    client.socket.pause()
    const flood = Buffer.concat(Array.from({ length: 1_000 }, () => frame(PING, 'p'.repeat(125))))
    let peak = 0
    while (connection.closure === null && !client.socket.destroyed) {
      await Promise.race([client.send(flood), over(connection)])
      peak = Math.max(peak, connection.bufferedAmount)
    }
    expect(await over(connection)).toBe('aborted')
    expect(peak).toBeLessThanOrEqual(61 * 127)
  })
})
