/**
 * Handlers that give the chunks of a body away, with their memory: to a worker, a `ReadableStream` of bytes, a clone.
 * Each server is a process of its own, because a fault would damage its memory.
 */
import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectSocket, type Socket } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from '@jest/globals'
import { lastValueFrom, tap } from 'rxjs'
import { WebSocket } from 'ws'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { ROOT } from '../helpers/built.js'
import { afterwards, ask, Client, start } from '../helpers/net.js'
import { survivor } from '../helpers/survivor.js'
import { CERTIFICATE } from '../helpers/tls.js'
import { give } from '../helpers/transfers.js'

/** The ways to read a body and give its chunks away. Each responds with a hash of the bytes of the new owners. */
const WAYS = `
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { MessageChannel } from 'node:worker_threads'
import { EMPTY, lastValueFrom } from 'rxjs'
import { Headers } from '${join(ROOT, 'dist/esm/index.js')}'
import { upgradeWebSocket } from '${join(ROOT, 'dist/esm/ws/index.js')}'
const clone = chunk => structuredClone(chunk, { transfer: [chunk.buffer] })
// Hashed when all have arrived, so that reused memory changes the hash.
const answer = chunks => {
  const hash = createHash('sha1')
  for (const chunk of chunks) hash.update(chunk)
  return { body: hash.digest('hex') + '\\n' }
}
const streamOf = body => {
  const iterator = body[Symbol.asyncIterator]()
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
      if (done) controller.byobRequest?.respond(0)
    },
  })
}
const ways = {
  async '/values'({ body }) {
    const chunks = []
    await lastValueFrom(body.concatMap(chunk => { chunks.push(clone(chunk)); return EMPTY }), { defaultValue: null })
    return answer(chunks)
  },
  async '/flow'({ body }) {
    const chunks = []
    await new Promise(complete => { body.bytes$.subscribe({ next: chunk => { chunks.push(clone(chunk)) }, complete }) })
    return answer(chunks)
  },
  async '/iteration'({ body }) {
    const chunks = []
    for await (const chunk of body) {
      await new Promise(resolve => { setImmediate(resolve) })
      chunks.push(clone(chunk))
    }
    return answer(chunks)
  },
  async '/stream'({ body }) {
    const chunks = []
    for await (const chunk of streamOf(body)) chunks.push(chunk)
    return answer(chunks)
  },
  async '/port'({ body }) {
    const { port1, port2 } = new MessageChannel()
    const chunks = []
    let sent = 0
    for await (const chunk of body) {
      sent++
      port1.postMessage(chunk, [chunk.buffer])
    }
    await new Promise(resolve => {
      if (sent === 0) resolve()
      port2.on('message', chunk => { if (chunks.push(chunk) === sent) resolve() })
    })
    port1.close()
    return answer(chunks)
  },
  async '/whole'({ body }) {
    return answer([clone(await body.bytes(1e9))])
  },
  '/pass'({ body }) {
    return { body: streamOf(body) }
  },
  '/ws'(reqd) {
    const connection = upgradeWebSocket(reqd, { maxPayload: 1e9, deflate: true })
    const kept = []
    connection.messages$.subscribe(message => {
      if (typeof message === 'string') connection.write(answer(kept.splice(0)).body)
      else kept.push(clone(message))
    })
  },
  '/upgrade'(reqd) {
    reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), (socket, head) => { socket.end(clone(head)) })
  },
}`

const HANDLER = 'reqd => ways[reqd.target](reqd)'
const FILES = join(ROOT, 'demos/tls')
const TLS_OPTIONS = `tls: { key: readFileSync('${FILES}/key.pem'), cert: readFileSync('${FILES}/cert.pem') }`

const KINDS: Record<string, { readonly options: string; readonly connect: (port: number) => Socket }> = {
  TCP: { options: '', connect: port => connectSocket({ port, host: '127.0.0.1', noDelay: true }) },
  TLS: {
    options: TLS_OPTIONS,
    connect: port => connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: readFileSync(CERTIFICATE) }),
  },
}

/** Bytes in which missing, repeated or overwritten pieces are visible. */
function bytesOf(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length)
  for (let i = 0, state = seed; i < length; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    bytes[i] = state >> 16
  }
  return bytes
}

function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex')
}

