/**
 * Pipelines of `listen` whose operators fail and that `retry` subscribes again: no client is refused or reset in the
 * meantime, on sockets of each kind.
 */
import { once } from 'node:events'
import { connect as connectSocket, type NetConnectOpts } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from '@jest/globals'
import {
  catchError, concatMap, defer, map, mergeMap, NEVER, retry, Subject, tap, type Observable, type Subscription,
} from 'rxjs'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { listen } from '../../lib/node/listen.js'
import type { Connection } from '../../lib/reactive/http-connection.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { socketPath } from '../helpers/kinds.js'
import { freePort } from '../helpers/listening.js'
import { afterwards, Client, signal } from '../helpers/net.js'
import { TLS } from '../helpers/tls.js'

const FAILURE = new Error('it failed')

/** The place where a server listens, and the way to connect to it. */
interface Place {
  readonly options: ListenOptions
  readonly connect: () => Promise<Client>
}

async function client(socket: ReturnType<typeof connectSocket>, event: string): Promise<Client> {
  const one = new Client(socket)
  await once(socket, event)
  return one
}

const PLACES: Record<string, () => Promise<Place>> = {
  TCP: async () => {
    const at = { host: '127.0.0.1', port: await freePort() }
    return { options: at, connect: () => client(connectSocket({ ...at, allowHalfOpen: true }), 'connect') }
  },
  TLS: async () => {
    const at = { host: '127.0.0.1', port: await freePort() }
    const how = { ...at, ca: TLS.cert, servername: 'localhost' }
    return { options: { ...at, tls: TLS }, connect: () => client(connectTls(how), 'secureConnect') }
  },
  Unix: () => {
    const at = { path: socketPath() }
    const how: NetConnectOpts = { ...at, allowHalfOpen: true }
    return Promise.resolve({ options: at, connect: () => client(connectSocket(how), 'connect') })
  },
}

interface Running extends Place {
  /** The errors that `onError` received. */
  readonly reported: unknown[]
  readonly server: Observable<Connection>
}

async function prepare(kind = 'TCP', options: ListenOptions = {}): Promise<Running> {
  const place = await PLACES[kind]()
  const reported: unknown[] = []
  const onError = (error: unknown): void => { reported.push(error) }
  return { ...place, reported, server: listen({ ...place.options, onError, ...options }) }
}

/** Subscribes for the length of the test. */
function run(pipeline: Observable<unknown>): Subscription {
  const subscription = pipeline.subscribe({ error: () => undefined })
  afterwards(() => { subscription.unsubscribe() })
  return subscription
}

function answer(reqd: Reqd): void {
  if (reqd.target === '/bad') throw FAILURE
  reqd.respond({ body: 'it' })
}

function answered(server: Observable<Connection>): Observable<unknown> {
  return server.pipe(mergeMap(({ requests$ }) => requests$), tap(answer))
}

/** Sends a request and resolves with the status of the response. */
async function status(one: Client, path: string): Promise<string> {
  const { length } = one.received
  one.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  const body = path === '/bad' ? 'Internal Server Error\n' : '\r\n\r\nit'
  while (!one.received.slice(length).endsWith(body)) await one.receivesBytes(one.received.length + 1)
  return one.received.slice(length + 9, length + 12)
}

