/**
 * Clients that read slowly and steadily are not cut, however long that takes; clients that read nothing are. On each
 * kind of socket, in a time that the spec controls: a number of bytes in a number of seconds.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type AddressInfo, type NetConnectOpts } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { connect as connectTls, createServer, TLSSocket } from 'node:tls'
import { describe, expect, it } from '@jest/globals'
import { filter, firstValueFrom, VirtualTimeScheduler } from 'rxjs'
import { IOVec } from '../../lib/buffer/iovec.js'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { SocketTransport } from '../../lib/node/socket-transport.js'
import type { Server } from '../../lib/node/serve.js'
import { afterwards, start } from '../helpers/net.js'
import { TLS } from '../helpers/tls.js'

const KIB = 1024
const MIB = 1024 * KIB
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** One end of a pair: bytes written to one end are read from the other, on demand. */
class PairEnd extends Duplex {
  other!: PairEnd
  private taken: (() => void) | null = null

  override _read(): void {
    const { taken } = this.other
    this.other.taken = null
    taken?.()
  }

  override _write(chunk: Buffer, _: unknown, done: () => void): void {
    this.taken = done
    this.other.push(chunk)
  }

  override _final(done: () => void): void {
    this.other.push(null)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.other.destroyed) this.other.destroy()
    done(error)
  }
}

/** A pair of streams without any socket, each with a buffer of some KiB. */
function pair(): [PairEnd, PairEnd] {
  const [one, other] = [new PairEnd({ highWaterMark: 4 * KIB }), new PairEnd({ highWaterMark: 4 * KIB })]
  one.other = other
  other.other = one
  return [one, other]
}

/** Starting a server of each kind, connecting a client, and the size of the steps in which the client reads. */
interface Kind {
  readonly options: () => ListenOptions
  readonly connect: (server: Server) => Promise<Duplex>
  readonly step: number
}

function placeOf(server: Server): NetConnectOpts {
  const { address } = server
  return typeof address === 'string' ? { path: address } : { port: address!.port, host: '127.0.0.1' }
}

async function connectPlain(server: Server): Promise<Duplex> {
  const socket = connect(placeOf(server))
  await once(socket, 'connect')
  return socket
}

async function connectEncrypted(server: Server, socket?: Duplex): Promise<Duplex> {
  const to = socket === undefined ? placeOf(server) : { socket }
  const client = connectTls({ ...to, rejectUnauthorized: false })
  await once(client, 'secureConnect')
  return client
}

function unixPath(): ListenOptions {
  const folder = mkdtempSync(join(tmpdir(), 'httprx-'))
  afterwards(() => { rmSync(folder, { recursive: true }) })
  return { path: join(folder, 'socket') }
}

// The kernel's buffers hide some MiB from the server: there the steps are larger.
const KINDS: Record<string, Kind> = {
  'TCP': { options: () => ({}), connect: connectPlain, step: MIB },
  'TLS': { options: () => ({ tls: TLS }), connect: connectEncrypted, step: MIB },
  'Unix': { options: unixPath, connect: connectPlain, step: MIB },
  'a Duplex': {
    options: () => ({}),
    connect: server => {
      const [one, other] = pair()
      server.accept(one)
      return Promise.resolve(other)
    },
    step: 10 * KIB,
  },
  'TLS over a Duplex': {
    options: () => ({}),
    connect: server => {
      const [one, other] = pair()
      server.accept(new TLSSocket(one, { isServer: true, ...TLS }))
      return connectEncrypted(server, other)
    },
    step: 10 * KIB,
  },
}

/** Takes that many bytes, or fewer at the end. Returns how many. */
async function take(client: Duplex, count: number): Promise<number> {
  let taken = 0
  while (taken < count && !client.readableEnded && !client.destroyed) {
    const bytes = client.read(Math.min(count - taken, Math.max(1, client.readableLength))) as Buffer | null
    if (bytes !== null) taken += bytes.length
    else await firstOf(client, ['readable', 'end', 'close'])
  }
  return taken
}

async function firstOf(client: Duplex, events: string[]): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  await Promise.race(events.map(event => once(client, event, { signal }).catch(() => undefined)))
  over.abort()
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise(resolve => { setImmediate(resolve) })
}

/** As many steps of a client as may pass without progress. */
const PATIENCE = 20

describe.each(Object.entries(KINDS))('a client of %s', (_, kind) => {
  /** A client that has requested that many steps of bytes, and the time of its server. */
  async function begin(steps: number): Promise<{ client: Duplex; server: Server; second: () => void }> {
    const scheduler = new VirtualTimeScheduler()
    let time = 0
    const second = (): void => {
      scheduler.maxFrames = time += 1000
      scheduler.flush()
    }
    const body = new Uint8Array(steps * kind.step)
    // Streams within a process lose their buffers when they are destroyed, so that the client must read first.
    const options = { ...kind.options(), scheduler, writeTimeout: PATIENCE * 1000, lingerTimeout: PATIENCE * 1000 }
    const server = await start(() => ({ body }), options)
    const client = await kind.connect(server)
    afterwards(() => client.destroy())
    client.on('error', () => undefined)
    client.write(REQUEST)
    return { client, server, second }
  }

  it('that reads steadily receives everything, however long that takes', async () => {
    const steps = 3 * PATIENCE
    const { client, second } = await begin(steps)
    let taken = 0
    for (let step = 0; step < steps; step++) {
      taken += await take(client, kind.step)
      await turns()
      second()
    }
    taken += await take(client, Infinity)
    expect(taken).toBeGreaterThan(steps * kind.step)
  })

  it('that reads nothing is cut', async () => {
    const { client, server, second } = await begin(3 * PATIENCE)
    const cut = firstValueFrom(server.events$.pipe(filter(({ type }) => type === 'timeout')))
    const over = firstValueFrom(server.events$.pipe(filter(({ type }) => type === 'close')))
    await once(client, 'readable')
    await turns()
    // The last bytes that fit into the kernel's buffers may be taken late.
    for (let step = 0; step < 2 * PATIENCE + 3; step++) {
      second()
      await turns()
    }
    expect(await cut).toMatchObject({ limit: 'writeTimeout' })
    await over
  })
})

describe('a large write over TLS', () => {
  it('reports how much was taken before it is complete', async () => {
    const server = createServer(TLS).listen(0, '127.0.0.1')
    afterwards(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    afterwards(() => client.destroy())
    const [socket] = await once(server, 'secureConnection') as [TLSSocket]
    const transport = new SocketTransport(socket)
    afterwards(() => { transport.destroy(false) })
    let isOver = false
    transport.write([IOVec.create(new Uint8Array(64 * MIB))], { written: () => { isOver = true } })
    const before = transport.unwrittenBytes
    while (transport.unwrittenBytes > before / 2) await take(client, 16 * KIB)
    expect(isOver).toBe(false)
  })
})
