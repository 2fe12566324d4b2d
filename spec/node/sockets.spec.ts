/**
 * The same server on all kinds of sockets: TCP, TLS, Unix, and streams that are not sockets.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { connect as connectSocket, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { filter } from 'rxjs'
import type { Reply } from '../../lib/reactive/reply.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { afterwards, ask, Client, connect, next, portOf, signal, start } from '../helpers/net.js'
import { CERTIFICATE, startTls, TLS, tlsClient } from '../helpers/tls.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const BIG = 'x'.repeat(3_000_000)

/** One end of a connection within the process. Bytes written at one end are read at the other without a copy. */
class End extends Duplex {
  other: End | null = null
  private taken: (() => void) | null = null

  override _read(): void {
    const { taken } = this
    this.taken = null
    taken?.()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.other?.give(chunk, done)
  }

  override _final(done: () => void): void {
    this.other?.push(null)
    done()
  }

  private give(chunk: Buffer, done: () => void): void {
    if (this.push(chunk)) done()
    else this.taken = done
  }
}

function pair(): [End, End] {
  const [client, socket] = [new End(), new End()]
  client.other = socket
  socket.other = client
  return [client, socket]
}

describe('a server with TLS', () => {
  it('speaks HTTP/1.1 with node:https and curl', async () => {
    const server = await startTls(({ url, remoteAddress }) => ({ body: `${url.href} ${remoteAddress}` }))
    expect(server.url).toBe(`https://127.0.0.1:${portOf(server)}`)
    const url = `https://localhost:${portOf(server)}/a`
    const sent = httpsGet(url, { ca: TLS.cert, agent: false, family: 4 })
    const [response] = await once(sent, 'response') as [IncomingMessage]
    expect(await text(response)).toBe(`${url} 127.0.0.1`)
    const { stdout } = await promisify(execFile)(
      'curl', ['-sS4', '--cacert', CERTIFICATE, url])
    expect(stdout).toBe(`${url} 127.0.0.1`)
  })

  it('accepts requests and sends responses of any size', async () => {
    const server = await startTls(async ({ body }) => {
      const received = await body.text(BIG.length)
      return { body: (function* () { yield received.slice(0, 5); yield received.slice(5) })() }
    })
    const client = await tlsClient(server)
    client.send(`POST / HTTP/1.0\r\nContent-Length: ${BIG.length}\r\n\r\n${BIG}`)
    expect((await client.all()).endsWith(`\r\n\r\n${BIG}`)).toBe(true)
  })

  it('answers a client that half-closed, and closes in order', async () => {
    const server = await startTls(() => ({ body: BIG }))
    const client = await tlsClient(server)
    expect((await client.send(REQUEST).end().all()).endsWith(BIG)).toBe(true)
  })

  it('offers HTTP/1.1 and nothing else', async () => {
    const server = await startTls(() => ({}))
    const client = await tlsClient(server, { ALPNProtocols: ['h2', 'http/1.1'] })
    expect((client.socket as unknown as { alpnProtocol: string }).alpnProtocol).toBe('http/1.1')
  })

  it('notices clients that reset the connection', async () => {
    const begun = signal<Reqd>()
    const server = await startTls(reqd => { begun.resolve(reqd) })
    const client = await tlsClient(server)
    client.send(REQUEST)
    const aborted = once((await begun.promise).signal, 'abort')
    client.socket.destroy()
    await aborted
  })

  it('keeps running if clients reset the connection before it has listeners', async () => {
    const server = await startTls(() => ({ body: 'it' }))
    for (let i = 0; i < 20; i++) {
      const raw = connectSocket(portOf(server), '127.0.0.1').on('error', () => undefined)
      await once(raw, 'connect')
      if (i % 2 === 0) raw.write('this is no handshake')
      else raw.write(Buffer.from([0x16, 3, 1, 2]))
      raw.resetAndDestroy()
    }
    expect(await (await tlsClient(server)).send(LAST).all()).toMatch(/it$/)
  })

  it('does not wait for handshakes when it is closed', async () => {
    const server = await startTls(() => ({ body: 'it' }))
    const raw = new Client(connectSocket(portOf(server), '127.0.0.1'))
    await once(raw.socket, 'connect')
    const client = await tlsClient(server)
    await client.send(LAST).end().all()
    await server.close()
    await raw.ended
  })

  it('cuts a failed response so that it does not look complete', async () => {
    const server = await startTls(() => ({ body: (function* () { yield 'some'; throw new Error('no more') })() }))
    const client = await tlsClient(server)
    const received = await client.send(REQUEST).receives('some')
    await client.ended
    expect(received).not.toContain('0\r\n\r\n')
  })
})

