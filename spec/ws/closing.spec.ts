/**
 * The end of a connection from each side, and the release of its resources.
 */
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { firstValueFrom, NEVER, Subject, toArray, VirtualTimeScheduler } from 'rxjs'
import type { WebSocketConnection } from '../../lib/ws/index.js'
import { CLOSE, closeFrame, CONTINUATION, frame, part, TEXT } from './frames.js'
import { over, Stage } from './stage.js'

const SILENT = (): void => undefined

describe('a close', () => {
  it('is answered if the client sends it', async () => {
    await using stage = await Stage.open()
    const client = stage.client()
    await once(client, 'open')
    client.close(3001, 'tschüß')
    const connection = await stage.connection
    expect(await over(connection)).toBe('done')
    expect(connection.closure).toEqual({ code: 3001, reason: 'tschüß', wasClean: true, error: null })
  })

  it('is answered without a code if the client sends none', async () => {
    await using stage = await Stage.open()
    const client = stage.raw()
    await client.send(frame(CLOSE))
    expect(await client.story()).toEqual(['close'])
    const connection = await stage.connection
    await over(connection)
    expect(connection.closure).toMatchObject({ code: 1005, wasClean: true })
  })

  it.each<[string, (connection: WebSocketConnection) => void, [number, string]]>([
    ['complete', connection => { connection.complete() }, [1000, '']],
    ['close', connection => { connection.close() }, [1000, '']],
    ['close with a code', connection => { connection.close(4999, 'r'.repeat(123)) }, [4999, 'r'.repeat(123)]],
    ['close, twice', connection => { connection.close(3000); connection.close(3001) }, [3000, '']],
  ])('is sent by the server: %s', async (_title, close, [code, reason]) => {
    await using stage = await Stage.open()
    const client = stage.client()
    await once(client, 'open')
    const connection = await stage.connection
    close(connection)
    const [clientCode, clientReason] = await once(client, 'close') as [number, Buffer]
    expect([clientCode, clientReason.toString()]).toEqual([code, reason])
    expect(await over(connection)).toBe('done')
    expect(connection.closure).toMatchObject({ code, wasClean: true })
    connection.terminate()
  })

  it.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5])('cannot have the code %d', async code => {
    await using stage = await Stage.open({}, connection => {
      expect(() => { connection.close(code) }).toThrow(expect.objectContaining({ code: 'badRange' }))
    })
    const client = stage.client()
    await once(client, 'open')
    expect(stage.errors).toEqual([])
  })

  it('cannot have a reason that is too long', async () => {
    await using stage = await Stage.open({}, connection => {
      expect(() => { connection.close(1000, 'ü'.repeat(62)) }).toThrow(expect.objectContaining({ code: 'badRange' }))
    })
    await stage.raw().head
    expect(stage.errors).toEqual([])
  })

  it('lets messages through that arrive before its answer', async () => {
    const messages: unknown[] = []
    await using stage = await Stage.open({}, connection => {
      connection.messages$.subscribe(message => { messages.push(message) })
    })
    const client = stage.raw()
    await client.head
    const connection = await stage.connection
    connection.complete()
    expect(await client.tell(1)).toEqual(['close 1000'])
    await client.send(frame(TEXT, 'under way'), closeFrame(1000))
    expect(await over(connection)).toBe('done')
    expect(messages).toEqual(['under way'])
  })

  it('drops messages without a subscriber, so that the answer is read', async () => {
    await using stage = await Stage.open({}, SILENT)
    const client = stage.raw()
    await client.send(frame(TEXT, 'a'), frame(TEXT, 'b'))
    const connection = await stage.connection
    await client.head
    connection.complete()
    expect(await client.tell(1)).toEqual(['close 1000'])
    await client.send(frame(TEXT, 'c'), closeFrame(1000))
    expect(await over(connection)).toBe('done')
  })

  it('cuts a client that does not answer it in time', async () => {
    const scheduler = new VirtualTimeScheduler(undefined, 9_999)
    await using stage = await Stage.open({ scheduler }, connection => { connection.complete() })
    const client = stage.raw()
    expect(await client.tell(1)).toEqual(['close 1000'])
    scheduler.flush()
    const connection = await stage.connection
    expect(connection.closure).toBeNull()
    scheduler.maxFrames = 10_000
    scheduler.flush()
    expect(await over(connection)).toBe('aborted')
    expect(connection.closure).toMatchObject({ code: 1006, wasClean: false })
  })

  it('cuts a client that has half-closed and reads nothing', async () => {
    const scheduler = new VirtualTimeScheduler(undefined, 10_000)
    await using stage = await Stage.open({ scheduler, pingIntervalMs: 0, bufferLimit: 2 ** 30 }, SILENT)
    const client = stage.raw()
    await client.head
    const connection = await stage.connection
    client.socket.pause()
    const ended = firstValueFrom(connection.ready$.pipe(toArray()))
    connection.next(new Uint8Array(64 * 1024 * 1024))
    client.socket.end()
    await ended
    scheduler.flush()
    expect(await over(connection)).toBe('aborted')
  })
})

