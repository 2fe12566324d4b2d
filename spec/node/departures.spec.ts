/**
 * A client that leaves within its request: what reads the body hears of the departure, and a body that had come whole
 * can still be read.
 */
import { describe, expect, it } from '@jest/globals'
import { lastValueFrom, Subject } from 'rxjs'
import type { Reqd } from '../../lib/reactive/reqd.js'
import { KINDS } from '../helpers/kinds.js'
import { next, type Client } from '../helpers/net.js'
import { post } from '../helpers/runtime.js'

const DEPARTURE = { name: 'ConnectionClosedError', code: 'ECONNRESET' }
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
const ENDS = ['an end', 'breaking off'] as const

describe.each(Object.keys(KINDS))('over %s', name => {
  const kind = KINDS[name]
  // Node resets TCP sockets only; what breaks off elsewhere is seen as an end.
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

  it.each(Object.keys(WAYS))('ends a body that has not come whole with its departure, for %s', async way => {
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
