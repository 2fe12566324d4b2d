/**
 * Sockets that are accepted without Node's streams: the conditions for it, and the effects of their failures.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, Socket } from 'node:net'
import { constants } from 'node:os'
import { describe, expect, it } from '@jest/globals'
import { findHandleCalls, handleCalls, takeHandles, type Handle } from '../../lib/node/accepted-handles.js'
import { directWriter } from '../../lib/node/direct-write.js'
import { HandleTransport } from '../../lib/node/handle-transport.js'
import { ask, connect, portOf, signal, start } from '../helpers/net.js'

const { EINVAL, ENOTCONN, EPIPE } = constants.errno
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** The statuses of a handle's calls, where they are not 0. */
type Statuses = Partial<Record<'readStart' | 'shutdown' | 'writeLatin1String' | 'reset', number>>

/** A handle whose calls have these statuses, and the names of the calls. */
function handleOf(statuses: Statuses, names: readonly string[] = ['reset']): { handle: Handle; calls: string[] } {
  const calls: string[] = []
  const all = ['close', 'readStart', 'readStop', 'shutdown', 'useUserBuffer', 'writeLatin1String', ...names]
  const methods = Object.fromEntries(all.map(name => [name, () => {
    calls.push(name)
    return statuses[name as keyof Statuses] ?? 0
  }]))
  return { handle: { ...methods, getAsyncId: () => -1, reading: false, onread: null } as never, calls }
}

/** A transport of such a handle, and what its input and its writes reported. */
function transportOf(...parts: Parameters<typeof handleOf>) {
  const { handle, calls } = handleOf(...parts)
  const transport = new HandleTransport(handle, { calls: handleCalls!, writer: directWriter! })
  const told: unknown[] = []
  const tell = (error: unknown): void => { told.push((error as Error | null)?.message ?? null) }
  const subscribe = (): void => { transport.bytes$.subscribe({ error: tell, complete: () => { told.push('end') } }) }
  calls.length = 0
  return { transport, calls, told, subscribe, written: tell }
}

const later = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

describe('accepted handles', () => {
  it('are used by this version of Node', async () => {
    const server = await start(() => ({ body: 'hello' }))
    const handles = (): string[] => (process as unknown as { _getActiveHandles(): object[] })._getActiveHandles()
      .map(({ constructor }) => constructor.name)
    const client = await connect(server)
    await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').receives('hello')
    expect(handles()).toContain('HandleTransport')
  })

  it('are left to Node while its diagnostics channel for sockets has a subscriber', async () => {
    const sockets: unknown[] = []
    const listener = (message: unknown): void => { sockets.push((message as { socket: unknown }).socket) }
    const server = await start(() => ({ body: 'hello' }))
    subscribe('net.server.socket', listener)
    const client = await connect(server)
    await client.send(REQUEST).receives('hello')
    unsubscribe('net.server.socket', listener)
    expect(sockets).toEqual([expect.any(Socket)])
    expect((await ask(server)).status).toBe(200)
  })

  it('are left to Node if they are not as expected, as are the errors of accepting', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { _handle: listening } = server as unknown as { _handle: { onconnection(...given: unknown[]): void } }
    const [taken, left]: unknown[][] = [[], []]
    listening.onconnection = (...given) => { left.push(given) }
    takeHandles(server, handle => { taken.push(handle) })
    for (const given of [[-EINVAL, undefined], [0, undefined], [0, { close: () => undefined }]]) {
      listening.onconnection(...given)
    }
    expect(left).toHaveLength(3)
    expect(taken).toEqual([])
    const known = { ...handleOf({}).handle, writeBuffer: () => 0, writev: () => 0 }
    listening.onconnection(0, known)
    expect(taken).toEqual([known])
    server.close()
    await later()
    expect(() => { takeHandles(server, () => undefined) }).not.toThrow()
  })

  it.each([
    ['sockets cannot be made so', () => { throw new TypeError('another kind') }],
    ['a socket has another handle', () => new Socket()],
    ['a handle has no owner', (handle: object) => {
      return { on: () => ({ end: () => { (handle as Handle).shutdown({ oncomplete: null }) } }) } as never
    }],
  ])('are not used where %s', (_, socketOf) => {
    expect(findHandleCalls(socketOf)).toBeNull()
    expect(findHandleCalls()).not.toBeNull()
  })
})

