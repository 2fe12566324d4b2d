/**
 * A server as an Observable of connections.
 */
import { once } from 'node:events'
import { connect as connectSocket, Server, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { firstValueFrom, type Subscription, take, toArray } from 'rxjs'
import { listen } from '../../lib/node/listen.js'
import type { Connection } from '../../lib/reactive/http-connection.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { afterwards, Client, signal } from '../helpers/net.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

afterEach(() => { jest.restoreAllMocks() })

describe('listen', () => {
  /** Listens, and resolves with the address. */
  function listening(
    onConnection: (connection: Connection) => void, options = {},
  ): { readonly port: Promise<number>; readonly subscription: Subscription; readonly over: Promise<void> } {
    const over = signal()
    const spy = jest.spyOn(Server.prototype, 'listen')
    const observer = { next: onConnection, complete: over.resolve }
    const subscription = listen({ host: '127.0.0.1', ...options }).subscribe(observer)
    const server = spy.mock.contexts[0] as Server
    afterwards(() => { subscription.unsubscribe() })
    const port = once(server, 'listening').then(() => (server.address() as AddressInfo).port)
    return { port, subscription, over: over.promise }
  }

  it('emits connections, which emit requests', async () => {
    const { port, subscription } = listening(connection => {
      connection.requests$.subscribe(reqd => { reqd.respond({ body: `${connection.id}` }) })
    })
    const client = new Client(connectSocket(await port, '127.0.0.1'))
    expect(await client.send(REQUEST).receives('\r\n\r\n')).toMatch(/\r\n\r\n1$/)
    subscription.unsubscribe()
    expect(await client.ended).toBe('end')
  })

  it('answers requests in flight when it is unsubscribed', async () => {
    const begun = signal<Reqd>()
    const { port, subscription } = listening(({ requests$ }) => { requests$.subscribe(begun.resolve) })
    const client = new Client(connectSocket(await port, '127.0.0.1'))
    client.send(REQUEST)
    const reqd = await begun.promise
    subscription.unsubscribe()
    reqd.respond({ body: 'last' })
    expect(await client.all()).toMatch(/last$/)
  })

  it('completes when its signal aborts and all connections are over, and releases the signal', async () => {
    const controller = new AbortController()
    const removed = jest.spyOn(controller.signal, 'removeEventListener')
    const { port, over } = listening(() => undefined, { signal: controller.signal })
    const client = new Client(connectSocket(await port, '127.0.0.1'))
    await once(client.socket, 'connect')
    controller.abort()
    await over
    expect(removed).toHaveBeenCalledTimes(1)
    await client.ended
  })

  it('completes at once if the signal was aborted before', () => {
    const ends: string[] = []
    listen({ signal: AbortSignal.abort() }).subscribe({ complete: () => { ends.push('complete') } })
    expect(ends).toEqual(['complete'])
  })

  it('reads nothing of a connection without a subscriber, and all of it after the subscription', async () => {
    const accepted = signal<Connection>()
    const { port } = listening(accepted.resolve)
    const client = new Client(connectSocket(await port, '127.0.0.1'))
    client.send(REQUEST)
    const connection = await accepted.promise
    const requests = firstValueFrom(connection.requests$.pipe(take(1)))
    ;(await requests).respond({ body: 'it' })
    expect(await client.all()).toMatch(/it$/)
  })

  it('completes a connection that was over before it was subscribed', async () => {
    const accepted = signal<Connection>()
    const { port } = listening(accepted.resolve)
    const client = new Client(connectSocket(await port, '127.0.0.1'))
    const connection = await accepted.promise
    client.reset()
    await client.ended
    expect(await firstValueFrom(connection.requests$.pipe(toArray()))).toEqual([])
  })
})
