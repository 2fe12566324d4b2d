/**
 * Replies of a handler whose client has left, or was answered already: nothing of them stays open.
 */
import { once } from 'node:events'
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { concat, from, map, merge, Observable, of, range, Subject, throwError } from 'rxjs'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import type { BodySource, Reply } from '../../lib/reactive/reply.js'
import type { Handler, Reqd } from '../../lib/reactive/streamed-reqd.js'
import { descriptors } from '../helpers/descriptors.js'
import { afterwards, ask, connect, signal, start, type Client } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'httprx-'))
  file = join(folder, 'file')
  writeFileSync(file, 'x'.repeat(1_000_000))
})
afterAll(() => { rmSync(folder, { recursive: true }) })

/** How often this process has the file open, if the system reports that. */
function openings(): number {
  return descriptors().filter(target => target === file).length
}

/** A body that holds a resource from its creation on, and a promise of its release. */
interface Held {
  readonly body: BodySource
  readonly released: Promise<unknown>
}

/** A server whose response never ends, and a promise that its client left. */
async function upstream(): Promise<{ readonly url: string; readonly left: Promise<unknown> }> {
  const left = signal<unknown>()
  const server = createServer((_request, response: ServerResponse) => {
    response.on('close', () => { left.resolve('left') })
    response.write('some')
  }).listen(0, '127.0.0.1')
  afterwards(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, left: left.promise }
}

/** The resources that must be released. */
const SOURCES: Record<string, () => Promise<Held>> = {
  'a file': async () => {
    const body = createReadStream(file)
    await once(body, 'open')
    return { body, released: once(body, 'close') }
  },
  'a body that is fetched': async () => {
    const { url, left } = await upstream()
    const { body } = await fetch(url)
    return { body: body as ReadableStream<Uint8Array>, released: left }
  },
  'a web stream': () => {
    const cancelled = signal<unknown>()
    return Promise.resolve({
      body: new ReadableStream<Uint8Array>({ cancel: cancelled.resolve }), released: cancelled.promise,
    })
  },
  'an iterator that has begun': async () => {
    const ended = signal<unknown>()
    const body = (async function* () {
      try {
        yield await Promise.resolve('first')
        yield 'second'
      } finally {
        ended.resolve('ended')
      }
    })()
    await body.next()
    return { body, released: ended.promise }
  },
}

/** The ways in which a handler replies after `late`. */
const WAYS: Record<string, (reqd: Reqd, late: Promise<Reply>) => ReturnType<Handler>> = {
  'with a promise': (_, late) => late,
  'with an asynchronous generator': (_, late) => (async function* () { yield await late })(),
  'with a call': (reqd, late) => { void late.then(reply => { reqd.respond(reply) }) },
}

interface Situation {
  readonly options: ListenOptions
  readonly happens: (client: Client, reqd: Reqd) => Promise<unknown>
}

function aborted(reqd: Reqd): Promise<unknown> {
  return reqd.signal.aborted ? Promise.resolve() : once(reqd.signal, 'abort')
}

/** The events before the late reply. */
const SITUATIONS: Record<string, Situation> = {
  'its client has reset the connection': {
    options: {}, happens: (client, reqd) => { client.reset(); return aborted(reqd) },
  },
  'its client has ended its side': { options: {}, happens: (client, reqd) => { client.end(); return aborted(reqd) } },
  'handlerTimeout has answered': {
    options: { handlerTimeout: 1, connectionsCheckingInterval: 5 }, happens: client => client.receives(' 503 '),
  },
}

const CASES = Object.keys(SITUATIONS).flatMap(situation =>
  Object.keys(SOURCES).flatMap(source => Object.keys(WAYS).map(way => [situation, source, way] as const)))

/** A server whose handler replies late, and a client with a request. */
async function begun(
  way: keyof typeof WAYS, reply: Promise<Reply>, options: ListenOptions, isEncrypted: boolean,
): Promise<{ readonly server: Awaited<ReturnType<typeof start>>; readonly client: Client; readonly reqd: Reqd }> {
  const handled = signal<Reqd>()
  const handler: Handler = reqd => {
    handled.resolve(reqd)
    return WAYS[way](reqd, reply)
  }
  const server = isEncrypted ? await startTls(handler, options) : await start(handler, options)
  const client = isEncrypted ? await tlsClient(server) : await connect(server)
  client.send(GET)
  return { server, client, reqd: await handled.promise }
}

