/**
 * Every demo is run, as its reader would run it. A demo is a program in demos/ that prints its address when it listens
 * (on `PORT`, where it is set) and ends on SIGTERM, or that prints what it has to show and ends by itself.
 *
 * Each has an entry in `EXERCISES`; one that has none fails the spec.
 */
import { execFile } from 'node:child_process'
import { on, once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { get, request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { WebSocket } from 'ws'
import { assertBuilt, ROOT } from './helpers/built.js'
import { Program } from './helpers/program.js'

type Exercise = (demo: Program) => Promise<void>

/** The output of curl. */
async function curl(...words: string[]): Promise<string> {
  return (await promisify(execFile)('curl', ['--silent', '--show-error', ...words])).stdout
}

/** A response that is read chunk by chunk. */
async function chunksOf(sent: ReturnType<typeof request>): Promise<AsyncIterator<string>> {
  const [response] = await once(sent, 'response') as [IncomingMessage]
  return response.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>
}

interface Guest {
  readonly client: WebSocket
  readonly messages: AsyncIterator<unknown[]>
}

/** A guest of a chat. */
async function enter(address: string): Promise<Guest> {
  const client = new WebSocket(address.replace('http', 'ws'))
  const messages = on(client, 'message')
  await once(client, 'open')
  return { client, messages }
}

/** The next message that the guest receives. */
async function heard({ messages }: Guest, count: number): Promise<string[]> {
  const texts: string[] = []
  while (texts.length < count) {
    const { value } = await messages.next() as IteratorYieldResult<unknown[]>
    texts.push(String(value[0]))
  }
  return texts
}

/** The exercise of each running demo, which is stopped afterwards. */
const EXERCISES: Record<string, Exercise> = {
  async 'bare-core'(demo) {
    const address = await demo.address()
    expect(await curl(`${address}/one`, `${address}/two`)).toBe('You asked for /one\nYou asked for /two\n')
    const text = 'a line of text\n'.repeat(20_000)
    const { body } = await fetch(address, { method: 'POST', body: text })
    expect(await new Response(body).text()).toBe(text)
    const sent = request(address, { headers: { Connection: 'upgrade', Upgrade: 'echo' } }).end()
    const [, socket] = await once(sent, 'upgrade') as [IncomingMessage, Duplex]
    socket.write('another protocol')
    expect(String((await once(socket, 'data'))[0])).toBe('another protocol')
    socket.destroy()
    await demo.stop()
  },

  async chat(demo) {
    const address = await demo.address()
    expect(await (await fetch(address)).text()).toContain('<title>Chat</title>')
    const ann = await enter(address)
    expect(await heard(ann, 2)).toEqual(['You are guest 1.', 'guest 1 comes in'])
    const bob = await enter(address)
    expect(await heard(bob, 2)).toEqual(['You are guest 2.', 'guest 2 comes in'])
    bob.client.send('Hello, room')
    expect(await heard(ann, 2)).toEqual(['guest 2 comes in', 'guest 2: Hello, room'])
    bob.client.close()
    expect(await heard(ann, 1)).toEqual(['guest 2 leaves'])
    const stopped = demo.stop()
    expect(await once(ann.client, 'close')).toEqual([1001, Buffer.alloc(0)])
    expect(await stopped).toBe(0)
  },

  async echo(demo) {
    const upload = request(await demo.address(), { method: 'POST' })
    upload.write('one')
    const chunks = await chunksOf(upload)
    expect(await chunks.next()).toEqual({ done: false, value: 'one' })
    upload.write('two')
    expect(await chunks.next()).toEqual({ done: false, value: 'two' })
    upload.end()
    expect(await chunks.next()).toEqual({ done: true, value: undefined })
  },

  async 'graceful-shutdown'(demo) {
    const address = await demo.address()
    const slow = fetch(`${address}/slow`)
    const ticks = fetch(`${address}/ticks`)
    await Promise.all([demo.printed(/GET \/slow/), demo.printed(/GET \/ticks/)])
    const stopped = demo.stop()
    await demo.printed(/closing/)
    // Connections in the backlog are still answered when the server closes.
    await expect((async () => { for (;;) await (await fetch(address)).text() })()).rejects.toThrow('fetch failed')
    expect((await slow).headers.get('connection')).toBe('close')
    expect(await (await slow).text()).toBe('That took a while.\n')
    expect(await (await ticks).text()).toMatch(/The server closes\.\n$/)
    expect(await stopped).toBe(0)
    expect(demo.output).toMatch(/closing\n(?:GET \/\n)*closed\n$/)
  },

  async hello(demo) {
    expect(await curl(await demo.address())).toBe('Hello, world!\n')
  },

  async 'server-sent-events'(demo) {
    const address = await demo.address()
    expect(await (await fetch(address)).text()).toContain("new EventSource('/ticks')")
    const second = Math.floor(Date.now() / 1_000)
    const response = await fetch(`${address}/ticks`, { headers: { 'last-event-id': String(second - 10) } })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const stopped = demo.stop()
    const text = await response.text()
    expect(text).toMatch(/^retry: 1000\n\n.*event: tick\nid: \d+\ndata: .*"missed":\d+}\n\n.*retry: 1000\n\n$/s)
    expect(await stopped).toBe(0)
  },

  async showcase(demo) {
    const address = await demo.address()
    const page = await (await fetch(address)).text()
    const assets = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path)
    expect(assets).toEqual(['/icon.svg', '/style.css', '/main.js'])
    for (const path of assets) expect((await fetch(address + path)).status).toBe(200)
    expect((await fetch(`${address}/../showcase.js`)).status).toBe(404)
    expect((await fetch(`${address}/speed?speed=0`, { method: 'PUT' })).status).toBe(400)
    expect((await fetch(`${address}/upload`, { method: 'POST', body: 'four' })).status).toBe(204)

    const guest = new WebSocket(`${address.replace('http', 'ws')}/chat`)
    const messages = on(guest, 'message')
    await once(guest, 'open')
    guest.send('not a line')
    guest.send('{"name":" Ann ","text":"Hello"}')
    expect(await heard({ client: guest, messages }, 2)).toEqual(['{"people":1}', '{"name":"Ann","text":"Hello"}'])
    const events = await fetch(`${address}/events?page=one`)
    const stopped = demo.stop()
    expect(await once(guest, 'close')).toEqual([1001, Buffer.alloc(0)])
    expect(await events.text()).toMatch(/^retry: 1000\n\n.*retry: 1000\n\n$/s)
    expect(await stopped).toBe(0)
  },

  async 'streaming-pipeline'(demo) {
    const address = await demo.address()
    const zipped = await fetch(`${address}/?rows=12345`)
    expect(zipped.headers.get('content-encoding')).toBe('gzip')
    const lines = (await zipped.text()).trimEnd().split('\n')
    const rows = lines.map(line => (JSON.parse(line) as { row: number }).row)
    expect(rows).toEqual(Array.from({ length: 12_345 }, (_, row) => row))

    // A client that reads one chunk and leaves: the generator is stopped, far from its end.
    const [response] = await once(get(`${address}/?rows=1000000000`), 'response') as [IncomingMessage]
    await once(response, 'data')
    response.destroy()
    expect(await demo.printed(/made \d+ of 1000000000 rows/)).not.toContain('made 1000000000')
  },

  async tls(demo) {
    const address = await demo.address()
    expect(await curl('--cacert', 'demos/tls/cert.pem', `${address}/path`)).toBe(`You asked for ${address}/path\n`)
    await expect(curl(address)).rejects.toThrow('certificate')
  },

  async upload(demo) {
    const body = new Uint8Array(256 * 1024)
    const response = await fetch(`${await demo.address()}/?rate=1048576`, { method: 'POST', body })
    expect(await response.text()).toMatch(/\n262144 bytes of 262144\n$/)
    await demo.printed(/connection 1: pause\nconnection 1: resume\n/)
  },
}

/** These have specs of their own: spec/brokers/cluster-chat.broker.ts and spec/node/rolling-restart.spec.ts. */
const ELSEWHERE = ['cluster-chat', 'rolling-restart']
const DEMOS = readdirSync(join(ROOT, 'demos')).flatMap(file => /^(.*)\.ts$/.exec(file)?.[1] ?? [])

describe('every demo', () => {
  beforeAll(() => { assertBuilt('demos') })

  it('is run here, and nothing else is', () => {
    expect([...Object.keys(EXERCISES), ...ELSEWHERE].sort()).toEqual([...DEMOS].sort())
  })

  for (const name of DEMOS) {
    it(`${name} has at most 60 lines`, () => {
      const text = readFileSync(join(ROOT, 'demos', `${name}.ts`), 'utf8')
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60)
    })
  }

  for (const [name, exercise] of Object.entries(EXERCISES)) {
    it(`${name} does what it shows`, async () => {
      const demo = new Program(join('dist/demos', `${name}.js`))
      try {
        await exercise(demo)
      } finally {
        await demo.stop()
      }
    })
  }
})
