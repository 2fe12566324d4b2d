/**
 * The loops of the bare core that readers copy (demos/bare-core/loops.ts), over memory and over sockets.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type NetConnectOpts } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { drive, type Transport } from '../demos/bare-core/loops.js'
import { socketTransport } from '../demos/bare-core/socket.js'
import type { Reqd } from '../lib/connection/reqd.js'
import { ServerConnection } from '../lib/connection/server-connection.js'
import { Headers } from '../lib/message/headers.js'
import { socketPath } from './helpers/kinds.js'
import { afterwards, Client } from './helpers/net.js'
import { get, head, ok, post, responding, response } from './helpers/runtime.js'
import { latin1 } from './helpers/splits.js'

/** Echoes bodies, upgrades on request, and fails within the response to `/fail`. */
function handle(reqd: Reqd): void {
  const { request, requestBody } = reqd
  if (request.headers.mem('Upgrade')) return reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => undefined)
  if (request.method === 'GET' && request.target !== '/fail') {
    return reqd.respondWithString(responding(200), request.target)
  }
  const body = reqd.respondWithStreaming(responding(200))
  if (request.target === '/fail') {
    body.writeString('some')
    return body.flush(() => { reqd.reportExn(new Error('boom')) })
  }
  const read = (): void => {
    requestBody.scheduleRead({
      onRead: bytes => {
        body.writeBytes(bytes)
        body.flush(read)
      },
      onEof: () => { body.close() },
    })
  }
  read()
}

/** A transport over an array, which takes `size` bytes at once and records its calls. */
class Memory implements Transport {
  written = ''
  ended: 'open' | 'end' | 'reset' = 'open'
  private readonly chunks: Uint8Array[]
  private readonly size: number

  constructor(chunks: readonly string[], size = Infinity) {
    this.chunks = chunks.map(latin1)
    this.size = size
  }

  read(): Promise<Uint8Array | null> {
    return Promise.resolve(this.chunks.shift() ?? null)
  }

  write(parts: readonly Uint8Array[]): Promise<number> {
    const bytes = Buffer.concat(parts).subarray(0, this.size)
    this.written += bytes.toString('latin1')
    return Promise.resolve(bytes.length)
  }

  end(): void {
    this.ended = 'end'
  }

  reset(): void {
    this.ended = 'reset'
  }
}

const ECHO = head('POST /echo HTTP/1.1', 'Content-Length: 5')
const CHUNKS = response('200 OK', ['Transfer-Encoding: chunked'])

describe('the loops over memory', () => {
  it('answer pipelined requests in any cut, whatever parts of the output are taken', async () => {
    const input = `${get('/1')}${get('/2')}${get('/3', 'Connection: close')}`
    const sizes = fc.integer({ min: 1, max: 99 })
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(input.length)), sizes, async (cuts, n) => {
      const places = [0, ...cuts.sort((a, b) => a - b), input.length]
      const memory = new Memory(places.slice(1).map((end, index) => input.slice(places[index], end)), n)
      expect(await drive(ServerConnection.create(handle), memory)).toBeNull()
      expect(memory).toMatchObject({ ended: 'end', written: ok('/1') + ok('/2') + ok('/3', 'Connection: close') })
    }))
  })

  it('offer unconsumed bytes again when the reader continues', async () => {
    const memory = new Memory([`${ECHO}hello${get('/next')}`])
    await drive(ServerConnection.create(handle), memory)
    expect(memory.written).toBe(`${CHUNKS}5\r\nhello\r\n0\r\n\r\n${ok('/next')}`)
  })

  it('give the bytes behind an upgrade to the other protocol', async () => {
    const memory = new Memory([get('/', 'Connection: upgrade', 'Upgrade: x').slice(0, 9),
      `${get('/', 'Connection: upgrade', 'Upgrade: x').slice(9)}other`])
    const left = await drive(ServerConnection.create(handle), memory)
    expect(String.fromCharCode(...left ?? [])).toBe('other')
    expect(memory.ended).toBe('open')
  })

  it('reset if a cut response would look complete', async () => {
    const memory = new Memory([head('GET /fail HTTP/1.0')])
    await drive(ServerConnection.create(handle), memory)
    expect(memory.ended).toBe('reset')
    expect(memory.written).toMatch(/some$/)
  })

  it('end if the transport fails to read or to write', async () => {
    const broken = (): Promise<never> => Promise.reject(new Error('broken'))
    for (const breaks of [{ read: broken }, { write: broken }]) {
      const connection = ServerConnection.create(handle)
      await drive(connection, Object.assign(new Memory([get('/')]), breaks))
      expect(connection.isClosed).toBe(true)
    }
  })
})

describe('the loops over sockets', () => {
  const dial = async (
    handler = handle, path: string | null = null,
  ): Promise<{ client: Client; driven: Promise<unknown> }> => {
    const place = path === null ? { port: 0, host: '127.0.0.1' } : { path }
    const server = createServer({ allowHalfOpen: true }).listen(place)
    afterwards(() => server.close())
    await once(server, 'listening')
    const accepted = once(server, 'connection')
    const { port } = server.address() as AddressInfo
    const socket = connect({ ...place, ...path === null && { port }, allowHalfOpen: true } as NetConnectOpts)
    const client = new Client(socket)
    const [served] = await accepted as [Parameters<typeof socketTransport>[0]]
    afterwards(() => served.destroy())
    return { client, driven: drive(ServerConnection.create(handler), socketTransport(served)) }
  }

  it('answer, echo in parts, and answer the last request of a client that has half-closed', async () => {
    const { client, driven } = await dial()
    await client.send(get('/1')).receives('/1')
    await client.send(ECHO).send('hel').receives('hel')
    client.send(`lo${get('/2')}`).end()
    expect(await client.ended).toBe('end')
    expect(client.received).toContain(ok('/2'))
    expect(await driven).toBeNull()
  })

  it('answer input that is not HTTP, and end', async () => {
    const { client } = await dial()
    expect(await client.send('BAD\r\n\r\n').ended).toBe('end')
    expect(client.received).toMatch(/^HTTP\/1\.1 400 /)
  })

  it.each<[string, () => string | null, string]>([['TCP', () => null, 'broken'], ['Unix', socketPath, 'end']])(
    'break off a response that only their end would end, over %s', async (_, path, how) => {
      const requests: Reqd[] = []
      const { client, driven } = await dial(reqd => {
        requests.push(reqd)
        reqd.respondWithStreaming(responding(200)).writeString('some')
      }, path())
      // If a reset arrives before the client has read everything, libuv reports an end instead of an error.
      await client.send(head('GET / HTTP/1.0')).receives('some')
      requests[0].reportExn(new Error('boom'))
      expect(await client.ended).toBe(how)
      expect(await driven).toBeNull()
    })

  it('end when the client resets', async () => {
    const { client, driven } = await dial()
    await client.send(post('hello').slice(0, -2)).receives('hel')
    client.reset()
    expect(await driven).toBeNull()
  })
})