describe('a reply that comes too late', () => {
  it.each(CASES)('is released: when %s, %s, %s', async (situation, source, way) => {
    const { options, happens } = SITUATIONS[situation]
    for (const isEncrypted of [false, true]) {
      if (isEncrypted && situation.includes('reset')) continue
      const reply = signal<Reply>()
      const { server, client, reqd } = await begun(way, reply.promise, options, isEncrypted)
      await happens(client, reqd)
      const { body, released } = await SOURCES[source]()
      reply.resolve({ body })
      await released
      expect(openings()).toBe(0)
      expect(server.errors.filter(error => (error as Error).name !== 'HandlerTimeoutError')).toEqual([])
    }
  })

  it('is not subscribed if it is an Observable', async () => {
    let subscribed = 0
    const body = new Observable<string>(() => {
      subscribed++
      return () => { subscribed-- }
    })
    for (const way of Object.keys(WAYS)) {
      const reply = signal<Reply>()
      const { client, reqd, server } = await begun(way, reply.promise, {}, false)
      client.reset()
      await aborted(reqd)
      reply.resolve({ body })
      await server.close()
      expect(subscribed).toBe(0)
    }
  })
})

describe('a reply that is not used', () => {
  it.each<[string, (reply: Reply) => Handler]>([
    ['the second of an Observable', reply => () => of({ body: 'first' }, reply)],
    ['the second of a list', reply => () => [{ body: 'first' }, reply]],
    ['one behind the response of an Observable that does not look', reply => () => new Observable<Reply>(subscriber => {
      subscriber.next({ body: 'first' })
      subscriber.next(reply)
    })],
    ['one of a bad status', reply => () => ({ status: 1000, ...reply })],
    ['one of a bad field', reply => () => Promise.resolve({ headers: { 'a b': 'c' }, ...reply })],
    ['one of a bad framing', reply => () => of({ headers: { 'transfer-encoding': 'x' }, ...reply })],
    ['one of a key that no reply has', reply => () => from(Promise.resolve({ header: {}, ...reply }))],
    ['one of marks that are none', reply => () => ({ highWaterMark: -1, ...reply })],
    ['one of fields that throw', reply => () => ({ get headers(): never { throw new Error('no fields') }, ...reply })],
    ['a call behind another', reply => reqd => {
      reqd.respond({ body: 'first' })
      reqd.respond(reply)
    }],
  ])('is released: %s', async (_, handler) => {
    for (const source of ['a file', 'a web stream', 'an iterator that has begun']) {
      const { body, released } = await SOURCES[source]()
      const server = await start(handler({ body }))
      await ask(server)
      await released
      expect(openings()).toBe(0)
    }
  })
})

describe('a value after the first reply', () => {
  it('is not requested from a pull source', async () => {
    const made: string[] = []
    const server = await start(() => (function* () {
      try {
        yield { body: 'first' }
        made.push('second')
        yield { body: 'second' }
      } finally {
        made.push('ended')
      }
    })())
    expect(await ask(server)).toMatchObject({ body: 'first' })
    expect(made).toEqual(['ended'])
  })

  it('is not awaited, even if the source is endless', async () => {
    const server = await start(() => range(0, Infinity).pipe(map(n => ({ body: String(n) }))))
    expect(await ask(server)).toMatchObject({ body: '0' })
    expect(server.errors).toEqual([])
  })

  it('is reported if it is an error', async () => {
    const failure = new Error('behind it')
    const server = await start(() => concat(of({ body: 'first' }), throwError(() => failure)))
    expect(await ask(server)).toMatchObject({ body: 'first' })
    expect(server.errors).toEqual([failure])
  })

  it('is not subscribed if it comes later', async () => {
    const later = new Subject<Reply>()
    const server = await start(() => merge(of({ body: 'first' }), later))
    expect(await ask(server)).toMatchObject({ body: 'first' })
    expect(later.observed).toBe(false)
  })
})