describe('the transport of a handle', () => {
  it('fails if reading cannot begin, and then at once', async () => {
    const { transport, calls, told, subscribe } = transportOf({ readStart: -EINVAL })
    subscribe()
    expect([calls, told]).toEqual([['readStart', 'close'], []])
    await later()
    expect(told).toEqual(['read EINVAL'])
    subscribe()
    transport.resume()
    transport.pause()
    transport.end()
    expect([calls, told]).toEqual([['readStart', 'close'], ['read EINVAL', 'read EINVAL']])
  })

  it('reports a failed write to the writer first, then to the reader', async () => {
    const { transport, calls, told, subscribe, written } = transportOf({ writeLatin1String: -EPIPE })
    subscribe()
    expect(transport.write('x', { written })).toBe(false)
    expect(told).toEqual([])
    await later()
    expect(told).toEqual(['write EPIPE', 'write EPIPE'])
    expect(transport.write('x', { written })).toBe(false)
    await later()
    expect(told).toEqual(['write EPIPE', 'write EPIPE', 'write EPIPE'])
    expect(calls).toEqual(['readStart', 'writeLatin1String', 'close'])
    expect(transport.unwrittenBytes).toBe(0)
  })

  it('fails if the output cannot be ended, unless the client has left', async () => {
    const gone = transportOf({ shutdown: -ENOTCONN })
    const failing = transportOf({ shutdown: -EINVAL })
    for (const { transport, subscribe } of [gone, failing]) {
      subscribe()
      transport.end()
    }
    await later()
    expect([gone.told, failing.told]).toEqual([[], ['shutdown EINVAL']])
  })

  it('resets, once, unless the output has ended or the socket has no resets', () => {
    const [tcp, ended, unix] = [transportOf({}), transportOf({}), transportOf({}, [])]
    ended.transport.end()
    for (const { transport } of [tcp, ended, unix]) {
      transport.destroy(true)
      transport.destroy(true)
    }
    expect(tcp.calls).toEqual(['reset'])
    expect(ended.calls).toEqual(['shutdown', 'close'])
    expect(unix.calls).toEqual(['close'])
    expect(unix.transport.remoteAddress).toBe('')
    expect(unix.transport.addresses).toEqual({ remotePort: null, localAddress: '', localPort: null })
  })

  it('reports errors and the end to its reader when Node calls it', () => {
    const [failing, ending, cut] = [transportOf({}), transportOf({}), transportOf({})]
    for (const { subscribe } of [failing, ending]) subscribe()
    failing.transport.destroy(new Error('read ECONNRESET'))
    ending.transport.push()
    expect(ending.transport.read()).toBeNull()
    cut.transport.destroy(false)
    cut.subscribe()
    expect([failing.told, ending.told]).toEqual([['read ECONNRESET'], ['end']])
    expect(cut.told).toEqual([expect.stringMatching(/closed/)])
  })

  it('hands over a closed socket if it failed meanwhile', async () => {
    const { transport, written } = transportOf({ writeLatin1String: -EPIPE })
    transport.write('x', { written })
    const closed = signal()
    const socket = transport.release(closed.resolve, null)
    expect(socket.destroyed).toBe(true)
    await closed.promise
    transport.destroy(true)
  })
})

describe('a connection that is handed over', () => {
  it('has its addresses still, and can be cut', async () => {
    const given = signal<Socket>()
    const server = await start(reqd => {
      reqd.takeOver(socket => { given.resolve(socket as Socket) })
    })
    const opened = signal<{ addresses: unknown; remotePort: unknown }>()
    server.connections$.subscribe(connection => { opened.resolve(connection as never) })
    const client = await connect(server)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const socket = await given.promise
    expect(socket.remotePort).toBe(client.socket.localPort)
    const { addresses } = await opened.promise
    expect(addresses).toMatchObject({ remotePort: client.socket.localPort, localPort: portOf(server) })
    const closed = once(socket, 'close')
    await server.close({ graceMs: 0 })
    await closed
    expect(socket.destroyed).toBe(true)
  })

  it('ends behind the bytes that came with the end of the input', async () => {
    const given = signal<Socket>()
    const server = await start(reqd => { reqd.takeOver(socket => { given.resolve(socket as Socket) }) })
    const client = await connect(server)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').end()
    const socket = (await given.promise).resume()
    await once(socket, 'end')
    socket.end('bye')
    await client.receives('bye')
  })
})
