/**
 * The close of a server of `listen`, by unsubscription and by a signal; `graceMs` and `idleMs` are among its options.
 */
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { Subject, type Subscription } from 'rxjs'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { listen } from '../../lib/node/listen.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { freePort } from '../helpers/listening.js'
import { afterwards, Client, signal } from '../helpers/net.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Longer than any test. */
const LONG = 600_000

interface Running {
  readonly requests$: Subject<Reqd>
  readonly completed: Promise<void>
  readonly server: Subscription
  connect(): Promise<Client>
}

/** A server whose requests are handled by a separate subscriber, which remains when the server is unsubscribed. */
async function run(options: ListenOptions): Promise<Running> {
  const at = { host: '127.0.0.1', port: await freePort() }
  const requests$ = new Subject<Reqd>()
  const completed = signal()
  const server = listen({ ...at, ...options }).subscribe({
    next: connection => { connection.requests$.subscribe(reqd => { requests$.next(reqd) }) },
    complete: () => { completed.resolve() },
  })
  afterwards(() => { server.unsubscribe() })
  const connect = async (): Promise<Client> => {
    const client = new Client(connectSocket({ ...at, allowHalfOpen: true }))
    await once(client.socket, 'connect')
    return client
  }
  return { requests$, completed: completed.promise, server, connect }
}

/** A client that has received one response and is idle. */
async function idle({ connect }: Running): Promise<Client> {
  const client = (await connect()).send(REQUEST)
  await client.receives('\r\n\r\nit')
  client.received = ''
  return client
}

describe('a server of listen', () => {
  it.each<[string, (running: Running, controller: AbortController) => void]>([
    ['that is unsubscribed', ({ server }) => { server.unsubscribe() }],
    ['whose signal aborts', (_, controller) => { controller.abort() }],
  ])('%s answers within idleMs what comes on idle connections, with Connection: close', async (_name, close) => {
    const controller = new AbortController()
    const running = await run({ idleMs: LONG, graceMs: LONG, signal: controller.signal })
    running.requests$.subscribe(reqd => { reqd.respond({ body: 'it' }) })
    const client = await idle(running)
    close(running, controller)
    expect(await client.send(REQUEST).all()).toMatch(/^HTTP\/1\.1 200 OK[^]*Connection: close[^]*it$/)
  })

  it('that is unsubscribed closes idle connections when idleMs is over', async () => {
    const running = await run({ idleMs: 5, graceMs: LONG })
    running.requests$.subscribe(reqd => { reqd.respond({ body: 'it' }) })
    const client = await idle(running)
    running.server.unsubscribe()
    expect(await client.all()).toBe('')
  })

  it('that is unsubscribed cuts the remaining connections when graceMs is over', async () => {
    const begun = signal()
    const running = await run({ graceMs: 5 })
    running.requests$.subscribe(() => { begun.resolve() })
    const client = (await running.connect()).send(REQUEST)
    await begun.promise
    running.server.unsubscribe()
    expect(await client.ended).toBe('broken')
  })

  it('completes when its signal has aborted and all connections are over', async () => {
    const controller = new AbortController()
    const running = await run({ signal: controller.signal })
    running.requests$.subscribe(reqd => { reqd.respond({ body: 'it' }) })
    const client = await idle(running)
    controller.abort()
    expect(await client.all()).toBe('')
    await running.completed
  })
})
