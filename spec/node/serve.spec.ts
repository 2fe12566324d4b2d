/**
 * Running servers: where they listen, their visible state, and how many clients they accept.
 */
import { once } from 'node:events'
import { Agent, get, request, type IncomingMessage } from 'node:http'
import { connect as connectSocket, Server } from 'node:net'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { filter } from 'rxjs'
import { RemoteProtocolError } from '../../lib/errors.js'
import { NODE_PLATFORM } from '../../lib/node/platform.js'
import { serve } from '../../lib/node/serve.js'
import type { Connection } from '../../lib/reactive/http-connection.js'
import { afterwards, ask, Client, connect, next, portOf, start } from '../helpers/net.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

afterEach(() => { jest.restoreAllMocks() })

describe('a server', () => {
  it('listens on a free port by default, and reports it', async () => {
    const server = await start(() => ({ body: 'it' }))
    expect(portOf(server)).toBeGreaterThan(0)
    expect(server.url).toBe(`http://127.0.0.1:${portOf(server)}`)
    expect(await (await fetch(server.url)).text()).toBe('it')
  })

  it('listens on all addresses by default', async () => {
    const server = serve(({ url }) => ({ body: url.href }))
    afterwards(() => server.close())
    expect(await server.listening).toBe(server)
    expect(server.url).toBe(`http://localhost:${portOf(server)}`)
    expect(await (await fetch(server.url)).text()).toBe(`${server.url}/`)
  })

  it('listens on IPv6', async () => {
    const server = await start(({ remoteAddress }) => ({ body: remoteAddress }), { host: '::1', ipv6Only: true })
    expect(server.url).toBe(`http://[::1]:${portOf(server)}`)
    expect(await (await fetch(server.url)).text()).toBe('::1')
  })

  it('has the given backlog', async () => {
    const spy = jest.spyOn(Server.prototype, 'listen')
    await start(() => ({}), { backlog: 5 })
    expect(spy).toHaveBeenCalledWith(expect.objectContaining({ backlog: 5 }))
  })

  it('emits its requests, connections and events', async () => {
    const server = await start(() => ({ body: 'it' }))
    const requests: string[] = []
    const connections: Connection[] = []
    const events: string[] = []
    server.requests$.subscribe(reqd => { requests.push(reqd.target) })
    server.connections$.subscribe(connection => { connections.push(connection) })
    server.events$.subscribe(({ type, connection }) => { events.push(`${connection} ${type}`) })
    await ask(server, { path: '/1' })
    await ask(server, { path: '/2' })
    expect(requests).toEqual(['/1', '/2'])
    expect(connections).toMatchObject([{ id: 1, remoteAddress: '127.0.0.1' }, { id: 2 }])
    expect(events).toEqual(expect.arrayContaining(['1 open', '1 request', '1 response', '2 open', '2 bytesOut']))
    await server.close()
    expect(events).toContain('2 close')
  })

  it('refuses connections beyond maxConnections, and accepts others when there is room', async () => {
    const server = await start(() => ({ body: 'it' }), { maxConnections: 2 })
    const clients = [await connect(server), await connect(server)]
    for (const client of clients) await client.send(REQUEST).receives('it')
    const refused = new Client(connectSocket(portOf(server), '127.0.0.1'))
    await refused.ended
    expect(refused.received).toBe('')
    const closed = next(server.events$.pipe(filter(({ type }) => type === 'close')))
    clients[0].reset()
    await closed
    // Node stops counting a connection when its socket is closed.
    await new Promise(resolve => { setImmediate(resolve) })
    await (await connect(server)).send(REQUEST).receives('it')
  })

  it('serves maxRequestsPerSocket requests on a connection', async () => {
    const server = await start(() => ({ body: 'it' }), { maxRequestsPerSocket: 3 })
    const client = await connect(server)
    const received = await client.send(REQUEST.repeat(5)).all()
    expect(received.match(/200 OK/g)).toHaveLength(3)
    expect(received.match(/Connection: close/g)).toHaveLength(1)
  })

  it('keeps running when a client sends something other than HTTP', async () => {
    const server = await start(() => ({ body: 'it' }))
    const client = await connect(server)
    expect(await client.send(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1])).all()).toMatch(/^HTTP\/1.1 400 /)
    expect(await ask(server)).toMatchObject({ body: 'it' })
  })

  it('keeps connections open for further requests', async () => {
    const server = await start(() => ({ body: 'it' }))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    afterwards(() => { agent.destroy() })
    const ports = new Set<number>()
    for (let i = 0; i < 5; i++) {
      const sent = get({ port: portOf(server), host: '127.0.0.1', agent })
      const [response] = await once(sent, 'response') as [IncomingMessage]
      ports.add(response.socket.localPort ?? 0)
      await once(response.resume(), 'end')
    }
    expect(ports.size).toBe(1)
  })

  it('closes idle connections at keepAliveTimeout', async () => {
    const server = await start(() => ({ body: 'it' }), { keepAliveTimeout: 20, connectionsCheckingInterval: 10 })
    const client = await connect(server)
    expect(await client.send(REQUEST).all()).toMatch(/it$/)
  })

  it('answers 408 to a head that takes too long, and nothing to a silent client', async () => {
    const server = await start(() => ({ body: 'it' }), { headersTimeout: 20, connectionsCheckingInterval: 10 })
    const client = await connect(server)
    expect(await client.send('GET / HT').all()).toMatch(/^HTTP\/1.1 408 /)
    expect(await (await connect(server)).all()).toBe('')
  })
})

describe('errors without onError', () => {
  it('are printed, unless they are a client\'s', () => {
    const print = jest.spyOn(console, 'error').mockReturnValue(undefined)
    const failure = new Error('the handler failed')
    NODE_PLATFORM.onError(failure)
    NODE_PLATFORM.onError(new RemoteProtocolError('badHost'))
    expect(print.mock.calls).toEqual([[failure]])
  })
})

describe('a client that sends Expect: 100-continue', () => {
  it('receives the response without sending a body that the handler does not read', async () => {
    const server = await start(() => ({ status: 403 }))
    const headers = { 'expect': '100-continue', 'content-length': 5 }
    const sent = request({ port: portOf(server), host: '127.0.0.1', method: 'POST', agent: false, headers })
    sent.flushHeaders()
    const [response] = await once(sent, 'response') as [IncomingMessage]
    expect(response.statusCode).toBe(403)
    expect(response.headers.connection).toBe('close')
    sent.destroy()
  })
})
