/**
 * A message to many clients is compressed once for all clients that allow it: those whose context the server does not
 * keep, and that have the same window.
 */
import { once } from 'node:events'
import zlib from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { Subject } from 'rxjs'
import type { ClientOptions, WebSocket } from 'ws'
import type { WebSocketConnection, WebSocketMessage, WebSocketOptions } from '../../lib/ws/index.js'
import { Stage } from './stage.js'

const TEXTS = [1, 2, 3].map(n => `${n}: ${'\u20acuro '.repeat(500)}`)
/** Ends the streams of the clients. It is too short to be compressed. */
const END = 'end'

/** How often the process compresses: each message flushes the stream of zlib that compresses it. */
class Count {
  private readonly flushes = jest.spyOn(zlib.DeflateRaw.prototype, 'flush')

  get messages(): number {
    return this.flushes.mock.calls.length
  }

  get streams(): number {
    return new Set(this.flushes.mock.contexts).size
  }
}

/** Clients of one server, each with its options, which are open. */
class Crowd implements AsyncDisposable {
  readonly connections: WebSocketConnection[] = []
  private readonly stage: Stage
  private clients: WebSocket[] = []

  private constructor(stage: Stage) {
    this.stage = stage
  }

  static async open(options: WebSocketOptions, each: readonly ClientOptions[]): Promise<Crowd> {
    const connections: WebSocketConnection[] = []
    const stage = await Stage.open(options, connection => {
      connection.messages$.subscribe()
      connections.push(connection)
    })
    const crowd = new Crowd(stage)
    for (const clientOptions of each) {
      const client = stage.client([], clientOptions)
      await once(client, 'open')
      crowd.clients.push(client)
    }
    crowd.connections.push(...connections)
    return crowd
  }

  /** The messages that each client receives up to the end. */
  received(): Promise<WebSocketMessage[]>[] {
    return this.clients.map(client => new Promise(resolve => {
      const messages: WebSocketMessage[] = []
      client.on('message', (data, isBinary) => {
        const bytes = data as Buffer
        if (!isBinary && bytes.toString() === END) resolve(messages)
        else messages.push(isBinary ? Uint8Array.from(bytes) : bytes.toString())
      })
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]()
  }
}

/** Sends the same messages to all, each through its own source. */
function broadcast(connections: readonly WebSocketConnection[], messages: readonly WebSocketMessage[]): void {
  const source = new Subject<WebSocketMessage>()
  for (const connection of connections) connection.send(source)
  for (const message of [...messages, END]) source.next(message)
}

const keeping: ClientOptions = { perMessageDeflate: true }
const forgetting: ClientOptions = { perMessageDeflate: { serverNoContextTakeover: true } }
const withWindow = (serverMaxWindowBits: number): ClientOptions => ({ perMessageDeflate: { serverMaxWindowBits } })

let count: Count

beforeEach(() => { count = new Count() })
afterEach(() => { jest.restoreAllMocks() })

describe('a compressed message for many clients', () => {
  it('is compressed once, by one stream', async () => {
    await using crowd = await Crowd.open({ deflate: true }, Array<ClientOptions>(5).fill(keeping))
    const received = crowd.received()
    broadcast(crowd.connections, TEXTS)
    expect(await Promise.all(received)).toEqual(Array(5).fill(TEXTS))
    expect([count.streams, count.messages]).toEqual([1, TEXTS.length])
  })

  it('is compressed for each client that has its context kept, and once for the others', async () => {
    const each = [forgetting, keeping, forgetting, keeping, forgetting]
    await using crowd = await Crowd.open({ deflate: { contextTakeover: true } }, each)
    const received = crowd.received()
    // Other texts, because those of another test may be held.
    const texts = TEXTS.map(text => `again ${text}`)
    broadcast(crowd.connections, texts)
    expect(await Promise.all(received)).toEqual(Array(5).fill(texts))
    // With a context the end is compressed, too.
    expect([count.streams, count.messages]).toEqual([3, texts.length + 2 * (texts.length + 1)])
  })

  it('is compressed once for each window', async () => {
    await using crowd = await Crowd.open({ deflate: true }, [9, 9, 12, 12, 15].map(withWindow))
    const received = crowd.received()
    const texts = TEXTS.map(text => `windows ${text}`)
    broadcast(crowd.connections, texts)
    expect(await Promise.all(received)).toEqual(Array(5).fill(texts))
    expect([count.streams, count.messages]).toEqual([3, 3 * texts.length])
  })

  it('is compressed once if it is bytes', async () => {
    await using crowd = await Crowd.open({ deflate: true }, Array<ClientOptions>(4).fill(keeping))
    const received = crowd.received()
    const bytes = TEXTS.map(text => new TextEncoder().encode(text))
    broadcast(crowd.connections, [...bytes, bytes[0].subarray(0, 1_100), bytes[0].subarray(10, 1_110)])
    const all = [...bytes, bytes[0].slice(0, 1_100), bytes[0].slice(10, 1_110)]
    expect(await Promise.all(received)).toEqual(Array(4).fill(all))
    expect(count.messages).toBe(5)
  })

  it('has the new bytes if they were changed after the first client received them', async () => {
    await using crowd = await Crowd.open({ deflate: true }, [keeping, keeping])
    const [first, second] = crowd.received()
    const bytes = new Uint8Array(2_000).fill(1)
    broadcast(crowd.connections.slice(0, 1), [bytes])
    expect(await first).toEqual([new Uint8Array(2_000).fill(1)])
    bytes.fill(2)
    broadcast(crowd.connections.slice(1), [bytes])
    expect(await second).toEqual([new Uint8Array(2_000).fill(2)])
  })

  it('is compressed once for clients that get it later, too, in any number of messages', async () => {
    await using crowd = await Crowd.open({ deflate: { threshold: 1 }, bufferLimit: 2 ** 24 }, [keeping, keeping])
    const [first, second] = crowd.received()
    const texts = Array.from({ length: 1_000 }, (_, n) => `number ${n}`)
    for (const text of texts) crowd.connections[0].write(text)
    crowd.connections[0].write(END)
    expect((await first)).toEqual(texts)
    const before = count.messages
    for (const text of texts) crowd.connections[1].write(text)
    crowd.connections[1].write(END)
    expect(await second).toEqual(texts)
    expect(count.messages).toBe(before)
  })

  it('reaches the others when the client for which it is compressed leaves', async () => {
    await using crowd = await Crowd.open({ deflate: true }, Array<ClientOptions>(4).fill(keeping))
    const received = crowd.received()
    const texts = TEXTS.map(text => `leaving ${text}`)
    broadcast(crowd.connections, texts)
    crowd.connections[0].terminate()
    crowd.connections[1].terminate()
    expect(await Promise.all(received.slice(2))).toEqual(Array(2).fill(texts))
  })
})
