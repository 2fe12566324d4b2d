/**
 * Bursts of a plain Observable to a client that reads: only a client that does not take the offered output counts as
 * slow.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { concat, from, map, NEVER, of, range, ReplaySubject, skip, Subject, take, type Observable } from 'rxjs'
import { concatMap } from '../../lib/demand/flattening.js'
import type { Overflow } from '../../lib/demand/overflow-policy.js'
import type { Reply } from '../../lib/reactive/reply.js'
import type { ConnectionEvent } from '../../lib/runtime/events.js'
import { sse } from '../../lib/sse/sse.js'
import { Client, connect, signal, start } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const LINE = 1024
const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** A number of lines at once, which differ in their first characters. */
function lines(count: number): Observable<string> {
  return range(0, count).pipe(map(n => `${String(n).padEnd(LINE - 1, '.')}\n`))
}

/** The numbers of the lines that arrived. */
function numbersOf(received: string): number[] {
  return Array.from(received.matchAll(/(\d+)\.{500,}\n/g), ([, number]) => Number(number))
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** Two ends of a connection without a socket. */
function duplexPair(): [Duplex, Duplex] {
  const ends: Duplex[] = []
  for (const other of [1, 0]) {
    ends.push(new Duplex({
      allowHalfOpen: true,
      read: () => undefined,
      write: (chunk, _encoding, done) => {
        ends[other].push(chunk)
        setImmediate(done)
      },
      final: done => {
        ends[other].push(null)
        done()
      },
    }))
  }
  return ends as [Duplex, Duplex]
}

async function overSocket(kind: string, reply: () => Reply): Promise<{ received: string; errors: unknown[] }> {
  const path = join(tmpdir(), `httprx-burst-${process.pid}.sock`)
  const server = kind === 'TLS' ? await startTls(reply) : await start(reply, kind === 'Unix' ? { path } : {})
  const [theirs, ours] = duplexPair()
  if (kind === 'Duplex') server.accept(ours)
  const client = kind === 'TLS' ? await tlsClient(server)
    : kind === 'Duplex' ? new Client(theirs as never) : await connect(server)
  return { received: await client.send(GET).all(), errors: server.errors }
}

describe.each(['TCP', 'TLS', 'Unix', 'Duplex'])('a burst over %s', kind => {
  it.each<[string, Overflow | undefined]>([
    ['the default', undefined],
    ['error', 'error'],
    ['dropNewest', 'dropNewest'],
    ['dropOldest', 'dropOldest'],
    ['latest', 'latest'],
    ['disconnect', 'disconnect'],
    ['a small buffer', { bufferBytes: 1 }],
  ])('reaches a reading client whole: %s', async (_, overflow) => {
    const { received, errors } = await overSocket(kind, () => ({
      body: lines(80), ...(overflow !== undefined && { overflow }),
    }))
    expect(errors).toEqual([])
    expect(numbersOf(received)).toEqual(upTo(80))
    expect(received.endsWith('0\r\n\r\n')).toBe(true)
  })
})

describe('a burst', () => {
  it('reaches a reading client whole, whatever its source and time', async () => {
    const rows = upTo(60).map(n => `${String(n).padEnd(LINE - 1, '.')}\n`)
    const replayed = new ReplaySubject<string>()
    for (const row of rows) replayed.next(row)
    replayed.complete()
    const later = new Subject<string>()
    const sources = [from(rows), replayed, concat(from(rows), of('')), later]
    const server = await start(() => {
      const body = sources.shift()!
      if (body === later) setImmediate(() => { from(rows).subscribe(later) })
      return { body }
    })
    for (let i = 0; i < 4; i++) expect(numbersOf(await (await connect(server)).send(GET).all())).toEqual(upTo(60))
    expect(server.errors).toEqual([])
  })

  it('reaches each reconnecting client whole, if it consists of missed events', async () => {
    const missed = from(upTo(60)).pipe(map(n => ({ id: String(n), data: 'x'.repeat(1000) })))
    const server = await start(() => sse(concat(missed, NEVER)))
    for (let i = 0; i < 2; i++) {
      const client = (await connect(server)).send(GET)
      expect(await client.receives('id: 59\n')).toContain('id: 0\n')
      client.reset()
    }
    expect(server.errors).toEqual([])
  })

  it('reaches a client whole, even if it exceeds what one turn may write', async () => {
    const server = await start(() => ({ body: lines(1500), overflow: 'error' }))
    expect(numbersOf(await (await connect(server)).send(GET).all())).toEqual(upTo(1500))
  })

  it.each<[string, (lines$: Observable<string>) => Reply]>([
    ['a body', body => ({ body })],
    ['a body that may lose lines', body => ({ body, overflow: 'latest' })],
    ['a body behind an operator', lines$ => ({ body: lines$.pipe(concatMap(line => of(line))) })],
    ['events', lines$ => sse(lines$.pipe(map(data => data.trimEnd())))],
  ])('reaches a client to its end, even if it exceeds what one turn may write: %s', async (_, reply) => {
    const source = new Subject<string>()
    const server = await start(() => {
      // In two tasks of one turn of the event loop.
      const all$ = lines(310)
      for (const part$ of [all$.pipe(take(300)), all$.pipe(skip(300))]) {
        setImmediate(() => { part$.subscribe({ next: line => { source.next(line) } }) })
      }
      return reply(source)
    })
    await (await connect(server)).send(GET).receives('309.')
    expect(server.errors).toEqual([])
  })
})

describe('a client that does not read', () => {
  const BIG = 'x'.repeat(256 * 1024)

  /** More bytes than all buffers hold, 64 chunks at a time, then the last chunk; only then the client reads. */
  async function stalled(reply: Partial<Reply>): Promise<{ received: string; events: ConnectionEvent[] }> {
    const source = new Subject<string>()
    const begun = signal()
    const server = await start(() => {
      begun.resolve()
      return { body: source, ...reply }
    })
    const events: ConnectionEvent[] = []
    server.events$.subscribe(event => { events.push(event) })
    const client = await connect(server)
    client.socket.pause()
    client.send(GET)
    await begun.promise
    for (let i = 0; i < 64; i++) source.next(BIG)
    source.next('the newest'.padEnd(40_000, '!'))
    source.complete()
    client.socket.resume()
    await client.ended
    return { received: client.received, events }
  }

  it.each<Overflow>(['latest', 'dropOldest'])('receives the newest value, however large, with %s', async overflow => {
    let lost = 0
    const { received, events } = await stalled({ overflow, onDrop: chunk => { lost += chunk.length } })
    expect(received).toContain('the newest!')
    expect(received.endsWith('0\r\n\r\n')).toBe(true)
    const drops = events.filter(event => event.type === 'drop')
    expect(drops.length).toBeGreaterThan(0)
    expect(drops.at(-1)).toMatchObject({ count: drops.length, bytes: lost })
  })

  it('is cut at 1 MiB, with an error that says how much was pending and what to do', async () => {
    const { received, events } = await stalled({})
    expect(received.endsWith('0\r\n\r\n')).toBe(false)
    const errors = events.filter(event => event.type === 'error').map(({ error }) => error)
    expect(errors).toMatchObject([{ name: 'BackpressureError', code: 'overflow' }])
    expect((errors[0] as { waiting: number }).waiting).toBeGreaterThan(1024 * 1024 - BIG.length)
    expect(String(errors[0])).toContain('bufferBytes')
  })
})
