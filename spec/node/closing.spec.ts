/**
 * Servers that are closed: requests in flight are answered, and the rest is cut.
 */
import { once } from 'node:events'
import { connect as connectSocket, Server as NetServer, type AddressInfo } from 'node:net'
import { describe, expect, it, jest } from '@jest/globals'
import { firstValueFrom, type Observable, type Subscription, toArray, VirtualTimeScheduler } from 'rxjs'
import { listen } from '../../lib/node/listen.js'
import { serve } from '../../lib/node/serve.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { afterwards, Client, connect, portOf, signal, start } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Everything that the client receives. Then it half-closes, so that the server need not wait. */
async function rest(client: Client): Promise<string> {
  const received = await client.all()
  client.end()
  return received
}

const LAST = /Connection: close\r\n\r\nit$/

describe('closing a server', () => {
  it('answers clients that wait to be accepted', async () => {
    const server = await start(() => ({ body: 'it' }))
    const port = portOf(server)
    const clients = Array.from({ length: 20 }, () => new Client(connectSocket(port, '127.0.0.1')).send(REQUEST))
    // Node connects in its next tick.
    await new Promise(resolve => { process.nextTick(resolve) })
    const closed = server.close()
    for (const client of clients) expect(await rest(client)).toMatch(LAST)
    await closed
  })

  it('lets TLS handshakes complete within idleMs, and answers', async () => {
    const server = await startTls(() => ({ body: 'it' }))
    const socket = connectSocket(portOf(server), '127.0.0.1')
    await once(socket, 'connect')
    // Sockets are accepted in order: when a later client is connected, this one is accepted as well.
    const later = await tlsClient(server)
    const closed = server.close({ idleMs: 100_000 })
    later.end()
    expect(await rest((await tlsClient(server, { socket })).send(REQUEST))).toMatch(LAST)
    await closed
  })

  it('does not wait if no connection is left, whatever idleMs', async () => {
    const server = await startTls(() => ({ body: 'it' }))
    await server.close({ idleMs: Infinity, graceMs: Infinity })
  })

  it('cuts at graceMs even with a longer idleMs', async () => {
    const server = await start(() => ({ body: 'it' }))
    const client = await connect(server)
    const closed = server.close({ idleMs: Infinity, graceMs: 10 })
    expect(await client.ended).toBe('broken')
    await closed
  })

  it('closes connections that are no longer served, even with a partial request', async () => {
    const subscribed = signal<Subscription>()
    const came = signal()
    const listening = jest.spyOn(NetServer.prototype, 'listen')
    const server = listen({ host: '127.0.0.1' }).subscribe(connection => {
      connection.events$.subscribe(({ type }) => { if (type === 'bytesIn') came.resolve() })
      subscribed.resolve(connection.requests$.subscribe())
    })
    afterwards(() => { server.unsubscribe() })
    const [net] = listening.mock.contexts as NetServer[]
    listening.mockRestore()
    await once(net, 'listening')
    const client = new Client(connectSocket((net.address() as AddressInfo).port, '127.0.0.1'))
    const subscription = await subscribed.promise
    client.send('GET / HT')
    await came.promise
    subscription.unsubscribe()
    expect(await rest(client)).toBe('')
  })

  it('answers requests in flight, closes idle connections, and accepts no more', async () => {
    const answer = signal<Reqd>()
    const server = await start(reqd => { answer.resolve(reqd) })
    const draining = firstValueFrom(server.draining$)
    const idle = await connect(server)
    const busy = await connect(server)
    busy.send(REQUEST)
    const reqd = await answer.promise
    const port = portOf(server)
    const closed = server.close()
    await draining
    expect(await idle.all()).toBe('')
    await expect(once(connectSocket(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    reqd.respond({ body: 'last' })
    expect(await busy.all()).toMatch(/Connection: close\r\n\r\nlast$/)
    await closed
    expect(server.address).toBeNull()
  })

  it('cuts the remaining connections at graceMs', async () => {
    const begun = signal()
    const server = await start(() => { begun.resolve() })
    const client = await connect(server)
    client.send(REQUEST)
    await begun.promise
    await server.close({ graceMs: 10 })
    expect(await client.ended).toBe('broken')
  })

  it('can be shortened by a second call', async () => {
    const begun = signal()
    const server = await start(() => { begun.resolve() })
    const client = await connect(server)
    client.send(REQUEST)
    await begun.promise
    const closed = server.close({ graceMs: Infinity })
    void server.close({ graceMs: 100_000 })
    void server.close({ graceMs: 0 })
    await closed
    expect(await client.ended).toBe('broken')
  })

  it('resolves at once without connections', async () => {
    const server = await start(() => ({}))
    await server.close()
    await server.close()
    await server.closed
  })

  it.each([0, 5_000])('leaves no timer behind if the server does not listen yet, with idleMs %d', async idleMs => {
    const scheduler = new VirtualTimeScheduler()
    const server = serve(() => ({ body: 'it' }), { host: '127.0.0.1', scheduler })
    await server.close({ idleMs })
    expect(scheduler.actions).toEqual([])
  })

  it('can be left to `await using`', async () => {
    const server = await start(() => ({}))
    await server[Symbol.asyncDispose]()
    expect(server.address).toBeNull()
  })

  it('can be triggered by a signal, which is then released', async () => {
    const controller = new AbortController()
    const removed = jest.spyOn(controller.signal, 'removeEventListener')
    const server = await start(() => ({}), { signal: controller.signal })
    controller.abort()
    await server.closed
    expect(removed).toHaveBeenCalledTimes(1)
  })

  it('completes its Observables, also for late subscribers', async () => {
    const server = await start(() => ({}))
    const before = firstValueFrom(server.connections$.pipe(toArray()))
    await server.close()
    expect(await before).toEqual([])
    const streams: Observable<unknown>[] = [server.requests$, server.events$, server.connections$]
    for (const stream of streams) {
      expect(await firstValueFrom(stream.pipe(toArray()))).toEqual([])
    }
    expect(await firstValueFrom(server.draining$.pipe(toArray()))).toEqual([undefined])
  })

  it('loses no response under load: every request that was read is answered in full', async () => {
    const read = new Set<string>()
    const body = 'x'.repeat(20_000)
    let closed: Promise<void> | undefined
    const server = await start(async reqd => {
      read.add(reqd.target)
      if (read.size === 2000) closed = server.close()
      await new Promise(resolve => { setImmediate(resolve) })
      return { body: (function* () { yield `[${reqd.target}]`; yield body })() }
    })
    const answered = new Set<string>()
    // All are accepted before any of them continues: unaccepted connections are reset when the server closes.
    const connected = await Promise.all(Array.from({ length: 64 }, async () => {
      const client = await connect(server, { allowHalfOpen: false })
      await client.send(REQUEST).receives('0\r\n\r\n')
      return client
    }))
    const clients = connected.map(async (client, index) => {
      // Three requests are in flight at any time.
      const send = (count: number): void => { client.send(`GET /${index}-${count} HTTP/1.1\r\nHost: a\r\n\r\n`) }
      for (let count = 0; count < 3; count++) send(count)
      let sent = 3
      let seen = 1
      client.socket.on('data', () => {
        const answers = client.received.split('0\r\n\r\n').length - 1
        for (; seen < answers; seen++) if (client.socket.writable) send(sent++)
      })
      expect(await client.ended).toBe('end')
      for (const [, target, rest] of client.received.matchAll(/\[(.*?)\]\r\n[^\r]*\r\n(x+)\r\n0\r\n\r\n/g)) {
        expect(rest).toBe(body)
        answered.add(target)
      }
      expect(client.received).toMatch(/0\r\n\r\n$/)
    })
    await Promise.all(clients)
    await closed
    expect([...answered].sort()).toEqual([...read].sort())
    expect(server.errors).toEqual([])
  })
})
