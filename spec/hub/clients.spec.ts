/**
 * A hub and its clients over sockets: each handler of the documentation.
 */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { firstValueFrom, filter } from 'rxjs'
import { WebSocket } from 'ws'
import { Hub, hubSocket } from '../../lib/hub/index.js'
import { serve, type Handler, type Server } from '../../lib/index.js'
import { lastEventId, sse } from '../../lib/sse/index.js'
import { upgradeWebSocket, type WebSocketConnection } from '../../lib/ws/index.js'
import { Stage } from '../helpers/fake-transport.js'
import { get as request } from '../helpers/runtime.js'

let server: Server | null = null

afterEach(async () => {
  await server?.close({ graceMs: 0 })
  server = null
})

async function start(handler: Handler): Promise<string> {
  server = serve(handler, { host: '127.0.0.1', onError: error => { throw error } })
  await server.listening
  return server.url
}

async function sizeIs(hub: Hub<unknown>, size: number): Promise<void> {
  await firstValueFrom(hub.size$.pipe(filter(now => now === size)))
}

/** A client of events, as a browser is. */
class Client {
  readonly events: EventSourceMessage[] = []
  private readonly response: IncomingMessage

  static async open(url: string, last?: string): Promise<Client> {
    const headers = last === undefined ? {} : { 'last-event-id': last }
    const [response] = await once(get(url, { headers, agent: false }), 'response') as [IncomingMessage]
    return new Client(response.setEncoding('utf8'))
  }

  private constructor(response: IncomingMessage) {
    this.response = response
    const parser = createParser({ onEvent: event => { this.events.push(event) } })
    response.on('data', (text: string) => { parser.feed(text) })
    response.on('error', () => undefined)
  }

  get data(): string[] {
    return this.events.map(({ data }) => data)
  }

  async has(count: number): Promise<this> {
    while (this.events.length < count) await once(this.response, 'data')
    return this
  }

  async leave(): Promise<void> {
    this.response.destroy()
    await once(this.response, 'close')
  }
}

describe('clients of an event stream', () => {
  it('reconnect with the id of their last event and miss nothing', async () => {
    const hub = new Hub<string>()
    const url = await start(reqd => sse(hub.subscribe({ after: lastEventId(reqd) })))
    const first = await Client.open(url)
    await sizeIs(hub, 1)
    for (const text of ['a', 'b']) hub.publish(text)
    await first.has(2)
    await first.leave()
    await sizeIs(hub, 0)
    for (const text of ['c', 'd']) hub.publish(text)
    const second = await Client.open(url, first.events.at(-1)?.id)
    hub.publish('e')
    expect((await second.has(3)).data).toEqual(['c', 'd', 'e'])
    await second.leave()
  })

  it('receive a notice of a gap', async () => {
    const hub = new Hub<string>({ epoch: 'now' })
    hub.publish('a')
    const url = await start(reqd => sse(hub.subscribe({ after: lastEventId(reqd) })))
    const client = await (await Client.open(url, 'then-7')).has(2)
    expect(client.events.map(({ event, id, data }) => [event, id, data])).toEqual([
      ['gap', undefined, JSON.stringify({ after: 'then-7', next: 'now-1', missed: null })],
      [undefined, 'now-1', 'a'],
    ])
    await client.leave()
  })
})

describe('one client that does not read, among many', () => {
  const EVENT = 'x'.repeat(1_000)

  it('does not delay the others, and holds at most the high-water mark', () => {
    const hub = new Hub<string>({ history: 50 })
    const stages = Array.from({ length: 20 }, () => Stage.open(() => sse(hub.subscribe())).receive(request('/')))
    const [deaf, ...others] = stages
    deaf.transport.capacity = 0
    let most = 0
    for (let n = 0; n < 200; n++) {
      hub.publish(EVENT)
      for (const stage of stages) stage.turn()
      most = Math.max(most, deaf.connection.pendingBytes)
    }
    const bytes = new Set(others.map(({ text }) => text.length))
    expect(bytes.size).toBe(1)
    expect([...bytes][0]).toBeGreaterThan(200 * EVENT.length)
    expect(most).toBeLessThan(16_384 + 2 * EVENT.length)
    expect(others.every(({ errors }) => errors.length === 0)).toBe(true)
    deaf.take(1e9)
    const gap = /event: gap\ndata: (.*)\n\n/.exec(deaf.text)?.[1] ?? '{}'
    expect((JSON.parse(gap) as { missed: number }).missed).toBeGreaterThan(100)
    expect(deaf.text).toContain(`id: ${hub.latestId}\n`)
    for (const stage of stages) stage.transport.breakDown()
    expect(hub.size).toBe(0)
  })
})

describe('clients over WebSocket', () => {
  async function open(url: string): Promise<{ socket: WebSocket; messages: string[] }> {
    const socket = new WebSocket(url.replace('http', 'ws'))
    const messages: string[] = []
    socket.on('message', data => { messages.push((data as Buffer).toString()) })
    await once(socket, 'open')
    return { socket, messages }
  }

  it('receive events as JSON, and resume after the id that they name', async () => {
    const hub = new Hub<number>({ epoch: 'e' })
    const url = await start(reqd => {
      hubSocket(hub, upgradeWebSocket(reqd), { after: reqd.url.searchParams.get('after') })
    })
    for (const n of [1, 2, 3]) hub.publish(n)
    const { socket, messages } = await open(`${url}?after=e-1`)
    while (messages.length < 2) await once(socket, 'message')
    expect(messages).toEqual(['{"id":"e-2","data":2}', '{"id":"e-3","data":3}'])
    socket.terminate()
    await sizeIs(hub, 0)
  })

  it('receive a format of their own, encoded once for all of them', async () => {
    const hub = new Hub<number>()
    let made = 0
    const format = (event: { readonly data: unknown }): string => `${++made}: ${String(event.data)}`
    const url = await start(reqd => { hubSocket(hub, upgradeWebSocket(reqd), { format }) })
    const clients = await Promise.all([open(url), open(url)])
    await sizeIs(hub, 2)
    hub.publish(7)
    for (const { socket, messages } of clients) {
      while (messages.length < 1) await once(socket, 'message')
      expect(messages).toEqual(['1: 7'])
      socket.terminate()
    }
    await sizeIs(hub, 0)
  })

  it('are closed if they are too slow and are to reconnect', async () => {
    const hub = new Hub<string>()
    const connections: WebSocketConnection[] = []
    const url = await start(reqd => {
      const connection = upgradeWebSocket(reqd)
      connections.push(connection)
      hubSocket(hub, connection, { overflow: 'disconnect', queue: 4 })
    })
    const { socket } = await open(url)
    await sizeIs(hub, 1)
    socket.pause()
    while (hub.size > 0) hub.publish('x'.repeat(64 * 1024))
    const over = once(socket, 'close')
    socket.resume()
    expect((await over)[0]).toBe(1013)
    expect(connections).toHaveLength(1)
  })
})