describe('a server on a Unix socket', () => {
  function path(): string {
    const folder = mkdtempSync(join(tmpdir(), 'httprx-'))
    afterwards(() => { rmSync(folder, { recursive: true }) })
    return join(folder, 'socket')
  }

  it('speaks HTTP with node:http and curl, and removes its file at the end', async () => {
    const server = await start(({ remoteAddress }) => ({ body: `[${remoteAddress}]` }), { path: path() })
    expect(server).toMatchObject({ url: '', address: expect.any(String) })
    expect(await ask(server)).toMatchObject({ body: '[]' })
    const address = server.address as string
    const { stdout } = await promisify(execFile)('curl', ['-sS', '--unix-socket', address, 'http://a/'])
    expect(stdout).toBe('[]')
    await server.close()
    expect(existsSync(address)).toBe(false)
  })

  it('receives uploads with backpressure', async () => {
    const handler = async ({ body }: Reqd): Promise<Reply> => ({ body: `${(await body.bytes(BIG.length)).length}` })
    const server = await start(handler, { path: path() })
    expect(await ask(server, { method: 'POST', body: BIG })).toMatchObject({ body: `${BIG.length}` })
  })

  it('cuts the remaining connections when it is closed', async () => {
    const begun = signal()
    const server = await start(() => { begun.resolve() }, { path: path() })
    const client = await connect(server)
    client.send(REQUEST)
    await begun.promise
    await server.close({ graceMs: 0 })
    await client.ended
    expect(client.received).toBe('')
  })
})

describe('a server that is given a stream', () => {
  it('speaks HTTP on it', async () => {
    const server = await start(() => ({ body: (function* () { yield 'a'; yield 'b'.repeat(100_000) })() }))
    const [client, socket] = pair()
    expect(server.accept(socket)).toMatchObject({ remoteAddress: '' })
    client.write(REQUEST)
    client.write(LAST)
    const received = await text(client)
    expect(received.match(/200 OK/g)).toHaveLength(2)
    expect(received).toContain('b'.repeat(100_000))
  })

  it('does not change bytes that it has written, whenever they are read', async () => {
    const server = await start(({ target }) => ({ body: target.repeat(50) }))
    const pairs = Array.from({ length: 20 }, () => pair())
    for (const [, socket] of pairs) server.accept(socket)
    const targets = Array.from({ length: 50 }, (_, index) => `/${index}-`)
    for (const target of targets) {
      for (const [client] of pairs) client.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
      await new Promise(resolve => { setImmediate(resolve) })
    }
    for (const [client] of pairs) {
      client.end()
      const received = await text(client)
      const bodies = [...received.matchAll(/\r\n\r\n(.*?)(?=HTTP|$)/g)].map(match => match[1])
      expect(bodies).toEqual(targets.map(target => target.repeat(50)))
    }
  })

  it('waits for the other end to read', async () => {
    let produced = 0
    const server = await start(() => ({
      body: (function* () { for (; produced < 1000; produced++) yield 'x'.repeat(1000) })(),
    }))
    const [client, socket] = pair()
    server.accept(socket)
    client.write(LAST)
    await once(client, 'readable')
    await new Promise(resolve => { setImmediate(resolve) })
    expect(produced).toBeLessThan(400)
    expect((await text(client)).length).toBeGreaterThan(1_000_000)
  })

  it('notices that the other end fails', async () => {
    const begun = signal<Reqd>()
    const server = await start(reqd => { begun.resolve(reqd) })
    const [client, socket] = pair()
    server.accept(socket)
    client.write(REQUEST)
    const aborted = once((await begun.promise).signal, 'abort')
    socket.destroy(new Error('broken'))
    await aborted
    await server.close()
  })

  it('also accepts a socket that was read in part', async () => {
    const server = await start(({ remoteAddress }) => ({ body: remoteAddress }))
    const front = createServer(socket => {
      socket.once('readable', () => {
        const head = socket.read() as Buffer
        socket.unshift(head.subarray(head.indexOf('\n') + 1))
        server.accept(socket)
      })
    }).listen(0, '127.0.0.1')
    afterwards(() => front.close())
    await once(front, 'listening')
    const { port } = front.address() as AddressInfo
    const client = new Client(connectSocket({ port, host: '127.0.0.1', allowHalfOpen: true }))
    expect(await client.send(`PROXY\r\n${REQUEST}`).end().all()).toMatch(/127.0.0.1$/)
  })

  it('closes if the stream is already destroyed', async () => {
    const server = await start(() => ({}))
    const [client, socket] = pair()
    socket.destroy()
    client.on('error', () => undefined)
    const closed = next(server.events$.pipe(filter(({ type }) => type === 'close')))
    server.accept(socket)
    await closed
  })

  it('closes if the stream is already at its end', async () => {
    const server = await start(() => ({}))
    const [client, socket] = pair()
    client.end()
    socket.resume()
    await once(socket, 'end')
    const closed = next(server.events$.pipe(filter(({ type }) => type === 'close')))
    server.accept(socket)
    await closed
  })

  it('cuts the stream after it was closed', async () => {
    const server = await start(() => ({}))
    await server.close()
    const [client, socket] = pair()
    client.on('error', () => undefined)
    server.accept(socket)
    expect(socket.destroyed).toBe(true)
  })
})
