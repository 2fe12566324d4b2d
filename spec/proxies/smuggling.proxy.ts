/**
 * The invariant: behind a proxy that keeps its connections alive, the handler never sees a request that the proxy did
 * not send, as the proxy sent it, and each client gets the answer to its own request, whatever another client did.
 *
 * `npm run proxies`; nginx and haproxy have to be installed.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server as TcpServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { serve, type Handler, type Server } from '../../lib/index.js'
import { portOf } from '../helpers/net.js'
import { ATTACKS } from './attacks.js'
import { MARK, Proxy, PROXIES } from './proxy.js'

/** Whether the server reads the bodies of requests, or answers without reading them. */
const WAYS = ['reads', 'leaves'] as const

/** The requests that the handler received, and what is wrong with them. */
class Witness {
  /** The targets of the attacks that the proxy passed on. */
  readonly seen: string[]
  readonly complaints: string[]
  way: typeof WAYS[number]
  secret: string
  private readonly numbers: Set<string>

  constructor() {
    this.seen = []
    this.complaints = []
    this.way = 'reads'
    this.secret = ''
    this.numbers = new Set()
  }

  readonly handler: Handler = async reqd => {
    const { method, target, headers } = reqd
    this.judge(method, target, headers.getMulti(MARK))
    if (this.way === 'reads') await reqd.body.bytes(100_000)
    return { body: `${method} ${target}` }
  }

  /** Checks that the proxy sent this request, unchanged and once. */
  judge(method: string, target: string, marks: readonly string[]): void {
    const [secret, number, ...sent] = (marks[0] ?? '').split(' ')
    const isSent = marks.length === 1 && secret === this.secret && sent.join(' ') === `${method} ${target}`
    if (!isSent) this.complaints.push(`${method} ${target}, marked ${JSON.stringify(marks)}`)
    if (this.numbers.has(number)) this.complaints.push(`${method} ${target}, seen twice`)
    this.numbers.add(number)
    if (!target.startsWith('/victim/')) this.seen.push(target)
  }
}

/** Sends the bytes to the proxy, half-closes when `due` resolves, and waits for the proxy to close. */
async function send(proxy: Proxy, bytes: string, due = () => Promise.resolve()): Promise<string> {
  const client = await proxy.connect()
  client.send(bytes)
  // A proxy that sees the end at once may omit pending responses.
  await due()
  await client.end().ended
  client.socket.destroy()
  return client.received
}

describe.each(PROXIES)('behind $name', kind => {
  const witness = new Witness()
  let server: Server
  let proxy: Proxy
  let connections = 0
  let victims = 0

  beforeAll(async () => {
    // The errors are those of connections that the proxy cuts.
    server = await serve(witness.handler, { host: '127.0.0.1', onError: () => undefined }).listening
    server.connections$.subscribe(() => { connections++ })
    proxy = await Proxy.start(kind, portOf(server))
    witness.secret = proxy.secret
  })

  afterAll(async () => {
    await proxy.stop()
    await server.close({ graceMs: 0 })
  })

  async function expectServedVictim(): Promise<void> {
    const target = `/victim/${++victims}`
    const answer = await send(proxy, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toMatch(new RegExp(`GET ${target}(?:\r\n0\r\n\r\n)?$`))
  }

  it('serves requests on persistent connections', async () => {
    for (let n = 0; n < 10; n++) await expectServedVictim()
    expect(connections).toBeLessThan(10)
  })

  it.each(ATTACKS)('$title', async ({ variants }) => {
    for (const way of WAYS) {
      witness.way = way
      for (const variant of variants) {
        const answers = await send(proxy, variant, expectServedVictim)
        await expectServedVictim()
        expect({ variant, answers, complaints: witness.complaints.splice(0) })
          .toEqual({ variant, answers, complaints: [] })
      }
    }
  })

  it('has received hundreds of the attacks', () => {
    expect(witness.seen.length).toBeGreaterThan(200)
  })
})

describe('the check itself', () => {
  /** A server that reads each head as a request, even within a body. */
  function bodylessServer(witness: Witness): TcpServer {
    return createServer(socket => {
      let text = ''
      socket.on('error', () => undefined).on('data', bytes => {
        text += bytes.toString('latin1')
        for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
          const [line, ...fields] = text.slice(0, end).split('\r\n')
          text = text.slice(end + 4)
          const [method, target] = line.split(' ')
          witness.judge(method, target, fields.flatMap(field => field.split(`${MARK}: `).slice(1)))
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        }
      })
    })
  }

  it.each(PROXIES)('finds a server that reads bodies as requests, behind $name', async kind => {
    const witness = new Witness()
    const server = bodylessServer(witness).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = await Proxy.start(kind, (server.address() as AddressInfo).port)
    witness.secret = proxy.secret
    try {
      const inner = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
      await send(proxy, `POST /attack HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`)
      expect(witness.seen).toEqual(['/attack', '/smuggled'])
      expect(witness.complaints).toEqual(['GET /smuggled, marked []'])
    } finally {
      await proxy.stop()
      server.close()
    }
  })
})
