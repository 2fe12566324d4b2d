/**
 * The demo `cluster-chat`: two processes over one broker, with clients of both kinds on each. The broker is killed, a
 * process is killed, and a process is stopped.
 */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import { jetstream, jetstreamManager, type ConsumerInfo } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { assertBuilt } from '../helpers/built.js'
import { Browser, SocketPage } from '../helpers/browser.js'
import { Program } from '../helpers/program.js'
import { Broker } from './broker.js'

const CLIENTS = 4

let broker: Broker
let demo: Program | null = null
let admin: NatsConnection | null = null
let browsers: Browser[] = []
let pages: SocketPage[] = []

/** Starts the demo, and clients, some for each process. Returns the demo's address. */
async function open(): Promise<string> {
  assertBuilt('demos')
  broker = await Broker.start()
  demo = new Program('dist/demos/cluster-chat.js', { PORT: '0', NATS: broker.url }, 60_000)
  const url = `${await demo.address()}/messages`
  browsers = Array.from({ length: CLIENTS }, () => new Browser(url))
  pages = Array.from({ length: CLIENTS }, () => new SocketPage(url))
  await Promise.all([...browsers, ...pages].map(client => client.connected()))
  expect(new Set(browsers.map(browser => browser.process)).size).toBe(2)
  return url
}

afterEach(async () => {
  await Promise.all([...browsers, ...pages].map(client => client.leave()))
  await admin?.close()
  admin = null
  await demo?.stop()
  await broker.stop()
})

/** Sends a line over a new connection: the process of an earlier one may have ended. */
async function say(url: string, text: string): Promise<void> {
  const sent = request(url, { method: 'POST', agent: false }).end(text)
  const [response] = await once(sent, 'response') as [IncomingMessage]
  response.resume()
  expect(response.statusCode).toBe(204)
}

/** Sends several lines, each when the broker has stored the one before it. */
async function sayAll(url: string, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) await say(url, `line ${n}`)
}

/** Expects that each client has all lines, once and in order. */
async function expectLines(count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, index) => `line ${index + 1}`)
  for (const client of [...browsers, ...pages]) {
    const { data } = await client.has(count)
    expect(data.map(text => text.replace(/^\d+: /, ''))).toEqual(lines)
  }
}

async function consumers(): Promise<ConsumerInfo[]> {
  admin ??= await connect({ servers: broker.url })
  const manager = await jetstreamManager(admin)
  return await manager.consumers.list('CHAT').next()
}

describe('two processes over a broker', () => {
  it('deliver every message to the clients of both, in order, even if the broker is killed', async () => {
    const url = await open()
    await sayAll(url, 1, 20)
    await expectLines(20)
    const pids = new Set(browsers[0].data.map(text => text.split(':')[0]))
    expect(pids.size).toBe(2)
    await broker.kill()
    const said = say(url, 'line 21')
    await broker.start()
    await said
    await sayAll(url, 22, 30)
    await expectLines(30)
  }, 60_000)

  it('have clients that reconnect to the other one and miss nothing if one is killed', async () => {
    const url = await open()
    await sayAll(url, 1, 5)
    await expectLines(5)
    const [{ process: pid }] = browsers
    const left = browsers.filter(browser => browser.process === pid)
    process.kill(pid, 'SIGKILL')
    admin = await connect({ servers: broker.url })
    for (let n = 6; n <= 15; n++) await jetstream(admin).publish('chat', JSON.stringify(`line ${n}`))
    await Promise.all(left.map(browser => browser.connected(2)))
    expect(left.map(browser => browser.process)).not.toContain(pid)
    await sayAll(url, 16, 20)
    await expectLines(20)
  }, 60_000)

  it('do not make the broker send ahead without bound if one is stopped, which catches up later', async () => {
    await open()
    admin = await connect({ servers: broker.url })
    expect((await consumers()).map(({ num_pending }) => num_pending)).toEqual([0, 0])
    const [{ process: pid }] = browsers
    process.kill(pid, 'SIGSTOP')
    try {
      const client = jetstream(admin)
      const padding = 'x'.repeat(8_000)
      const others = browsers.filter(browser => browser.process !== pid)
      for (let n = 1; n <= 600; n++) {
        await client.publish('chat', JSON.stringify(`line ${n} ${padding}`))
        // None may be cut as too slow: a new connection may be given to the process that is stopped.
        if (n % 50 === 0) await Promise.all(others.map(browser => browser.has(n)))
      }
      const pending = (await consumers()).map(({ num_pending }) => num_pending)
      // The stopped one was sent what it had requested before, and no more.
      expect(Math.min(...pending)).toBe(0)
      expect(Math.max(...pending)).toBeGreaterThanOrEqual(600 - 256)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    for (const client of [...browsers, ...pages]) {
      const { data } = await client.has(600)
      expect(data.map(text => Number(/\d+/.exec(text)?.[0]))).toEqual(Array.from({ length: 600 }, (_, n) => n + 1))
    }
  }, 60_000)
})
