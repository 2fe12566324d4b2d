/**
 * The responses of a server that closes: on each kind of socket, no request that reached it is lost.
 */
import { describe, expect, it } from '@jest/globals'
import { filter, firstValueFrom, ReplaySubject, take, toArray } from 'rxjs'
import { Response } from '../../lib/message/response.js'
import type { Server } from '../../lib/node/serve.js'
import type { BodySubject } from '../../lib/reactive/response-body/body-subject.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { KINDS } from '../helpers/kinds.js'
import { next, signal, type Client } from '../helpers/net.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

const LAST = /Connection: close\r\n\r\nit$/

/** Everything that the client receives. Then it half-closes, so that the server need not wait. */
async function rest(client: Client): Promise<string> {
  const received = await client.all()
  client.end()
  return received
}

/** Several turns of the event loop: longer than a closing server reads input that has arrived. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise(resolve => { setImmediate(resolve) })
}

/** A number of responses, the last one with Connection: close. */
function expectAnswers(received: string, count: number): void {
  expect(received.match(/200 OK/g)).toHaveLength(count)
  expect(received.match(/Connection: close/g)).toHaveLength(1)
  expect(received).toMatch(LAST)
}

describe.each(Object.entries(KINDS))('closing a server (%s)', (_, kind) => {
  /** A client that has had a response: its connection is idle. */
  async function idle(server: Server): Promise<Client> {
    const client = await kind.connect(server)
    await client.send(REQUEST).receives('it')
    client.received = ''
    return client
  }

  it('answers a request that has arrived in part', async () => {
    const server = await kind.start(() => ({ body: 'it' }))
    const clients = [await kind.connect(server), await idle(server), await idle(server)]
    const parts = ['G', 'GET / HTTP/1.1\r\n', REQUEST.slice(0, -2)]
    const came = firstValueFrom(server.events$.pipe(filter(({ type }) => type === 'bytesIn'), take(3), toArray()))
    clients.forEach((client, index) => client.send(parts[index]))
    await came
    const closed = server.close()
    await firstValueFrom(server.draining$)
    clients.forEach((client, index) => client.send(REQUEST.slice(parts[index].length)))
    for (const client of clients) expect(await rest(client)).toMatch(LAST)
    await closed
  })

  it('answers a request that has arrived in part, and those that come with its rest', async () => {
    const server = await kind.start(() => ({ body: 'it' }))
    const client = await kind.connect(server)
    const came = next(server.events$.pipe(filter(({ type }) => type === 'bytesIn')))
    client.send(REQUEST.slice(0, 20))
    await came
    void server.close()
    client.send(REQUEST.slice(20) + REQUEST)
    expectAnswers(await rest(client), 2)
  })

  it('answers those that wait after the one in flight, read or not, and sends close with the last', async () => {
    const reqds = new ReplaySubject<Reqd>()
    const server = await kind.start(reqd => { reqds.next(reqd) })
    const client = await kind.connect(server)
    const came = next(server.events$.pipe(filter(({ type }) => type === 'bytesIn')))
    client.send(REQUEST + REQUEST)
    await came
    client.send(REQUEST)
    const closed = server.close()
    await turns()
    reqds.pipe(take(3)).subscribe(reqd => { setImmediate(() => { reqd.respond({ body: 'it' }) }) })
    expectAnswers(await rest(client), 3)
    await closed
  })

  it('does not begin requests that arrive after the last read of closing connections', async () => {
    const answer = signal<Reqd>()
    const server = await kind.start(reqd => { answer.resolve(reqd) })
    const client = await kind.connect(server)
    client.send(REQUEST)
    const reqd = await answer.promise
    const closed = server.close()
    await turns()
    const came = next(server.events$.pipe(filter(({ type }) => type === 'bytesIn')))
    client.send(REQUEST)
    await came
    reqd.respond({ body: 'it' })
    expectAnswers(await rest(client), 1)
    await closed
  })

  it('accepts one more request after a response that promised keep-alive', async () => {
    const begun = signal<BodySubject>()
    const server = await kind.start(reqd => {
      if (reqd.target === '/') reqd.respond({ body: 'it' })
      else begun.resolve(reqd.respondWithStreaming(Response.create(200)))
    })
    const client = await kind.connect(server)
    client.send(REQUEST.replace('/', '/long'))
    const body = await begun.promise
    body.next('some')
    await client.receives('some')
    const closed = server.close()
    await turns()
    const came = next(server.events$.pipe(filter(({ type }) => type === 'bytesIn')))
    client.send(REQUEST)
    await came
    body.complete()
    expect(await rest(client)).toMatch(LAST)
    await closed
  })

  it('closes after a response that promised keep-alive, if nothing comes', async () => {
    const begun = signal<BodySubject>()
    const server = await kind.start(reqd => { begun.resolve(reqd.respondWithStreaming(Response.create(200))) })
    const client = await kind.connect(server)
    client.send(REQUEST)
    const body = await begun.promise
    body.next('some')
    await client.receives('some')
    const closed = server.close()
    await turns()
    body.complete()
    expect(await rest(client)).toMatch(/0\r\n\r\n$/)
    await closed
  })

  it('answers a request that has not been read yet', async () => {
    const server = await kind.start(() => ({ body: 'it' }))
    const clients = [await idle(server), await idle(server)]
    for (const client of clients) client.send(REQUEST)
    const closed = server.close()
    for (const client of clients) expect(await rest(client)).toMatch(LAST)
    await closed
  })

  it('answers requests on idle connections within idleMs', async () => {
    const server = await kind.start(() => ({ body: 'it' }))
    const clients = [await idle(server), await idle(server)]
    const closed = server.close({ idleMs: 100_000 })
    for (const client of clients) {
      // Several turns of the event loop later, so that nothing of it had arrived when the server was closed.
      await turns()
      expect(await rest(client.send(REQUEST))).toMatch(LAST)
    }
    await closed
  })

  it('does the same for a signal, with the options of the server', async () => {
    const controller = new AbortController()
    const server = await kind.start(() => ({ body: 'it' }), { signal: controller.signal, idleMs: 100_000 })
    const client = await idle(server)
    controller.abort()
    await turns()
    expect(await rest(client.send(REQUEST))).toMatch(LAST)
    await server.closed
  })

  it('closes idle connections after idleMs', async () => {
    const server = await kind.start(() => ({ body: 'it' }))
    const client = await idle(server)
    const closed = server.close({ idleMs: 10 })
    expect(await rest(client)).toBe('')
    await closed
  })
})