describe('a client that leaves', () => {
  it('completes the messages and the demand, without an error', async () => {
    const log: string[] = []
    await using stage = await Stage.open({}, connection => {
      connection.messages$.subscribe({ complete: () => { log.push('messages') } })
      connection.ready$.subscribe({ complete: () => { log.push('ready') } })
    })
    const client = stage.raw()
    await client.head
    client.socket.resetAndDestroy()
    const connection = await stage.connection
    expect(await over(connection)).toBe('aborted')
    expect(log.sort()).toEqual(['messages', 'ready'])
    expect(connection.closure).toEqual({ code: 1006, reason: '', wasClean: false, error: null })
    expect(connection.isClosed).toBe(true)
    expect(stage.errors).toEqual([])
  })

  it('may leave without a close frame', async () => {
    await using stage = await Stage.open()
    const client = stage.raw()
    await client.head
    client.socket.end()
    expect(await over(await stage.connection)).toBe('aborted')
  })

  it('may leave while a message is worked on, and held input is released', async () => {
    const begun = new Subject<void>()
    await using stage = await Stage.open({}, connection => {
      connection.concatMap(() => {
        begun.next()
        return NEVER
      }).subscribe()
    })
    const isBegun = firstValueFrom(begun)
    const client = stage.raw()
    await client.send(frame(TEXT, 'a'), frame(TEXT, 'b'))
    await isBegun
    const connection = await stage.connection
    client.socket.resetAndDestroy()
    // A socket that is not read does not see the end; a write does.
    const writes = setInterval(() => { connection.next('are you there?') })
    expect(await over(connection)).toBe('aborted')
    clearInterval(writes)
  })

  it('holds no messages of a connection that was terminated before the handshake was answered', async () => {
    await using stage = await Stage.open({}, connection => {
      connection.next('a message that waits')
      connection.terminate()
    })
    await stage.raw().ended
    expect((await stage.connection).bufferedAmount).toBe(0)
  })

  it('holds no messages that waited to be compressed when the connection was terminated', async () => {
    await using stage = await Stage.open({ deflate: { threshold: 0 } }, SILENT)
    await once(stage.client(), 'open')
    const connection = await stage.connection
    for (let i = 0; i < 100; i++) connection.next(`message ${i} that waits`)
    connection.terminate()
    expect(await over(connection)).toBe('aborted')
    expect(connection.bufferedAmount).toBe(0)
  })

  it('may leave before the handshake is answered', async () => {
    await using stage = await Stage.open({}, connection => { connection.terminate() })
    const client = stage.raw()
    await expect(client.head).rejects.toThrow('no answer')
    expect((await stage.connection).closure).toMatchObject({ code: 1006 })
  })
})

describe('a protocol error of the client', () => {
  it.each<[string, number, Buffer[], string]>([
    ['a reserved bit', 1002, [frame(TEXT, '', { reserved: 4 })], 'WS_ERR_UNEXPECTED_RSV_1'],
    ['text that is not UTF-8', 1007, [frame(TEXT, Buffer.from([0xff]))], 'WS_ERR_INVALID_UTF8'],
    ['a message that is too long', 1009, [part(TEXT, 'x'.repeat(60)), frame(CONTINUATION, 'x'.repeat(60))],
      'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
  ])('closes the connection: %s: %d', async (_title, code, frames, error) => {
    await using stage = await Stage.open({ maxPayload: 100 })
    const client = stage.raw()
    await client.send(...frames)
    expect(await client.story()).toEqual([`close ${code}`])
    const connection = await stage.connection
    expect(await over(connection)).toBe('aborted')
    expect(connection.closure).toMatchObject({ code, reason: '', wasClean: false, error: { code: error } })
    expect(stage.errors).toEqual([])
  })

  it('closes the connection: an inflated message that is too long', async () => {
    await using stage = await Stage.open({ deflate: true, maxPayload: 1_000 })
    const client = stage.client([], { perMessageDeflate: { threshold: 0 } })
    await once(client, 'open')
    client.send('z'.repeat(1_001))
    expect(await once(client, 'close')).toEqual([1009, Buffer.alloc(0)])
  })

  it('counts as an answer after the server\'s close', async () => {
    await using stage = await Stage.open()
    const client = stage.raw()
    await client.head
    const connection = await stage.connection
    connection.close(3000)
    await client.tell(1)
    await client.send(frame(3))
    await client.story()
    expect(await over(connection)).toBe('aborted')
  })
})

describe('a server that closes', () => {
  it('closes each connection with 1001, and waits for them', async () => {
    await using stage = await Stage.open()
    const client = stage.client()
    await once(client, 'open')
    const closed = stage.server.close()
    expect(await once(client, 'close')).toEqual([1001, Buffer.alloc(0)])
    await closed
    expect((await stage.connection).closure).toMatchObject({ code: 1001, wasClean: true })
  })

  it('cuts the remaining connections at graceMs', async () => {
    await using stage = await Stage.open()
    const client = stage.raw()
    await client.head
    const connection = await stage.connection
    const closed = stage.server.close({ graceMs: 0 })
    await client.ended
    client.socket.destroy()
    await closed
    expect(connection.closure).toMatchObject({ code: 1006, wasClean: false })
  })
})

describe('a stream that is sent', () => {
  it('is destroyed if the connection is closed already', async () => {
    await using stage = await Stage.open()
    await stage.raw().send(frame(CLOSE))
    const connection = await stage.connection
    await over(connection)
    const stream = new Readable({ read: () => undefined })
    expect(connection.send(stream).closed).toBe(true)
    expect(stream.destroyed).toBe(true)
    expect(stage.errors).toEqual([])
  })
})
