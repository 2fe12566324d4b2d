/**
 * Each handler begins in the asynchronous context of its server, whatever store another request has entered before it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from '@jest/globals'
import { firstValueFrom, map, of, Subject, tap } from 'rxjs'
import { Headers } from '../../lib/message/headers.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { connect, outside, startHere } from '../helpers/net.js'

const storage = new AsyncLocalStorage<string>()

/** Starts a server in some context. */
type Place = (begin: () => ReturnType<typeof startHere>) => ReturnType<typeof startHere>

/** Where a server starts. In a store, the events of its sockets do not begin in the context of the server. */
const PLACES: Record<string, Place> = {
  'that starts within a store': f => f(),
  'that starts outside of all stores': outside,
}

/** The stores of three requests, each of which enters another one: two arrive together, the third behind them. */
async function storesOfThree(at: Place): Promise<unknown[]> {
  const seen: unknown[] = []
  const server = await at(() => startHere(reqd => {
    seen.push(storage.getStore())
    storage.enterWith(reqd.target)
    return { body: reqd.target }
  }))
  const client = await connect(server)
  client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.receives('/2')
  client.send('GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await client.ended
  return seen
}

describe.each(Object.entries(PLACES))('a handler of a server %s begins in a context of its own', (_, at) => {
  it('if the previous response ends in another', async () => {
    const seen: unknown[] = []
    const server = await at(() => startHere(reqd => {
      seen.push(storage.getStore())
      storage.run(reqd.target, () => {
        reqd.respond({ body: (async function* () { yield await Promise.resolve('one') })() })
      })
    }))
    const client = await connect(server)
    client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3)
      + 'GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await client.ended
    expect(seen).toEqual([undefined, undefined, undefined, undefined])
  })

  it('if the previous handler entered one permanently', async () => {
    expect(await storesOfThree(at)).toEqual([undefined, undefined, undefined])
  })

  it('if the body of a request and the next request arrive together', async () => {
    const seen: unknown[] = []
    const begun = new Subject<void>()
    const server = await at(() => startHere(reqd => {
      seen.push(storage.getStore())
      storage.enterWith(reqd.target)
      begun.next()
      return reqd.body.text().pipe(
        tap(() => { storage.enterWith('body') }),
        map(() => ({ body: reqd.target })))
    }))
    const client = await connect(server)
    const hasBegun = firstValueFrom(begun)
    client.send('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na')
    await hasBegun
    client.send('bGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await client.ended
    expect(seen).toEqual([undefined, undefined, undefined])
  })

  it.each<[string, Handler]>([
    ['trailers', reqd => ({ body: reqd.body, trailers: () => { storage.enterWith('trailers'); return {} } })],
    ['callbacks of requestBody', reqd => {
      const read = (): void => {
        reqd.requestBody.scheduleRead({
          onRead: () => { storage.enterWith('read'); read() },
          onEof: () => { reqd.respond({ body: reqd.target }) },
        })
      }
      read()
    }],
  ])('if what the previous request called within the same read has entered one: %s', async (_, handler) => {
    const seen: unknown[] = []
    const begun = new Subject<void>()
    const server = await at(() => startHere(reqd => {
      seen.push(storage.getStore())
      begun.next()
      return reqd.method === 'GET' ? { body: reqd.target } : handler(reqd)
    }))
    const client = await connect(server)
    client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.receives('/1')
    const hasBegun = firstValueFrom(begun)
    client.send('POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na')
    await hasBegun
    client.send('bGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await client.ended
    expect(seen).toEqual([undefined, undefined, undefined])
  })

  it('which also applies to its trailers', async () => {
    let seen: unknown
    const server = await at(() => startHere(reqd => {
      storage.enterWith('request')
      return { body: reqd.body, trailers: () => { seen = storage.getStore(); return {} } }
    }))
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\na')
    await client.receives('a\r\n')
    client.send('b')
    await client.ended
    expect(seen).toBe('request')
  })

  it('and so do the error handler and onError for a request that cannot be read', async () => {
    const seen: unknown[] = []
    const server = await at(() => startHere(({ target }) => {
      storage.enterWith(target)
      return { body: target }
    }, {
      errorHandler: (_error, startResponse) => {
        seen.push(storage.getStore())
        startResponse(Headers.empty).close()
      },
      onError: () => { seen.push(storage.getStore()) },
    }))
    const client = await connect(server)
    client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nno request\r\n\r\n')
    expect(await client.ended.then(() => client.received)).toMatch(/\/1HTTP\/1.1 400 /)
    expect(seen).toEqual([undefined, undefined])
  })

  it('and a context that it enters applies to the source that it returns', async () => {
    const seen: unknown[] = []
    const server = await at(() => startHere(reqd => {
      storage.enterWith(reqd.target)
      const chunks = async function* (): AsyncGenerator<string> {
        for (let i = 0; i < 3; i++) {
          seen.push(storage.getStore() === reqd.target)
          yield await Promise.resolve('x')
        }
      }
      return of({ body: chunks() })
    }))
    const paths = ['/a', '/b', '/c']
    await Promise.all(paths.map(async path => (await fetch(server.url + path)).arrayBuffer()))
    expect(seen).toEqual(Array(9).fill(true))
  })

  it('which is that of the server', async () => {
    let seen: unknown
    const server = await at(() => storage.run('server', () => startHere(() => {
      seen = storage.getStore()
      return { body: '' }
    })))
    await fetch(server.url)
    expect(seen).toBe('server')
  })

  it('which is that of the server, also behind a request that has entered another', async () => {
    const stores = await storesOfThree(f => at(() => storage.run('server', f)))
    expect(stores).toEqual(['server', 'server', 'server'])
  })
})
