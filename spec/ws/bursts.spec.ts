/**
 * A burst of messages costs no client that reads its connection, and the messages that a slow one misses are reported.
 */
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { concat, from, interval, map, NEVER, of, Subject } from 'rxjs'
import { WebSocket } from 'ws'
import type { ConnectionEvent, Overflow } from '../../lib/index.js'
import { upgradeWebSocket, type WebSocketMessage } from '../../lib/ws/index.js'
import { portOf, start } from '../helpers/net.js'
import { TLS } from '../helpers/tls.js'
import { Stage } from './stage.js'

const MESSAGES = Array.from({ length: 80 }, (_, i) => `${i}`.padEnd(1024, '.'))
const SILENT = (): void => undefined

/** The messages that a client receives of a connection that sends these with this policy, up to its end. */
async function received(kind: string, overflow: Overflow | undefined, isDeflated: boolean): Promise<string[]> {
  const server = await start(reqd => {
    const connection = upgradeWebSocket(reqd, { deflate: isDeflated })
    connection.send(concat(from(MESSAGES), of('end'), NEVER), { ...overflow !== undefined && { overflow } })
  }, kind === 'wss' ? { tls: TLS } : {})
  const client = new WebSocket(`${kind}://127.0.0.1:${portOf(server)}`, { rejectUnauthorized: false })
  const texts: string[] = []
  const over = once(client, 'close')
  client.on('message', data => {
    texts.push((data as Buffer).toString())
    if (texts.at(-1) === 'end') client.close()
  })
  const [code] = await over as [number]
  expect(code).toBe(1005)
  expect(server.errors).toEqual([])
  return texts
}

const KINDS = [['ws', false], ['wss', false], ['ws', true]] as const

describe.each(KINDS)('a burst over %s (deflated: %s)', (kind, deflated) => {
  const policies: (Overflow | undefined)[] = [undefined, 'error', 'dropNewest', 'dropOldest', 'latest', 'disconnect']
  it.each(policies)('reaches a reading client whole: %s', async overflow => {
    expect(await received(kind, overflow, deflated)).toEqual([...MESSAGES, 'end'])
  })
})

describe('a burst', () => {
  it('reaches a reading client whole whenever it comes', async () => {
    await using stage = await Stage.open({}, connection => {
      connection.send(connection.concatMap(() => from(MESSAGES)))
      connection.send(interval(2 ** 30).pipe(map(n => `${n}`)))
    })
    const client = stage.client()
    const texts: string[] = []
    client.on('message', data => { texts.push((data as Buffer).toString()) })
    await once(client, 'open')
    client.send('now')
    client.send('again')
    while (texts.length < 2 * MESSAGES.length) await once(client, 'message')
    expect(texts).toEqual([...MESSAGES, ...MESSAGES])
  })

  it.each([false, true])('reaches a client to its end, if it exceeds what a turn may write (%s)', async deflate => {
    const many = Array.from({ length: 5 }, () => MESSAGES).flat()
    await using stage = await Stage.open({ deflate })
    const client = stage.client()
    const texts: string[] = []
    client.on('message', data => { texts.push((data as Buffer).toString()) })
    await once(client, 'open')
    const source = new Subject<string>();
    (await stage.connection).send(source, { overflow: { bufferBytes: 2 ** 24 } })
    // In two tasks of one turn of the event loop.
    for (const part of [many.slice(0, 300), many.slice(300, 310)]) {
      setImmediate(() => { for (const message of part) source.next(message) })
    }
    while (texts.length < 310) await once(client, 'message')
    expect(texts).toEqual(many.slice(0, 310))
  })
})

describe('a client that does not read', () => {
  const BIG = 'x'.repeat(256 * 1024)

  it.each<Overflow>(['latest', 'dropOldest', 'dropNewest'])('counts and reports lost messages: %s', async overflow => {
    const source = new Subject<WebSocketMessage>()
    let lost = 0
    await using stage = await Stage.open({}, connection => {
      connection.send(source, { overflow, onDrop: message => { lost += message.length } })
    })
    const events: ConnectionEvent[] = []
    stage.server.events$.subscribe(event => { if (event.type === 'drop') events.push(event) })
    const client = stage.client()
    await once(client, 'open')
    client.pause()
    for (let i = 0; i < 64; i++) source.next(BIG)
    source.next('the newest'.padEnd(40_000, '!'))
    const texts: string[] = []
    client.on('message', data => { texts.push((data as Buffer).toString('utf8', 0, 10)) })
    client.resume()
    await once(client, 'message')
    const last = overflow === 'dropNewest' ? 'xxxxxxxxxx' : 'the newest'
    while (texts.at(-1) !== last) await once(client, 'message')
    expect(events.length).toBeGreaterThan(0)
    expect(events.at(-1)).toMatchObject({ count: events.length, bytes: lost })
  })

  it('is closed beyond 1 MiB, with an error that says how much was pending', async () => {
    const source = new Subject<WebSocketMessage>()
    await using stage = await Stage.open({ closeTimeoutMs: 2 ** 30 }, connection => { connection.send(source) })
    const client = stage.client()
    await once(client, 'open')
    client.pause()
    for (let i = 0; i < 64; i++) source.next(BIG)
    const over = once(client, 'close')
    client.resume()
    expect((await over)[0]).toBe(1008)
    expect(stage.errors).toMatchObject([{ name: 'BackpressureError', code: 'overflow' }])
    expect((stage.errors[0] as { waiting: number }).waiting).toBeGreaterThan(1024 * 1024 - BIG.length)
  })

  it('ends a source whose onDrop throws', async () => {
    const source = new Subject<WebSocketMessage>()
    await using stage = await Stage.open({}, SILENT)
    const client = stage.client()
    await once(client, 'open')
    client.pause();
    (await stage.connection).send(source, { overflow: 'latest', onDrop: () => { throw new Error('dropped') } })
    for (let i = 0; i < 64; i++) source.next(BIG)
    expect(stage.errors).toEqual([new Error('dropped')])
    expect(source.observed).toBe(false)
  })

  it('ends a source whose onDrop rejects', async () => {
    const source = new Subject<WebSocketMessage>()
    await using stage = await Stage.open({}, SILENT)
    const client = stage.client()
    await once(client, 'open')
    client.pause()
    const onDrop = (): void => Promise.reject(new Error('dropped')) as never;
    (await stage.connection).send(source, { overflow: 'latest', onDrop })
    for (let i = 0; i < 64; i++) source.next(BIG)
    await Promise.resolve()
    expect(stage.errors).toEqual([new Error('dropped')])
    expect(source.observed).toBe(false)
  })
})
