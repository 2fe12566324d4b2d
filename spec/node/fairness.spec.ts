/**
 * No client is served at the expense of others.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { filter, Observable } from 'rxjs'
import { pulled } from '../../lib/demand/pages.js'
import type { BodySource } from '../../lib/reactive/reply.js'
import { connect, next, start } from '../helpers/net.js'

const CHUNK = new Uint8Array(16_000)
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

const ENDLESS: Record<string, () => BodySource> = {
  'a generator': function* () { for (;;) yield CHUNK },
  // eslint-disable-next-line @typescript-eslint/require-await -- a source that has nothing to wait for
  'an async generator': async function* () { for (;;) yield CHUNK },
  'pages': () => pulled(() => [CHUNK]),
  'empty pages': () => pulled(() => []),
  'a function of demand': () => ready$ => new Observable(subscriber =>
    ready$.subscribe(() => { subscriber.next(CHUNK) })),
}

describe('an endless response', () => {
  it.each(Object.entries(ENDLESS))('of %s to a client that reads it all does not delay others', async (_, source) => {
    const server = await start(({ target }) => target === '/endless' ? { body: source() } : { body: 'it' })
    const begun = next(server.events$.pipe(filter(({ type }) => type === 'request')))
    // A process of its own: it reads while this one is busy.
    const greedy = spawn('curl', ['-s', '-o', '/dev/null', `${server.url}/endless`])
    const gone = once(greedy, 'close')
    await begun
    for (let i = 0; i < 20; i++) {
      const modest = await connect(server)
      expect(await modest.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').end().all()).toMatch(/it$/)
    }
    expect(greedy.exitCode).toBeNull()
    greedy.kill()
    await gone
  })
})

describe('a client that does not read', () => {
  it('is cut after writeTimeout, and its source is stopped', async () => {
    let isStopped = false
    const server = await start(() => ({
      body: (function* () { try { for (;;) yield CHUNK } finally { isStopped = true } })(),
    }), { writeTimeout: 30, connectionsCheckingInterval: 10 })
    const client = await connect(server)
    client.socket.pause()
    client.send(REQUEST)
    const closed = new Promise<void>(resolve => {
      server.events$.subscribe(({ type }) => { if (type === 'close') resolve() })
    })
    await closed
    expect(isStopped).toBe(true)
    client.socket.resume()
    await client.ended
    expect(client.received).not.toMatch(/0\r\n\r\n$/)
  })
})