/** A chunked body in frames. */
function framed(body: Buffer, size: number): Buffer {
  const parts: Buffer[] = []
  for (let off = 0; off < body.length; off += size) {
    const part = body.subarray(off, off + size)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

function fixed(path: string, body: Buffer): Buffer {
  const head = Buffer.from(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`)
  return Buffer.concat([head, body])
}

function chunked(path: string, body: Buffer, size: number): Buffer {
  const head = Buffer.from(`POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`)
  return Buffer.concat([head, framed(body, size)])
}

/** Writes in pieces of these sizes, repeatedly, each in its own event. */
async function writeInPieces(socket: Socket, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  for (let off = 0, i = 0; off < bytes.length; i++) {
    const end = off + sizes[i % sizes.length]
    if (!socket.write(bytes.subarray(off, end))) await once(socket, 'drain')
    off = end
    await new Promise(resolve => { setImmediate(resolve) })
  }
}

// Empty bodies stand between others: what is given away of one must not be the next one's.
const SIZES = [0, 1, 0, 100, 3000, 0, 5000, 40_000, 300_000, 2_000_000]

describe.each(Object.entries(KINDS))('a transferred chunk, over %s', (_, { options, connect }) => {
  it.each([
    '/values', '/flow', '/iteration', '/stream', '/port', '/whole',
  ])('takes no other memory with it: %s', async path => {
    const { program, port } = await survivor(HANDLER, { head: WAYS, options })
    const client = new Client(connect(port))
    const bodies = SIZES.map((size, index) => bytesOf(size, index + 1))
    // One request after the other: the bytes after a body are in the same reads.
    const requests = bodies.flatMap(body => [fixed(path, body), chunked(path, body, 7000), chunked(path, body, 90_000)])
    await writeInPieces(client.socket, Buffer.concat(requests), [200_000, 10, 70_000, 3000])
    client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    const hashes = (await client.all()).match(/^[0-9a-f]{40}$/gm)
    expect(hashes).toEqual([...bodies.flatMap(body => Array<string>(3).fill(sha1(body))), sha1(Buffer.alloc(0))])
    expect(await program.stop()).toBe(0)
    expect(program.output).not.toContain('told')
  })

  it('takes no other memory with it if it is the response as well', async () => {
    const { program, port } = await survivor(HANDLER, { head: WAYS, options })
    const client = new Client(connect(port))
    const body = bytesOf(3_000_000, 1)
    const head = `POST /pass HTTP/1.0\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`
    await writeInPieces(client.socket, Buffer.concat([Buffer.from(head), body]), [300_000, 5000])
    const received = Buffer.from(await client.all(), 'latin1')
    expect(sha1(received.subarray(received.indexOf('\r\n\r\n') + 4))).toBe(sha1(body))
    expect(await program.stop()).toBe(0)
  })

  it.each([false, true])('takes no other memory with it if it is a message of a WebSocket (compressed: %p)', async (
    perMessageDeflate,
  ) => {
    const { program, port } = await survivor(HANDLER, { head: WAYS, options })
    const scheme = options === '' ? 'ws' : 'wss'
    const client = new WebSocket(`${scheme}://localhost:${port}/ws`, {
      ca: readFileSync(CERTIFICATE),
      perMessageDeflate: perMessageDeflate && { threshold: 0 },
      lookup: (_host, _options, found) => { found(null, [{ address: '127.0.0.1', family: 4 }]) },
    })
    afterwards(() => { client.terminate() })
    await once(client, 'open')
    const sent: Hash = createHash('sha1')
    for (let index = 0; index < 500; index++) {
      const message = bytesOf([1, 0, 20, 700, 5000, 100_000][index % 6], index)
      sent.update(message)
      client.send(message)
      client.send(message.subarray(0, 10), { fin: false })
      client.send(message.subarray(10))
      sent.update(message)
    }
    client.send('done')
    const [answer] = await once(client, 'message') as [Buffer]
    expect(answer.toString().trim()).toBe(sent.digest('hex'))
    client.close()
    await once(client, 'close')
    expect(await program.stop()).toBe(0)
  })

  it.each(['', 'behind the head'])('takes no other memory with it if it came behind an upgrade: %p', async rest => {
    const { program, port } = await survivor(HANDLER, { head: WAYS, options })
    for (let count = 0; count < 3; count++) {
      const client = new Client(connect(port))
      client.send(`GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n${rest}`)
      expect((await client.all()).split('\r\n\r\n')).toEqual([expect.stringContaining(' 101 '), rest])
    }
    expect(await program.stop()).toBe(0)
    expect(program.output).not.toContain('told')
  })
})

/** Gives each chunk away; responds with their length, and whether each filled at least half of its memory. */
const giving: Handler = async ({ body }) => {
  let [length, alone] = [0, true]
  await lastValueFrom(body.bytes$.pipe(tap(chunk => {
    alone &&= chunk.length === chunk.buffer.byteLength || chunk.length * 2 >= chunk.buffer.byteLength
    length += give(chunk).length
  })), { defaultValue: null })
  return { body: `${length} ${String(alone)} ${Buffer.from('pool').toString()}` }
}

describe('a transferred chunk', () => {
  it('does not affect the pool of all Buffers or the memory of a writer', async () => {
    const server = await start(giving)
    const [ours, theirs] = duplexPair()
    server.accept(theirs)
    const client = new Client(ours as unknown as Socket)
    const body = Buffer.alloc(100_000, 'x')
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100400\r\nConnection: close\r\n\r\n')
    for (let count = 0; count < 200; count++) client.send(Buffer.from('xy'))
    client.send(body)
    expect(await client.all()).toContain('100400 true pool')
    expect(body.length).toBe(100_000)
    expect(server.errors).toEqual([])
  })

  it('is not part of a buffer that is read into again', async () => {
    const server = await start(giving)
    expect(await ask(server, { method: 'POST', body: Buffer.alloc(3_000_000) })).toMatchObject({
      body: '3000000 true pool',
    })
  })
})
