/**
 * A connection that ends during a request, because the client leaves or `graceMs` is over: the reader of the body
 * learns of it, and a body that arrived completely can still be read.
 */
import { describe, expect, it } from '@jest/globals'
import { lastValueFrom, NEVER, Subject } from 'rxjs'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { KINDS } from '../helpers/kinds.js'
import { next, portOf, start, type Client } from '../helpers/net.js'
import { head, post } from '../helpers/runtime.js'

const DEPARTURE = { name: 'ConnectionClosedError', code: 'ECONNRESET' }
const CUT = { name: 'ConnectionClosedError', code: 'ECONNABORTED' }
const WAYS: Record<string, (body: Reqd['body']) => Promise<string>> = {
  text: async body => body.text(),
  iteration: joined,
  'a web stream': body => joined(ReadableStream.from(body)),
  concatMap: body => lastValueFrom(body.concatMap(chunk => [String.fromCharCode(...chunk)])),
}

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of chunks) text += String.fromCharCode(...chunk)
  return text
}
const PARTS: Record<string, string> = {
  'a body of known length': post('hello').slice(0, -2),
  'a chunked body': `${head('POST / HTTP/1.1', 'Transfer-Encoding: chunked')}6\r\nhel`,
}
const ENDS = ['an end', 'breaking off'] as const

describe.each(Object.keys(KINDS))('over %s', name => {
  const kind = KINDS[name]
  // Node resets only TCP sockets; on others a break is seen as an end.
  const breakOff = (client: Client): unknown => name === 'TCP' ? client.reset() : client.socket.destroy()

  describe.each(ENDS)('a client that leaves by %s', end => {
    it.each(Object.keys(WAYS))('leaves its whole body to be read, by %s', async way => {
      const begun = new Subject<Reqd>()
      const server = await kind.start(async reqd => {
        begun.next(reqd)
        await new Promise(resolve => { reqd.signal.addEventListener('abort', resolve) })
        texts.next(await WAYS[way](reqd.body))
        return { body: 'late' }
      }, { connectionsCheckingInterval: 10 })
      const texts = new Subject<unknown>()
      const [reqd, text] = [next(begun), next(texts)]
      const client = await kind.connect(server)
      client.send(post('hello'))
      const { signal } = await reqd
      if (end === 'an end') client.end()
      else breakOff(client)
      expect(await text).toBe('hello')
      expect(signal.reason).toMatchObject(DEPARTURE)
      expect(server.errors).toEqual([])
    })
  })

  describe.each(ENDS)('by %s', end => {
    describe.each(Object.keys(PARTS))('%s that is incomplete', framing => {
      it.each(Object.keys(WAYS))('ends when its client leaves, for a waiting %s', async way => {
        const begun = new Subject<void>()
        const failures = new Subject<unknown>()
        const server = await kind.start(async reqd => {
          const read = WAYS[way](reqd.body).catch((error: unknown) => { failures.next([error, reqd.signal.reason]) })
          begun.next()
          await read
          return { body: 'late' }
        })
        const [reading, failure] = [next(begun), next(failures)]
        const client = await kind.connect(server)
        client.send(PARTS[framing])
        await reading
        if (end === 'an end') client.end()
        else breakOff(client)
        const [error, reason] = await failure as unknown[]
        expect(error).toBe(reason)
        expect(reason).toMatchObject(DEPARTURE)
        await client.ended
        expect([client.received, server.errors]).toEqual(['', []])
      })
    })
  })

  describe.each(Object.keys(PARTS))('%s that is incomplete', framing => {
    it.each(Object.keys(WAYS))('ends when graceMs is over, which is no failure of the handler, for %s', async way => {
      const begun = new Subject<void>()
      const failures = new Subject<unknown>()
      const server = await kind.start(async reqd => {
        begun.next()
        const body = await WAYS[way](reqd.body).catch((error: unknown) => {
          failures.next([error, reqd.signal.reason])
          throw error
        })
        return { body }
      })
      const [reading, failure] = [next(begun), next(failures)]
      const client = await kind.connect(server)
      client.send(PARTS[framing])
      await reading
      await server.close({ graceMs: 0, idleMs: 0 })
      const [error, reason] = await failure as unknown[]
      expect(error).toBe(reason)
      expect(error).toMatchObject(CUT)
      expect(server.errors).toEqual([])
    })
  })

  it('gives a request to another server up when graceMs is over, which is no failure of the handler', async () => {
    const begun = new Subject<void>()
    const upstream = await start(() => {
      begun.next()
      return { body: NEVER }
    })
    const server = await kind.start(async ({ signal }) => {
      const { body } = await fetch(`http://127.0.0.1:${portOf(upstream)}/`, { signal })
      return { body: body ?? '' }
    })
    const asked = next(begun)
    const client = await kind.connect(server)
    client.send(head('GET / HTTP/1.1'))
    await asked
    await server.close({ graceMs: 0, idleMs: 0 })
    expect([server.errors, upstream.errors]).toEqual([[], []])
  })

  it('answers an incomplete body with 400 with allowHalfOpen', async () => {
    const server = await kind.start(async ({ body }) => ({ body: await body.text() }), { allowHalfOpen: true })
    for (const part of Object.values(PARTS)) {
      const client = await kind.connect(server)
      expect(await client.send(part).end().all()).toMatch(/^HTTP\/1.1 400 /)
    }
    expect(server.errors).toMatchObject([{ code: 'unexpectedEof' }, { code: 'unexpectedEof' }])
  })

  it.each(Object.keys(WAYS))('ends an incomplete body when the client leaves, for %s', async way => {
    const begun = new Subject<Reqd>()
    const failures = new Subject<unknown>()
    const server = await kind.start(async reqd => {
      begun.next(reqd)
      await new Promise(resolve => { reqd.signal.addEventListener('abort', resolve) })
      await WAYS[way](reqd.body).catch((error: unknown) => { failures.next([error, reqd.signal.reason]) })
      return { body: 'late' }
    })
    const [reqd, failure] = [next(begun), next(failures)]
    const client = await kind.connect(server)
    client.send(post('hello').slice(0, -2))
    await reqd
    breakOff(client)
    const [error, reason] = await failure as unknown[]
    expect(error).toBe(reason)
    expect(reason).toMatchObject(DEPARTURE)
  })
})
