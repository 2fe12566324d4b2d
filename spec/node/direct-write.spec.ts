/**
 * Writing to a socket's handle: it behaves like a write to the stream, and reports failures.
 */
import { once } from 'node:events'
import { connect as connectSocket, createServer, type AddressInfo, Socket } from 'node:net'
import { constants } from 'node:os'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { DirectWriter, directWriter, PENDING, TAKEN } from '../../lib/node/direct-write.js'
import { SocketTransport } from '../../lib/node/socket-transport.js'
import type { Output } from '../../lib/runtime/transport.js'
import { afterwards, Client, connect, portOf, signal, start } from '../helpers/net.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

afterEach(() => { jest.restoreAllMocks() })

/** A client, and the other end of its connection. */
async function ends(): Promise<{ readonly client: Client; readonly socket: Socket }> {
  const accepted = signal<Socket>()
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, socket => { accepted.resolve(socket) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new Client(connectSocket((server.address() as AddressInfo).port, '127.0.0.1'))
  afterwards(() => server.close())
  const socket = await accepted.promise
  afterwards(() => socket.destroy())
  return { client, socket: socket.on('error', () => undefined) }
}

function written(socket: Socket, output: Output): { readonly status: number; readonly done: Promise<Error | null> } {
  const done = signal<Error | null>()
  const status = directWriter?.write(socket, output, { written: error => { done.resolve(error) } }) ?? 0
  return { status, done: done.promise }
}

const MANY = 16 * 1024 * 1024
const many = (): Output => [{ buffer: new Uint8Array(MANY).fill(120), off: 0, len: MANY }]

describe('a direct write', () => {
  it('is not used if Node\'s internals are not as expected', () => {
    expect(DirectWriter.create(null)).toBeNull()
    expect(directWriter?.canWriteTo(new Socket())).toBe(false)
    const odd = { _handle: { writeBuffer: () => 0, writeLatin1String: () => 0 } }
    expect(directWriter?.canWriteTo(odd as never)).toBe(false)
  })

  it('sends text, bytes and several ranges of bytes, in order', async () => {
    const { client, socket } = await ends()
    const buffer = Buffer.from('0123456789')
    expect(written(socket, 'caf\xe9,').status).toBe(TAKEN)
    expect(written(socket, [{ buffer, off: 2, len: 3 }]).status).toBe(TAKEN)
    expect(written(socket, [{ buffer, off: 0, len: 1 }, { buffer, off: 9, len: 1 }]).status).toBe(TAKEN)
    expect(await client.receives('9')).toBe('caf\xe9,23409')
  })

  it('reports later if the kernel does not take all, and keeps the order of what follows', async () => {
    const { client, socket } = await ends()
    client.socket.pause()
    const first = written(socket, many())
    const second = written(socket, 'end')
    expect([first.status, second.status]).toEqual([PENDING, PENDING])
    const waiting = directWriter!.unwrittenBytes(socket)
    expect(waiting).toBeGreaterThan(0)
    client.socket.resume()
    await client.receivesBytes(MANY + 'end'.length - waiting + 1)
    expect(directWriter!.unwrittenBytes(socket)).toBeLessThan(waiting)
    expect(await Promise.all([first.done, second.done])).toEqual([null, null])
    expect(await client.receivesBytes(MANY + 3)).toMatch(/x{3}end$/)
    expect(written(socket, '!').status).toBe(TAKEN)
  })

  it('accepts text of any length', async () => {
    const { client, socket } = await ends()
    const text = 'y'.repeat(100_000)
    const { status, done } = written(socket, text)
    if (status === PENDING) expect(await done).toBeNull()
    expect(await client.receivesBytes(text.length)).toBe(text)
  })

  it('fails at once if the socket was destroyed', async () => {
    const { socket } = await ends()
    socket.destroy()
    expect(written(socket, 'x').status).toBeLessThan(0)
    expect(directWriter!.unwrittenBytes(socket)).toBe(0)
  })

  it('fails at once if the output was ended while writes are in flight', async () => {
    const { client, socket } = await ends()
    client.socket.pause()
    expect(written(socket, many()).status).toBe(PENDING)
    socket.end()
    expect(written(socket, 'x').status).toBe(-constants.errno.EPIPE)
  })

  it('in flight fails when the socket is destroyed', async () => {
    const { client, socket } = await ends()
    client.socket.pause()
    const { done } = written(socket, many())
    socket.destroy()
    expect(await done).toMatchObject({ code: 'ECANCELED', syscall: 'write', errno: expect.any(Number) })
  })
})

describe('a transport whose peer is gone', () => {
  it('reports it to the writer as the stream does, after the write call', async () => {
    const { client, socket } = await ends()
    const transport = new SocketTransport(socket)
    client.reset()
    await once(client.socket, 'close')
    const failed = signal<unknown>()
    const write = (): void => {
      let isWithin = true
      const wasTaken = transport.write('x', { written: error => { failed.resolve({ error, isWithin }) } })
      isWithin = false
      // The kernel may still take some bytes before it learns of the reset.
      if (wasTaken) setImmediate(write)
    }
    write()
    expect(await failed.promise).toEqual({
      error: expect.objectContaining({ code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/) }), isWithin: false,
    })
    expect(socket.destroyed).toBe(true)
  })
})

describe.each([['to its handle', false], ['as a stream', true]])('a server that writes %s', (_, isPlain) => {
  const serving: typeof start = (handler, options) => {
    if (isPlain) jest.spyOn(DirectWriter.prototype, 'canWriteTo').mockReturnValue(false)
    return start(handler, options)
  }

  it('answers with text, bytes and streams of any size', async () => {
    const big = Buffer.alloc(3_000_000, 'z')
    const server = await serving(({ target }) => {
      if (target === '/text') return { body: 'text' }
      if (target === '/long') return { body: 't'.repeat(50_000) }
      if (target === '/wide') return { body: '\u20ac' }
      return { body: target === '/bytes' ? big : [big.subarray(0, 5), big.subarray(5)] }
    })
    const get = async (target: string): Promise<string> =>
      Buffer.from(await (await fetch(`http://127.0.0.1:${portOf(server)}${target}`)).arrayBuffer()).toString()
    expect(await get('/text')).toBe('text')
    expect(await get('/long')).toBe('t'.repeat(50_000))
    expect(await get('/wide')).toBe('\u20ac')
    expect(await get('/bytes')).toBe(big.toString())
    expect(await get('/stream')).toBe(big.toString())
  })

  it('delivers all of a response that the client takes slowly, and then ends', async () => {
    const big = 'x'.repeat(10_000_000)
    const client = await connect(await serving(() => ({ body: big })))
    client.socket.pause()
    client.send(REQUEST + LAST)
    await once(client.socket, 'readable')
    client.socket.resume()
    expect((await client.all()).split(big)).toHaveLength(3)
  })

  it('tells the handler if the client resets during a response', async () => {
    const aborted = signal<boolean>()
    const server = await serving(reqd => {
      reqd.signal.addEventListener('abort', () => { aborted.resolve(true) })
      return { body: (function* () { for (;;) yield Buffer.alloc(65_536) })() }
    })
    const client = await connect(server)
    client.send(REQUEST)
    await client.receivesBytes(1_000_000)
    client.reset()
    expect(await aborted.promise).toBe(true)
  })
})
