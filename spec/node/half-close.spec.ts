/**
 * A client that half-closes (a FIN: a closed tab, an aborted fetch) has left, whatever the state of its request.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex, PassThrough } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { NEVER, Observable, of } from 'rxjs'
import { Response } from '../../lib/message/response.js'
import type { Server } from '../../lib/node/serve.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { sse } from '../../lib/sse/sse.js'
import { afterwards, connect, signal, start } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const OLD = 'GET / HTTP/1.0\r\n\r\n'

/** The part of a client that these specs use. */
interface Sender {
  send(input: string): unknown
  end(): unknown
}

/** The client's end of a connection that has no socket. */
function duplexClient(server: Server): Sender & { all(): Promise<string> } {
  const [up, down] = [new PassThrough(), new PassThrough()]
  afterwards(() => { up.destroy() })
  server.accept(Duplex.from({ readable: up, writable: down }))
  let received = ''
  down.on('data', (bytes: Buffer) => { received += bytes.toString('latin1') })
  const ended = new Promise<string>(resolve => {
    const finish = (): void => { resolve(received) }
    down.on('end', finish).on('close', finish)
  })
  return { send: input => up.write(input), end: () => up.end(), all: () => ended }
}

let unix = 0

async function over(kind: string, handler: Handler): Promise<Sender & { all(): Promise<string> }> {
  if (kind === 'TLS') return tlsClient(await startTls(handler))
  const path = join(tmpdir(), `httprx-fin-${process.pid}-${unix++}.sock`)
  const server = await start(handler, kind === 'Unix' ? { path } : {})
  return kind === 'Duplex' ? duplexClient(server) : connect(server)
}

/** Handlers that do not finish; each calls `stopped` when its work is stopped. */
const WORK: Record<string, (stopped: () => void) => Handler> = {
  'an Observable of a reply': stopped => () => new Observable<never>(() => stopped),
  'a promise': stopped => reqd => new Promise(() => { reqd.signal.addEventListener('abort', stopped) }),
  'nothing yet': stopped => reqd => { reqd.aborted$.subscribe(stopped) },
  'an Observable': stopped => () => ({ body: new Observable<string>(subscriber => {
    subscriber.next('some')
    return stopped
  }) }),
  'a function of ready$': stopped => () => ({ body: () => new Observable<string>(() => stopped) }),
  'an async generator': stopped => reqd => ({ body: (async function* () {
    try {
      yield 'some'
      await new Promise(resolve => { reqd.signal.addEventListener('abort', resolve) })
    } finally {
      stopped()
    }
  })() }),
  'a web stream': stopped => () => ({ body: new ReadableStream<string>({ cancel: stopped }) }),
  'a stream of Node': stopped => () => ({ body: new PassThrough().on('close', stopped) }),
  'a body subject': stopped => reqd => {
    const body = reqd.respondWithStreaming(Response.create(200))
    body.next('some')
    body.closed$.subscribe(result => { if (result === 'aborted') stopped() })
  },
  'events': stopped => () => sse(new Observable<string>(() => stopped)),
}

describe.each(['TCP', 'TLS', 'Unix', 'Duplex'])('over %s a client that half-closes', kind => {
  it.each(Object.keys(WORK))('stops the work on its request: %s', async name => {
    const stopped = signal()
    const begun = signal()
    const work = WORK[name](stopped.resolve)
    const client = await over(kind, reqd => {
      begun.resolve()
      return work(reqd)
    })
    client.send(GET)
    await begun.promise
    client.end()
    await stopped.promise
    await client.all()
  })

  it('still receives what is queued', async () => {
    const begun = signal()
    const long = 'x'.repeat(300_000)
    const client = await over(kind, () => {
      begun.resolve()
      return { headers: { connection: 'close' }, body: long }
    })
    client.send(GET)
    await begun.promise
    client.end()
    expect((await client.all()).endsWith(long)).toBe(true)
  })
})

describe('a client that half-closes', () => {
  it.each([['HTTP/1.1', GET], ['HTTP/1.0', OLD]])('receives a response that is sent at once: %s', async (_, sent) => {
    const client = await connect(await start(() => of({ body: 'at once' })))
    expect(await client.send(sent).end().all()).toMatch(/at once$/)
  })

  it('receives what was written of a close-delimited body in HTTP/1.0', async () => {
    const stopped = signal()
    const server = await start(() => ({ body: new Observable<string>(subscriber => {
      subscriber.next('some')
      return () => { stopped.resolve() }
    }) }))
    const client = await connect(server)
    await client.send(OLD).receives('some')
    client.end()
    await stopped.promise
    // The handler must not treat the body as complete.
    expect(await client.ended).toBe('broken')
  })

  it('receives the responses that were sent at once to pipelined requests', async () => {
    const targets: string[] = []
    const server = await start(reqd => {
      targets.push(reqd.target)
      return reqd.target === '/3' ? NEVER : { body: reqd.target }
    })
    const client = await connect(server)
    const received = await client.send(['/1', '/2', '/3'].map(to => GET.replace('/', to)).join('')).end().all()
    expect(received).toContain('\r\n\r\n/1')
    expect(received).toMatch(/\r\n\r\n\/2$/)
    expect(targets).toEqual(['/1', '/2', '/3'])
    expect(server.errors).toEqual([])
  })
})
