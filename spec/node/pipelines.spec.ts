/**
 * Pipelines of `listen` whose operators or consumers fail: no client can stop the server, and each request is answered.
 */
import { connect as connectSocket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import {
  catchError, concatMap, config, firstValueFrom, map, mergeMap, NEVER, of, retry, Subject, tap, type Observable,
} from 'rxjs'
import { concatMap as concatMapWithDemand } from '../../lib/demand/flattening.js'
import { ListenError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import { listen } from '../../lib/node/listen.js'
import type { Connection } from '../../lib/reactive/http-connection.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { freePort, status } from '../helpers/listening.js'
import { afterwards, signal, start } from '../helpers/net.js'

const FAILURE = new Error('it failed')

/** Throws at one request, and answers the others. */
function answer(reqd: Reqd): void {
  if (reqd.target === '/bad') throw FAILURE
  reqd.respond({ body: 'it' })
}

interface Running {
  readonly port: number
  /** The errors that `onError` received. */
  readonly reported: unknown[]
  readonly server: Observable<Connection>
}

async function prepare(): Promise<Running> {
  const port = await freePort()
  const reported: unknown[] = []
  return { port, reported, server: listen({ port, host: '127.0.0.1', onError: error => { reported.push(error) } }) }
}

/** Subscribes for the length of the test. */
function run(pipeline: Observable<unknown>): void {
  const subscription = pipeline.subscribe()
  afterwards(() => { subscription.unsubscribe() })
}

describe('an operator that throws', () => {
  it.each<[string, (server: Observable<Connection>) => Observable<unknown>]>([
    ['behind all requests', server => server.pipe(mergeMap(({ requests$ }) => requests$), tap(answer))],
    ['in the project function', server => server.pipe(
      mergeMap(({ requests$ }) => requests$), mergeMap(reqd => { answer(reqd); return of(reqd) }))],
    ['on the requests of one connection', server => server.pipe(
      mergeMap(({ requests$ }) => requests$.pipe(map(answer))))],
    ['with a promise', server => server.pipe(
      mergeMap(({ requests$ }) => requests$), concatMap(async reqd => { await Promise.resolve(); answer(reqd) }))],
  ])('lets the request be answered with 500, and `retry` continues: %s', async (_, pipeline) => {
    const { port, reported, server } = await prepare()
    run(pipeline(server).pipe(retry()))
    for (let round = 0; round < 3; round++) {
      expect(await status(port, '/bad')).toBe(500)
      expect(await status(port, '/')).toBe(200)
    }
    expect(reported).toEqual([FAILURE, FAILURE, FAILURE])
  })

  it('does not end the process if the error is not handled, and is reported once', async () => {
    const { port, reported, server } = await prepare()
    run(server.pipe(mergeMap(({ requests$ }) => requests$), tap(answer)))
    expect(await status(port, '/bad')).toBe(500)
    expect(reported).toEqual([FAILURE])
  })

  it('lets the other requests in the pipeline be answered as well', async () => {
    const { port, server } = await prepare()
    const waits = signal()
    run(server.pipe(
      mergeMap(({ requests$ }) => requests$),
      mergeMap(reqd => {
        if (reqd.target === '/bad') throw FAILURE
        waits.resolve()
        return NEVER
      }),
      catchError(() => NEVER),
    ))
    const other = status(port, '/waits')
    await waits.promise
    expect(await status(port, '/bad')).toBe(500)
    expect(await other).toBe(500)
  })

  it('stops only the connection on whose requests it failed', async () => {
    const { port, reported, server } = await prepare()
    run(server.pipe(tap(({ requests$ }) => { requests$.pipe(map(answer)).subscribe() })))
    expect(await status(port, '/bad')).toBe(500)
    expect(await status(port, '/')).toBe(200)
    expect(reported).toEqual([FAILURE])
  })

  it('is reported without a request if none waits', async () => {
    const { port, reported, server } = await prepare()
    const stop$ = new Subject<never>()
    run(server.pipe(mergeMap(({ requests$ }) => requests$), tap(answer), mergeMap(() => stop$)))
    expect(await status(port, '/')).toBe(200)
    stop$.error(FAILURE)
    expect(reported).toEqual([FAILURE])
  })
})

describe('a consumer that throws', () => {
  it.each<[string, (server: Observable<Connection>) => Observable<unknown>, (value: unknown) => unknown]>([
    ['at a request', server => server.pipe(mergeMap(({ requests$ }) => requests$)), reqd => { answer(reqd as Reqd) }],
    ['at a request, with a promise', server => server.pipe(mergeMap(({ requests$ }) => requests$)), async reqd => {
      await Promise.resolve()
      answer(reqd as Reqd)
    }],
    ['at what was made of a request', server => server.pipe(
      mergeMap(({ requests$ }) => requests$), map(reqd => ({ reqd }))), value => {
      answer((value as { reqd: Reqd }).reqd)
    }],
    ['on one connection', server => server, connection => {
      (connection as Connection).requests$.subscribe(answer)
    }],
  ])('lets the request be answered with 500, and the server continues: %s', async (_, pipeline, consume) => {
    const { port, reported, server } = await prepare()
    const subscription = pipeline(server).subscribe(consume)
    afterwards(() => { subscription.unsubscribe() })
    for (let round = 0; round < 3; round++) {
      expect(await status(port, '/bad')).toBe(500)
      expect(await status(port, '/')).toBe(200)
    }
    expect(reported).toEqual([FAILURE, FAILURE, FAILURE])
  })

  it('lets its connection close, and the server continues', async () => {
    const { port, reported, server } = await prepare()
    let isFirst = true
    const subscription = server.subscribe(({ requests$ }) => {
      if (!isFirst) return requests$.subscribe(answer)
      isFirst = false
      throw FAILURE
    })
    afterwards(() => { subscription.unsubscribe() })
    await expect(status(port, '/')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(await status(port, '/')).toBe(200)
    expect(reported).toEqual([FAILURE])
  })

  it('is reported if it observes a server, and the handler answers', async () => {
    const server = await start(() => ({ headers: Headers.empty, body: 'it' }))
    const port = Number(new URL(server.url).port)
    const streams: Observable<unknown>[] = [server.requests$, server.connections$, server.events$, server.draining$]
    for (const stream of streams) {
      let isFirst = true
      stream.subscribe(() => {
        if (isFirst) {
          isFirst = false
          throw FAILURE
        }
      })
    }
    server.connections$.subscribe(({ requests$ }) => {
      requests$.subscribe(() => { throw FAILURE })
    })
    expect(await status(port, '/')).toBe(200)
    await server.close()
    expect(server.errors.filter(error => error === FAILURE)).toHaveLength(5)
  })
})

describe('a server that cannot listen', () => {
  it('is an error that RxJS reports if it is not handled', async () => {
    const { url } = await start(() => ({}))
    const unhandled = new Promise(resolve => { config.onUnhandledError = resolve })
    afterwards(() => { config.onUnhandledError = null })
    listen({ port: Number(new URL(url).port), host: '127.0.0.1' }).subscribe()
    expect(await unhandled).toBeInstanceOf(ListenError)
    await expect(firstValueFrom(listen({ port: Number(new URL(url).port), host: '127.0.0.1' }))).rejects.toThrow()
  })
})

describe('requests that wait for others', () => {
  it('are not begun by `concatMap` of httprx if their client has left', async () => {
    const { port, server } = await prepare()
    const first$ = new Subject<void>()
    const [arrived, left, last] = [signal(), signal(), signal()]
    const begun: string[] = []
    run(server.pipe(
      mergeMap(({ requests$ }) => requests$),
      tap(reqd => {
        if (reqd.target === '/first') arrived.resolve()
        if (reqd.target === '/left') reqd.aborted$.subscribe(() => { left.resolve() })
        if (reqd.target === '/last') last.resolve()
      }),
      concatMapWithDemand(reqd => {
        begun.push(reqd.target)
        const before$: Observable<unknown> = reqd.target === '/first' ? first$ : of(null)
        return before$.pipe(map(() => { reqd.respond({ body: 'it' }) }))
      }),
    ))
    const first = status(port, '/first')
    await arrived.promise
    const socket = connectSocket({ port, host: '127.0.0.1' })
    socket.write('GET /left HTTP/1.1\r\nHost: a\r\n\r\n', () => { socket.resetAndDestroy() })
    await left.promise
    const answer = status(port, '/last')
    await last.promise
    first$.next()
    first$.complete()
    expect([await first, await answer]).toEqual([200, 200])
    expect(begun).toEqual(['/first', '/last'])
  })
})
