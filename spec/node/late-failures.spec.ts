/**
 * A failure after its request has ended is reported, with the request.
 */
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { Observable } from 'rxjs'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import type { Reply } from '../../lib/reactive/reply.js'
import type { Handler, Reqd } from '../../lib/reactive/streamed-reqd.js'
import { ask, connect, signal, start } from '../helpers/net.js'

const GET = 'GET /named HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** The errors that were reported, each with the target of its request. */
async function told(
  handler: Handler, options: ListenOptions = {},
): Promise<{ readonly server: Awaited<ReturnType<typeof start>>; readonly heard: Promise<string> }> {
  const heard = signal<string>()
  const server = await start(handler, {
    ...options,
    onError: (error, reqd) => {
      if ((error as Error).name !== 'HandlerTimeoutError') heard.resolve(`${String(error)} ${reqd?.target ?? 'none'}`)
    },
  })
  return { server, heard: heard.promise }
}

const BIG = 'x'.repeat(100_000)

describe('a failure after its request has ended', () => {
  it.each<[string, (gone: Promise<unknown>) => ReturnType<Handler>]>([
    ['a promise', async gone => {
      await gone
      throw new Error('late')
    }],
    ['an Observable', () => new Observable<Reply>(() => () => { throw new Error('late') })],
    ['an asynchronous generator', gone => (async function* (): AsyncGenerator<Reply> {
      await gone
      yield* []
      throw new Error('late')
    })()],
    ['the end of a generator', () => ({ body: (function* () {
      try {
        for (;;) yield BIG
      } finally {
        // eslint-disable-next-line no-unsafe-finally -- this is the case under test
        throw new Error('late')
      }
    })() })],
    ['the end of an asynchronous generator', () => ({ body: (async function* () {
      try {
        for (;;) yield await Promise.resolve(BIG)
      } finally {
        // eslint-disable-next-line no-unsafe-finally -- this is the case under test
        throw new Error('late')
      }
    })() })],
    ['a step that was awaited', gone => ({ body: (async function* () {
      yield 'first'
      await gone
      throw new Error('late')
    })() })],
    ['the cancelling of a web stream', () => ({
      body: new ReadableStream<string>({ cancel: () => Promise.reject(new Error('late')) }),
    })],
    ['the teardown of an Observable', () => ({
      body: new Observable<string>(() => () => { throw new Error('late') }),
    })],
  ])('is reported with its request: %s', async (_, make) => {
    const gone = signal<unknown>()
    const handled = signal<Reqd>()
    const { server, heard } = await told(reqd => {
      handled.resolve(reqd)
      return make(gone.promise)
    })
    const client = await connect(server)
    client.socket.pause()
    client.send(GET)
    const reqd = await handled.promise
    client.reset()
    if (!reqd.signal.aborted) await once(reqd.signal, 'abort')
    gone.resolve(null)
    expect(await heard).toMatch(/late.* \/named$/)
  })

  it('is reported for a handler that was answered in its place', async () => {
    const answered = signal()
    const { server, heard } = await told(async () => {
      await answered.promise
      throw new Error('late')
    }, { handlerTimeout: 1, connectionsCheckingInterval: 5 })
    expect(await ask(server, { path: '/named' })).toMatchObject({ status: 503 })
    answered.resolve()
    expect(await heard).toMatch(/late.* \/named$/)
  })
})
