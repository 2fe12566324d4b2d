/**
 * Reading into one buffer for all sockets: when it is used, and that no consumer sees it change.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { delay, firstValueFrom, map, of, reduce, Subject, tap } from 'rxjs'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { findKeys, ReusedBuffer } from '../../lib/node/reused-buffer.js'
import { v8Version } from '../../lib/node/runtime.js'
import { connect, signal, start } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

afterEach(() => { jest.restoreAllMocks() })

/** A client and the server's socket of it, which is the test's. */
async function sockets(): Promise<{ readonly client: Awaited<ReturnType<typeof connect>>; readonly socket: Socket }> {
  const given = signal<Socket>()
  const server = await start(reqd => { reqd.takeOver(socket => { given.resolve(socket as Socket) }) })
  const client = await connect(server)
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  return { client, socket: await given.promise }
}

/** The outcome of {@link ReusedBuffer.between} for the sockets of a server. */
async function attached(): Promise<ReusedBuffer[]> {
  const spy = jest.spyOn(ReusedBuffer, 'between')
  await sockets()
  return spy.mock.results.map(({ value }) => value as ReusedBuffer)
}

describe('the shared buffer', () => {
  it('is used by this version of Node', async () => {
    expect(await attached()).toEqual([expect.any(ReusedBuffer)])
  })

  it('is used with TLS: the chunks of a body are memory of their own, of a record at most', async () => {
    const spy = jest.spyOn(ReusedBuffer, 'between')
    const chunks: Uint8Array[] = []
    const server = await startTls(({ body }) => body.bytes$.pipe(
      tap(chunk => { chunks.push(chunk) }), reduce(sum => sum, 'done'), map(text => ({ body: text }))))
    const client = await tlsClient(server)
    const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, index) => `${index},`).join(''))
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes.length}\r\n\r\n`).send(bytes)
    await client.receives('done')
    expect(spy).toHaveBeenCalledTimes(1)
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
    expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(chunks.length)
    expect(Math.max(...chunks.map(({ buffer }) => buffer.byteLength))).toBeLessThanOrEqual(16 * 1024)
  })

  it.each(['plain', 'TLS'])('is read for chunks that are lent: whole, and empty later (%s)', async transport => {
    const chunks: Uint8Array[] = []
    const handler: Handler = ({ body }) => body.lent$.pipe(
      tap(chunk => { chunks.push(chunk) }),
      reduce((hash, chunk) => hash.update(chunk), createHash('sha256')), map(hash => ({ body: hash.digest('hex') })))
    const own = jest.spyOn(Buffer, 'allocUnsafeSlow')
    const client = await (transport === 'TLS' ? tlsClient(await startTls(handler)) : connect(await start(handler)))
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => `${index},`).join(''))
    own.mockClear()
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes.length}\r\n\r\n`).send(bytes)
    await client.receives(createHash('sha256').update(bytes).digest('hex'))
    expect(own).not.toHaveBeenCalled()
    expect(chunks.length).toBeGreaterThan(1)
    expect(chunks.every(({ length }) => length === 0)).toBe(true)
  })

  it('is not seen by a response whose chunks are lent by the request', async () => {
    const server = await start(({ body }) => ({ body: body.lent$.pipe(map(chunk => chunk.subarray(0))) }))
    const client = await connect(server)
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => `${index},`).join(''))
    client.send(`POST / HTTP/1.0\r\nHost: a\r\nContent-Length: ${bytes.length}\r\n\r\n`).send(bytes)
    const text = await client.all()
    expect(text.endsWith(`\r\n\r\n${bytes.toString()}`)).toBe(true)
  })

  it('is not used if Node\'s internals are not as expected', () => {
    expect(findKeys(new Socket())).toMatchObject({ buffer: expect.any(Symbol) })
    expect(findKeys({})).toBeNull()
    expect(findKeys({ [Symbol('kBuffer')]: null, [Symbol('kBufferCb')]: null })).toBeNull()
    const receiver = { receive: () => undefined, rest: () => undefined }
    expect(ReusedBuffer.attach(new Socket(), receiver)).toBeNull()
    const odd = Object.assign(Object.create(null) as object, { _handle: { useUserBuffer: () => undefined } })
    expect(ReusedBuffer.attach(odd as never, receiver)).toBeNull()
  })

  it('is replaced by buffers that grow while they are filled, less for a consumer that pauses', async () => {
    const { socket } = await sockets()
    const sizes: number[] = []
    let isBusy = false
    const reads = ReusedBuffer.attach(socket, {
      receive: ({ length }) => {
        sizes.push(length / 1024)
        if (isBusy) reads.paused()
      },
      rest: () => undefined,
    })!
    let buffer: Uint8Array = Buffer.alloc(80 * 1024)
    const fill = (times: number): void => {
      for (let i = 0; i < times; i++) {
        reads.receive(buffer.length, buffer)
        buffer = reads.nextBuffer()!
      }
    }
    reads.wanted = 'owned'
    fill(5)
    isBusy = true
    fill(3)
    isBusy = false
    fill(2)
    const [second, largest] = v8Version < 14 ? [112, 112] : [128, 256]
    expect(sizes).toEqual([80, 64, second, largest, largest, largest, 64, 64, 64, second])
    reads.wanted = 'lent'
    expect(reads.nextBuffer()?.length).toBe(80 * 1024)
  })

  it('is replaced by buffers that are given away when they are full, and lent until then', async () => {
    const { socket } = await sockets()
    const given: [size: number, ownership: string][] = []
    const reads = ReusedBuffer.attach(socket, {
      receive: ({ length, ownership }) => { given.push([length, ownership]) },
      rest: () => undefined,
    })!
    reads.wanted = 'owned'
    reads.receive(80 * 1024, Buffer.alloc(80 * 1024))
    const buffer = reads.nextBuffer()!
    const { length } = buffer
    reads.receive(length - 1, buffer)
    expect(reads.nextBuffer()).toBeNull()
    reads.receive(length, buffer)
    const next = reads.nextBuffer()!
    expect(next.buffer).not.toBe(buffer.buffer)
    reads.receive(100, next)
    expect(reads.nextBuffer()?.length).toBe(80 * 1024)
    expect(given.slice(1)).toEqual([[length - 1, 'lent'], [length, 'owned'], [100, 'lent']])
  })

  it('is enough for a body that arrives in small pieces, whose chunks are copies', async () => {
    const pieces = new Subject<string>()
    const server = await start(({ body }) => body.bytes$.pipe(
      tap(chunk => { pieces.next(Buffer.from(chunk).toString()) }), reduce(sum => sum, 'done'),
      map(text => ({ body: text }))))
    const client = await connect(server)
    const own = jest.spyOn(Buffer, 'allocUnsafeSlow')
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n')
    for (let i = 0; i < 4; i++) {
      const arrived = firstValueFrom(pieces)
      client.send(`${i}`.repeat(10))
      expect(await arrived).toBe(`${i}`.repeat(10))
    }
    await client.receives('done')
    expect(own).not.toHaveBeenCalled()
  })

  it('is not used after a hand-over: the new owner has its own bytes, in order', async () => {
    const { client, socket } = await sockets()
    const seen: Buffer[] = []
    socket.on('data', (bytes: Buffer) => { seen.push(bytes) })
    const sent = Array.from({ length: 30 }, (_, index) => `${index},`.repeat(5000)).join('')
    client.send(sent).end()
    await once(socket, 'end')
    expect(Buffer.concat(seen).toString() === sent).toBe(true)
    socket.end()
  })

  it('is not used after a hand-over: a new owner that pauses receives no more', async () => {
    const { client, socket } = await sockets()
    client.send('x'.repeat(10_000_000))
    let length = 0
    socket.on('data', (bytes: Buffer) => { length += bytes.length })
    await once(socket, 'data')
    socket.pause()
    const before = length
    await new Promise(resolve => { setImmediate(resolve) })
    expect(length).toBe(before)
    expect(client.socket.writableLength).toBeGreaterThan(0)
    socket.resume()
    client.end()
    await once(socket, 'end')
    expect(length).toBe(10_000_000)
    socket.end()
  })

  it('is not used after a hand-over: the new owner can iterate', async () => {
    const { client, socket } = await sockets()
    client.send('x'.repeat(1_000_000)).end()
    let length = 0
    for await (const bytes of socket) length += (bytes as Buffer).length
    expect(length).toBe(1_000_000)
  })

  it('is not used after a hand-over: the new owner can read text', async () => {
    const { client, socket } = await sockets()
    const seen: unknown[] = []
    socket.setEncoding('utf8').on('data', text => { seen.push(text) })
    client.send(Buffer.from('\u20ac'.repeat(100_000))).end()
    await once(socket, 'end')
    expect(seen.every(text => typeof text === 'string')).toBe(true)
    expect(seen.join('') === '\u20ac'.repeat(100_000)).toBe(true)
    socket.end()
  })

  it('is not used after a hand-over: the new owner can pipe to a slow stream', async () => {
    const { client, socket } = await sockets()
    let length = 0
    const slow = new Writable({
      write(bytes: Buffer, _encoding, done) {
        length += bytes.length
        setImmediate(done)
      },
    })
    socket.pipe(slow)
    client.send('x'.repeat(1_000_000)).end()
    await once(slow, 'finish')
    expect(length).toBe(1_000_000)
    socket.end()
  })

  it('is left and used again by a connection, from body to body', async () => {
    const spy = jest.spyOn(ReusedBuffer, 'between')
    const server = await start(({ body }) => body.concatMap(chunk => of(chunk.length).pipe(delay(1))).pipe(
      reduce((sum, length) => sum + length, 0), map(sum => ({ body: `${sum} bytes` }))))
    const client = await connect(server)
    for (const size of [400_000, 100, 300_000]) {
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
      client.send('x'.repeat(size))
      await client.receives(`${size} bytes`)
    }
    const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(20)}0\r\n\r\n`)
    await client.receives('200000 bytes')
    const [{ value }] = spy.mock.results as { value: ReusedBuffer }[]
    expect((value as unknown as { own: unknown }).own).toBeNull()
  })
})