describe.each(Object.keys(PLACES))('a pipeline that fails, over %s', kind => {
  it('refuses and resets no client if it is resubscribed at once', async () => {
    const { connect, reported, server } = await prepare(kind)
    run(answered(server).pipe(retry()))
    const other = await connect()
    expect(await status(other, '/')).toBe('200')
    const clients = Array.from({ length: 10 }, async () => {
      const one = await connect()
      expect([await status(one, '/bad'), await status(one, '/')]).toEqual(['500', '200'])
    })
    await Promise.all(clients)
    expect(await status(other, '/')).toBe('200')
    expect(reported).toEqual(new Array(10).fill(FAILURE))
  })

  it('lets new clients wait if it is resubscribed later', async () => {
    const { connect, server } = await prepare(kind)
    const goOn$ = new Subject<void>()
    run(answered(server).pipe(retry({ delay: () => goOn$ })))
    const [idle, failing] = [await connect(), await connect()]
    expect(await status(idle, '/')).toBe('200')
    expect(await status(failing, '/bad')).toBe('500')
    const [again, idled, comes] = [status(failing, '/'), status(idle, '/'), status(await connect(), '/')]
    goOn$.next()
    expect(await Promise.all([again, idled, comes])).toEqual(['200', '200', '200'])
  })

  it('closes the server at once if it is not resubscribed', async () => {
    const { connect, server } = await prepare(kind)
    run(answered(server))
    const [idle, failing] = [await connect(), await connect()]
    failing.send('GET /bad HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await failing.all()).toMatch(/^HTTP\/1\.1 500 /)
    expect(await idle.all()).toBe('')
  })
})

describe('a pipeline that fails', () => {
  it('closes the server at graceMs if it continues as another one', async () => {
    const { connect, server } = await prepare('TCP', { graceMs: 5 })
    run(answered(server).pipe(catchError(() => NEVER)))
    const [idle, failing] = [await connect(), await connect()]
    expect(await status(failing, '/bad')).toBe('500')
    await Promise.all([idle.all(), failing.ended])
  })

  it('closes the server when its signal aborts, if a retry is pending', async () => {
    const controller = new AbortController()
    const { connect, server } = await prepare('TCP', { signal: controller.signal })
    run(answered(server).pipe(retry({ delay: () => NEVER })))
    const failing = await connect()
    expect(await status(failing, '/bad')).toBe('500')
    controller.abort()
    await failing.ended
  })

  it('closes the connection at which it failed, and continues with the others', async () => {
    const { connect, server } = await prepare()
    let isFirst = true
    run(server.pipe(
      tap(() => {
        if (!isFirst) return
        isFirst = false
        throw FAILURE
      }),
      mergeMap(({ requests$ }) => requests$), tap(answer), retry(),
    ))
    await (await connect()).ended
    expect(await status(await connect(), '/')).toBe('200')
  })

  it('does not emit a connection again that another subscriber took', async () => {
    const { connect, server } = await prepare()
    let count = 0
    run(server.pipe(
      tap(({ requests$ }) => { requests$.subscribe(answer) }),
      tap(() => { if (++count === 2) throw FAILURE }),
      retry(),
    ))
    const [first, second] = [await connect(), await connect()]
    await second.ended
    expect(await status(first, '/')).toBe('200')
    expect(await status(await connect(), '/')).toBe('200')
    expect(count).toBe(3)
  })

  it('continues with the connection on whose requests it failed and is resubscribed', async () => {
    const { connect, server } = await prepare()
    run(server.pipe(mergeMap(({ requests$ }) => requests$.pipe(map(answer), retry()))))
    const one = await connect()
    expect([await status(one, '/bad'), await status(one, '/')]).toEqual(['500', '200'])
  })

  it('closes the connection on whose requests it failed', async () => {
    const { connect, server } = await prepare()
    run(server.pipe(mergeMap(({ requests$ }) => requests$.pipe(map(answer), catchError(() => NEVER)))))
    const [one, other] = [await connect(), await connect()]
    expect(await status(one, '/bad')).toBe('500')
    await one.ended
    expect(await status(other, '/')).toBe('200')
  })

  it('is taken over by a subscription within its error', async () => {
    const { connect, server } = await prepare()
    answered(server).subscribe({ error: () => { run(answered(server)) } })
    const one = await connect()
    expect([await status(one, '/bad'), await status(one, '/')]).toEqual(['500', '200'])
  })

  it('frees its address for another server', async () => {
    const { options, connect } = await prepare()
    run(defer(() => answered(listen({ ...options, onError: () => undefined }))).pipe(retry()))
    const one = await connect()
    one.send('GET /bad HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await one.all()).toMatch(/^HTTP\/1\.1 500 /)
    for (;;) {
      const next = await connect().catch(() => null)
      if (next === null) continue
      expect(await status(next, '/')).toBe('200')
      return
    }
  })

  it('answers a request that arrived in between once, whichever pipeline fails before it is handled', async () => {
    const { connect, server } = await prepare()
    const goOn$ = new Subject<void>()
    const begun = signal()
    run(server.pipe(
      mergeMap(({ requests$ }) => requests$),
      concatMap(async reqd => { begun.resolve(); await Promise.resolve(); answer(reqd) }),
      retry({ delay: () => goOn$ }),
    ))
    const [failing, waiting] = [await connect(), await connect()]
    expect(await status(failing, '/bad')).toBe('500')
    await begun.promise
    const answers = [status(failing, '/bad'), status(waiting, '/')]
    goOn$.next()
    await answers[0]
    goOn$.next()
    expect(await answers[1]).toMatch(/200|500/)
  })
})
