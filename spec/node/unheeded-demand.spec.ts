/**
 * Handlers that write to the body of their response and ignore the demand, on sockets of each kind.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { firstValueFrom, interval, map, mergeMap, range } from 'rxjs'
import { Response } from '../../lib/message/response.js'
import type { HandlerResult } from '../../lib/reactive/reply.js'
import type { BodySubject } from '../../lib/reactive/response-body/body-subject.js'
import type { Handler, Reqd } from '../../lib/reactive/streamed-reqd.js'
import { sse } from '../../lib/sse/index.js'
import { afterwards, connect, signal, start, type Client } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

type Started = Awaited<ReturnType<typeof start>>

interface Kind {
  readonly start: (handler: Handler) => Promise<Started>
  readonly connect: (server: Started) => Promise<Client>
}

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'httprx-'))
  afterwards(() => { rmSync(folder, { recursive: true }) })
  return join(folder, 'socket')
}

const KINDS: Record<string, Kind> = {
  TCP: { start: handler => start(handler), connect: server => connect(server) },
  TLS: { start: handler => startTls(handler), connect: server => tlsClient(server) },
  Unix: { start: handler => start(handler, { path: socketPath() }), connect: server => connect(server) },
}

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
const MIB = 1024 * 1024

/** The memory that the process holds in arrays of bytes after a garbage collection. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().arrayBuffers
}

function turn(): Promise<void> {
  return new Promise(resolve => { setImmediate(resolve) })
}

/** Resolves with the first error that the server reports. */
async function reported({ errors }: Started): Promise<unknown> {
  while (errors.length === 0) await turn()
  return errors[0]
}

function openBody(reqd: Reqd): BodySubject {
  return reqd.respondWithStreaming(Response.create(200))
}

describe.each(Object.entries(KINDS))('a handler that ignores the demand, over %s', (_, kind) => {
  it('holds a bounded amount for a client that does not read, and has its response cut', async () => {
    const peak = signal<number>()
    const result = signal<unknown>()
    const server = await kind.start(async reqd => {
      const body = openBody(reqd)
      const result$ = firstValueFrom(body.closed$)
      const before = heldBytes()
      let most = 0
      for (let count = 0; count < 200; count++) {
        body.write(new Uint8Array(MIB))
        if (count % 20 === 19) {
          await turn()
          most = Math.max(most, heldBytes() - before)
        }
      }
      peak.resolve(most)
      result.resolve(await result$)
    })
    const client = await kind.connect(server)
    client.socket.pause()
    client.send(GET)
    // A write in flight holds its bytes, and a run with coverage takes some more.
    expect(await peak.promise).toBeLessThan(32 * MIB)
    expect(await result.promise).toBe('aborted')
    const [error] = server.errors as [Error & { waiting: number }]
    expect(error).toMatchObject({ name: 'BackpressureError', code: 'overflow' })
    expect(error.message).toMatch(/write\(\) returns false/)
    expect(error.waiting).toBeLessThan(8 * MIB)
    client.socket.resume()
    await client.ended
    expect(client.received).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  it.each<[string, () => HandlerResult]>([
    ['at once', () => ({ body: () => range(0, 10 ** 9).pipe(map(() => 'x'.repeat(1000))) })],
    ['at each demand', () => ({
      body: ready$ => ready$.pipe(mergeMap(() => range(0, 10 ** 9).pipe(map(() => new Uint8Array(10_000))))),
    })],
    ['in many turns', () => ({ body: () => interval(0).pipe(map(() => new Uint8Array(MIB / 2))) })],
    ['as events', () => sse(() => range(0, 10 ** 9).pipe(map(n => ({ data: 'x'.repeat(1000) + String(n) }))))],
  ])('has its response cut if it is a function that emits without end, %s', async (_how, answer) => {
    const server = await kind.start(answer)
    const client = await kind.connect(server)
    client.socket.pause()
    client.send(GET)
    const failed = await reported(server)
    expect(failed).toMatchObject({ name: 'BackpressureError', code: 'overflow' })
    expect((failed as { waiting: number }).waiting).toBeLessThan(8 * MIB)
    client.socket.resume()
    await client.ended
    expect(client.received).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  it('sends a burst whole to a client that reads', async () => {
    const server = await kind.start(reqd => {
      const body = openBody(reqd)
      for (let count = 0; count < 1000; count++) body.next('x'.repeat(1000))
      body.complete()
    })
    const client = await kind.connect(server)
    client.send(GET)
    expect((await client.receives('\r\n0\r\n\r\n')).match(/x/g)).toHaveLength(1_000_000)
    expect(server.errors).toEqual([])
  })

  it('sends one value of any size whole, and small ones after it', async () => {
    const server = await kind.start(reqd => {
      const body = openBody(reqd)
      body.next(Buffer.alloc(16 * MIB, 'x'))
      body.next('the rest')
      body.complete()
    })
    const client = await kind.connect(server)
    client.socket.removeAllListeners('data')
    let count = 0
    client.socket.on('data', (bytes: Buffer) => { count += bytes.length })
    client.send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    await once(client.socket, 'end')
    expect(count).toBeGreaterThan(16 * MIB)
    expect(server.errors).toEqual([])
  })

  it('sends without end to a client that keeps reading, even if the handler never checks', async () => {
    const server = await kind.start(async reqd => {
      const body = openBody(reqd)
      let sent = 0
      const chunk = new Uint8Array(64 * 1024)
      while (sent < 32 * MIB && !body.isClosed) {
        // It checks at intervals; the pending bytes stay above the high-water mark all the time.
        if (body.bodySink.pending < 512 * 1024) body.next(chunk)
        else await turn()
        sent = body.bodySink.pending < 512 * 1024 ? sent + chunk.length : sent
      }
      body.complete()
    })
    const client = await kind.connect(server)
    client.socket.removeAllListeners('data')
    client.socket.on('data', () => undefined)
    client.send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    await once(client.socket, 'end')
    expect(server.errors).toEqual([])
  })
})
