/**
 * A server that closes with WebSockets open, on each kind of socket, with and without a limit on connections: whoever
 * is asked gets 1001, whoever does not answer is cut, and the server waits for all of them.
 */
import { describe, expect, it } from '@jest/globals'
import { NEVER, Subject } from 'rxjs'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { upgradeWebSocket, type WebSocketConnection, type WebSocketClosure } from '../../lib/ws/index.js'
import type { Client } from '../helpers/net.js'
import { CLOSE, frame, part, TEXT } from './frames.js'
import { KINDS, serverOf, type KindServer } from './kinds.js'
import { handshake } from './raw-client.js'

const LIMITS: [string, ListenOptions][] = [['no limit', {}], ['a limit on connections', { maxConnections: 10 }]]
const CASES = KINDS.flatMap(kind => LIMITS.map(([name, options]) => [kind, name, options] as const))

/** A close frame of the server with 1001. */
const GOING_AWAY = '\x88\x02\x03\xe9'
const LARGE = 'x'.repeat(8 * 1024 * 1024)

/** A client's answer to a close. */
const ANSWER = frame(CLOSE, Buffer.from([0x03, 0xe9]))

/** How a client behaves when its server closes, and how its connection ends. */
const BEHAVIOURS: Record<string, [(client: Client) => unknown, Partial<WebSocketClosure>]> = {
  'answers': [client => client.send(ANSWER), { code: 1001, wasClean: true, error: null }],
  'answers, in pieces': [client => client.send(ANSWER.subarray(0, 3)).send(ANSWER.subarray(3)), { code: 1001 }],
  'answers behind a message': [client => client.send(frame(TEXT, 'late')).send(ANSWER), { code: 1001 }],
  'answers with a code of its own': [client => client.send(frame(CLOSE, Buffer.from([0x0b, 0xb8]))), { code: 3000 }],
  'half-closes': [client => client.end(), { code: 1006, wasClean: false }],
  'leaves': [client => client.socket.destroy(), { code: 1006, wasClean: false }],
  'breaks the protocol': [client => client.send(part(0x3, 'x')), { code: 1002, wasClean: false }],
}

/** A server with one WebSocket for each client. */
async function serverWithClients(
  kind: typeof KINDS[number], options: ListenOptions, count: number,
): Promise<{ server: KindServer; clients: Client[]; connections: WebSocketConnection[] }> {
  const connections: WebSocketConnection[] = []
  const server = await serverOf(kind, reqd => {
    const connection = upgradeWebSocket(reqd)
    connection.messages$.subscribe()
    connections.push(connection)
  }, options)
  const clients: Client[] = []
  for (let i = 0; i < count; i++) {
    const client = await server.client()
    await client.send(handshake()).receives('\r\n\r\n')
    clients.push(client)
  }
  return { server, clients, connections }
}

describe.each(CASES)('over %s, with %s', (kind, _, options) => {
  it('sends 1001 to each WebSocket, and waits for the end of each, whatever its client does', async () => {
    const behaviours = Object.values(BEHAVIOURS)
    const { server, clients, connections } = await serverWithClients(kind, options, behaviours.length)
    await using _server = server
    const closed = server.server.close({ graceMs: 60_000 })
    for (const [index, [behave]] of behaviours.entries()) {
      await clients[index].receives(GOING_AWAY)
      behave(clients[index])
    }
    await Promise.all(clients.map(client => client.ended))
    for (const client of clients) client.socket.destroy()
    await closed
    expect(connections.map(({ closure }) => closure)).toMatchObject(behaviours.map(([, closure]) => closure))
    expect(server.server.errors).toEqual([])
  })

  it('cuts at graceMs a client that does not answer, and one that does not read', async () => {
    const { server, clients: [silent, deaf], connections } = await serverWithClients(kind, options, 2)
    await using _server = server
    deaf.socket.pause()
    connections[1].next(LARGE)
    await server.server.close({ graceMs: 0 })
    silent.socket.destroy()
    expect(connections.map(({ closure }) => closure?.code)).toEqual([1006, 1006])
    expect(connections.map(({ isClosed }) => isClosed)).toEqual([true, true])
  })

  it('stops the sources of all, and completes what waits for them', async () => {
    const { server, clients, connections } = await serverWithClients(kind, options, 2)
    await using _server = server
    const source = new Subject<string>()
    const ends: string[] = []
    for (const connection of connections) {
      connection.send(source)
      connection.ready$.subscribe({ complete: () => { ends.push('ready$') } })
      connection.closed$.subscribe(result => { ends.push(result) })
    }
    connections[0].send(NEVER)
    const closed = server.server.close({ graceMs: 60_000 })
    for (const client of clients) {
      await client.receives(GOING_AWAY)
      client.send(ANSWER)
      await client.ended
      client.end()
    }
    await closed
    expect(source.observed).toBe(false)
    expect(ends.sort()).toEqual(['done', 'done', 'ready$', 'ready$'])
  })
})
