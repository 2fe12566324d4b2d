/**
 * A cluster whose workers are replaced under load.
 */
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import { assertBuilt } from '../helpers/built.js'
import { Browser, SocketPage } from '../helpers/browser.js'
import { freePort } from '../helpers/listening.js'
import { afterwards } from '../helpers/net.js'
import { Program } from '../helpers/program.js'

/** One request over the connection of the agent. Resolves with the status when the response is over. */
async function ask(agent: Agent, url: string): Promise<number | undefined> {
  // With a body, Node's client does not repeat the request on its own.
  const sent = request(url, { agent, method: 'POST', headers: { 'content-length': 2 } }).end('hi')
  const [response] = await once(sent, 'response') as [IncomingMessage]
  await once(response.resume(), 'close')
  if (!response.complete) throw new Error('the response was cut')
  return response.statusCode
}

/** Clients that send requests continuously, by default over persistent connections. */
class Load {
  requests = 0
  readonly failures: unknown[] = []
  private isOver = false
  private readonly clients: Promise<void>[]

  constructor(url: string, count: number, keepAlive = true) {
    this.clients = Array.from({ length: count }, () => this.run(url, keepAlive))
  }

  async stop(): Promise<void> {
    this.isOver = true
    await Promise.all(this.clients)
  }

  private async run(url: string, keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 })
    for (; !this.isOver; this.requests++) await ask(agent, url).catch((error: unknown) => this.failures.push(error))
    agent.destroy()
  }
}

/** A module that lets the primary process of a cluster hand connections over long before it learns what workers do. */
const SLOW_PRIMARY = `data:text/javascript,${encodeURIComponent(`
  import cluster from 'node:cluster'
  const never = new Int32Array(new SharedArrayBuffer(4))
  if (cluster.isPrimary) setInterval(() => { Atomics.wait(never, 0, 0, 40) }, 1)
`)}`

/** The demo, and clients of its events. */
async function open(env: Record<string, string>) {
  assertBuilt('demos')
  const demo = new Program('dist/demos/rolling-restart.js', env, 60_000)
  afterwards(() => demo.stop())
  const url = await demo.address()
  const pid = Number(/\d+$/.exec(await demo.printed(/kill -HUP \d+/)))
  const events = `${url}/events`
  const clients = Array.from({ length: 4 }, () => [new Browser(events), new SocketPage(events)]).flat()
  afterwards(() => Promise.all(clients.map(client => client.leave())))
  await Promise.all(clients.map(client => client.has(1)))
  return { demo, url, clients, release: () => process.kill(pid, 'SIGHUP') }
}

/** Expects each client to have reconnected, and to have every event after its first one, once and in order. */
async function expectWhole(clients: readonly (Browser | SocketPage)[]): Promise<void> {
  for (const client of clients) {
    await client.connected(2)
    await client.has(client.events.length + 2)
    const ids = client.events.map(({ id }) => Number(id))
    expect(ids).toEqual(ids.map((_, index) => ids[0] + index))
  }
}

describe('a rolling restart of two workers', () => {
  it('fails no request of clients that keep their connections alive', async () => {
    assertBuilt('esm')
    const program = new Program('spec/programs/rolling-restart.js', { CLIENTS: '8', ROUNDS: '1' }, 60_000)
    afterwards(() => program.stop())
    expect(await program.printed(/.* replaced/)).toMatch(/^[1-9]\d* requests, 0 failed, 2 workers replaced$/)
    expect(await program.ended()).toBe(0)
  }, 60_000)
})

describe('the demo rolling-restart', () => {
  it('fails no request, and its event clients reconnect and miss nothing', async () => {
    const { demo, url, clients, release } = await open({ PORT: '0', IDLE_MS: '20000' })
    const load = new Load(url, 4)
    afterwards(() => load.stop())
    release()
    await demo.printed(/(?:\d+ is replaced by \d+\n){2}/)
    await load.stop()
    expect(load.failures).toEqual([])
    expect(load.requests).toBeGreaterThan(8)
    await expectWhole(clients)
  }, 60_000)

  it('loses no connection that its primary process hands over to a worker that has closed', async () => {
    const env = { PORT: '0', IDLE_MS: '20000', NODE_OPTIONS: `--import ${SLOW_PRIMARY}` }
    const { demo, url, release } = await open(env)
    const load = new Load(url, 6, false)
    afterwards(() => load.stop())
    release()
    await demo.printed(/(?:\d+ is replaced by \d+\n){2}/)
    release()
    await demo.printed(/(?:\d+ is replaced by \d+\n){4}/)
    await load.stop()
    expect(load.failures).toEqual([])
  }, 60_000)

  it('reports a worker as not ready as soon as it is told to end', async () => {
    const { demo, url, release } = await open({ PORT: '0', IDLE_MS: '20000' })
    const probe = new Agent({ keepAlive: true, maxSockets: 1 })
    afterwards(() => { probe.destroy() })
    expect(await ask(probe, `${url}/ready`)).toBe(200)
    release()
    let status: number | undefined
    while (status !== 503) status = await ask(probe, `${url}/ready`)
    await demo.printed(/(?:\d+ is replaced by \d+\n){2}/)
    expect(await ask(probe, `${url}/ready`)).toBe(200)
  }, 60_000)

  const [major, minor] = process.versions.node.split('.').map(Number)
  const where = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12) ? it : it.skip
  where('loses no event either where each worker has the port for itself', async () => {
    const { demo, clients, release } = await open({ PORT: String(await freePort()), IDLE_MS: '20000', REUSE_PORT: '1' })
    release()
    await demo.printed(/(?:\d+ is replaced by \d+\n){2}/)
    await expectWhole(clients)
  }, 60_000)
})
