/**
 * Each request keeps its asynchronous context, however many connections share a turn of the event loop: the store of
 * an AsyncLocalStorage is the number of the request.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { finalize, firstValueFrom, from, map, NEVER, startWith, Subject, take, tap } from 'rxjs'
import { WebSocket } from 'ws'
import { Headers, pulled, type BodySource, type Handler, type Reqd } from '../../lib/index.js'
import { upgradeWebSocket } from '../../lib/ws/index.js'
import { connect, portOf, start } from '../helpers/net.js'

const storage = new AsyncLocalStorage<string>()
const CHUNK = 'x'.repeat(16 * 1024)
const CHUNKS = 300

/** The stores observed at each place: the request's own, or another. */
class Sightings {
  readonly wrong: string[] = []
  count = 0

  /** Records that code of this request runs. */
  see(own: string): void {
    this.count++
    const store = storage.getStore()
    if (store !== own) this.wrong.push(`${own} saw ${String(store)}`)
  }
}

type Make = (see: () => void) => BodySource

const SOURCES: Record<string, Make> = {
  'an async generator': see => (async function* () {
    for (let i = 0; i < CHUNKS; i++) {
      see()
      if (i % 3 === 0) await Promise.resolve()
      yield CHUNK
    }
  })(),
  'a generator': see => (function* () {
    for (let i = 0; i < CHUNKS; i++) {
      see()
      yield CHUNK
    }
  })(),
  'a web stream': see => {
    let left = CHUNKS
    return new ReadableStream<string>({
      pull: controller => {
        see()
        if (left-- > 0) controller.enqueue(CHUNK)
        else controller.close()
      },
    })
  },
  'a function of the demand': see => {
    let left = CHUNKS
    return pulled(() => {
      see()
      return left-- > 0 ? [CHUNK] : null
    })
  },
  'operators on the demand': see => ready$ => ready$.pipe(tap(see), map(() => CHUNK), take(CHUNKS)),
}

describe('a source runs in the context of its request', () => {
  it.each(Object.entries(SOURCES))('if it is %s', async (_name, make) => {
    const seen = new Sightings()
    const server = await start(reqd => {
      const own = reqd.target
      storage.run(own, () => { reqd.respond({ body: make(() => { seen.see(own) }) }) })
    })
    const bodies = await Promise.all(['/a', '/b', '/c', '/d'].map(async path => {
      return (await (await fetch(server.url + path)).arrayBuffer()).byteLength
    }))
    expect(bodies).toEqual(Array(4).fill(CHUNKS * CHUNK.length))
    expect(seen.count).toBeGreaterThanOrEqual(4 * CHUNKS)
    expect(seen.wrong).toEqual([])
  })

  const SILENT: Record<string, Make> = {
    'an Observable': see => NEVER.pipe(startWith('x'), finalize(see)),
    'an iterator': see => ({
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: CHUNK }),
        return: () => {
          see()
          return { done: true as const, value: undefined }
        },
      }),
    }),
  }
  it.each(Object.entries(SILENT))('also when the client leaves: %s, aborted$, signal', async (_name, make) => {
    const stores: unknown[] = []
    const ended = new Subject<void>()
    const server = await start(reqd => {
      const see = (): void => {
        stores.push(storage.getStore())
        if (stores.length === 3) ended.next()
      }
      storage.run(reqd.target, () => {
        reqd.aborted$.subscribe(see)
        reqd.signal.addEventListener('abort', see)
        reqd.respond({ body: make(see) })
      })
    })
    const client = (await connect(server)).send('GET /mine HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.receives('HTTP/1.1 200')
    const over = firstValueFrom(ended)
    client.reset()
    await over
    expect(stores).toEqual(['/mine', '/mine', '/mine'])
  })
})

describe('callbacks of a body run in the context of their subscriber', () => {
  const CONSUMERS: Record<string, (reqd: Reqd, see: () => void, done: () => void) => void> = {
    'concatMap': (reqd, see, done) => {
      reqd.body.concatMap(chunk => {
        see()
        return from([chunk]).pipe(tap(see))
      }).subscribe({ next: see, complete: done })
    },
    'bytes$': (reqd, see, done) => { reqd.body.bytes$.pipe(tap(see)).subscribe({ next: see, complete: done }) },
    'text': (reqd, see, done) => { reqd.body.text().subscribe({ next: see, complete: done }) },
    'iteration': (reqd, see, done) => {
      void (async () => {
        for await (const _chunk of reqd.body) see()
        done()
      })()
    },
  }
  it.each(Object.entries(CONSUMERS))('%s', async (_name, consume) => {
    const seen = new Sightings()
    const server = await start(reqd => {
      const own = reqd.target
      const see = (): void => { seen.see(own) }
      storage.run(own, () => {
        consume(reqd, see, () => {
          see()
          reqd.respond({ body: 'done' })
        })
      })
    })
    await Promise.all(['/a', '/b', '/c'].map(async path => {
      const client = await connect(server)
      client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\n`)
      for (const byte of '1234') await new Promise(resolve => { client.socket.write(byte, resolve) })
      await client.receives('done')
    }))
    expect(seen.count).toBeGreaterThanOrEqual(3 * 2)
    expect(seen.wrong).toEqual([])
  })
})

describe('other callbacks of a request run in its context', () => {
  it('of closing$', async () => {
    const stores: unknown[] = []
    const begun = new Subject<void>()
    const server = await start(reqd => {
      storage.run(reqd.target, () => {
        reqd.closing$.subscribe(() => {
          stores.push(storage.getStore())
          reqd.respond({ body: 'bye' })
        })
      })
      begun.next()
    })
    const hasBegun = new Promise<void>(resolve => { begun.subscribe(resolve) })
    const answer = fetch(`${server.url}/mine`)
    await hasBegun
    void storage.run('other', () => server.close())
    expect(await (await answer).text()).toBe('bye')
    expect(stores).toEqual(['/mine'])
  })

  it('of the new owner of an upgraded connection', async () => {
    let seen: unknown
    const server = await start(reqd => {
      storage.run(reqd.target, () => {
        reqd.respondWithUpgrade(Headers.of({ connection: 'upgrade', upgrade: 'x' }), transport => {
          seen = storage.getStore();
          (transport as Duplex).end()
        })
      })
    })
    const client = await connect(server)
    client.send('GET /mine HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
    await client.ended
    expect(seen).toBe('/mine')
  })

  it('of WebSocket messages, projections, demand and the end', async () => {
    const seen = new Sightings()
    const over = new Subject<void>()
    const handler: Handler = reqd => {
      const own = reqd.target
      const see = (): void => { seen.see(own) }
      storage.run(own, () => {
        const connection = upgradeWebSocket(reqd)
        connection.send(ready$ => ready$.pipe(tap(see), map(() => 'x'), take(3)))
        connection.closed$.subscribe(() => {
          see()
          over.next()
        })
        connection.concatMap(async message => {
          see()
          await Promise.resolve()
          see()
          return message
        }).subscribe({ next: see, complete: see })
      })
    }
    const server = await start(handler)
    let left = 3
    const allOver = new Promise<void>(resolve => { over.subscribe(() => { if (--left === 0) resolve() }) })
    for (const path of ['/a', '/b', '/c']) {
      const client = new WebSocket(`ws://127.0.0.1:${portOf(server)}${path}`)
      const heard = once(client, 'message')
      await once(client, 'open')
      for (let i = 0; i < 3; i++) client.send('hello')
      await heard
      client.close()
    }
    await allOver
    expect(seen.count).toBeGreaterThanOrEqual(3 * (3 * 3 + 3))
    expect(seen.wrong).toEqual([])
  })
})
