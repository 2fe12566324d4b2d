/**
 * Real clients: the ws package, and webSocket() of RxJS.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { firstValueFrom, from, lastValueFrom, take, tap, toArray } from 'rxjs'
import { webSocket } from 'rxjs/webSocket'
import { WebSocket } from 'ws'
import { echo, over, Stage } from './stage.js'

/** Everything that a client of the ws package receives. */
function received(client: WebSocket): unknown[] {
  const messages: unknown[] = []
  client.on('message', (data, isBinary) => {
    const bytes = data as Buffer
    messages.push(isBinary ? [...bytes] : bytes.toString())
  })
  return messages
}

describe('a client of the ws package', () => {
  it('receives its messages back, texts as texts and bytes as bytes', async () => {
    await using stage = await Stage.open()
    const client = stage.client()
    const messages = received(client)
    await once(client, 'open')
    client.send('héllo')
    client.send(Buffer.from([1, 2, 3]))
    client.close()
    await once(client, 'close')
    expect(messages).toEqual(['héllo', [1, 2, 3]])
  })

  const compressions = [{ deflate: true }, { deflate: { threshold: 10, contextTakeover: true } }]
  it.each(compressions)('uses compression: %j', async options => {
    await using stage = await Stage.open(options)
    const client = stage.client([], { perMessageDeflate: { threshold: 0 } })
    await once(client, 'open')
    expect(client.extensions).toBe('permessage-deflate')
    const messages = received(client)
    const texts = Array.from({ length: 20 }, (_, i) => `${i} ${'long '.repeat(2_000)}`)
    for (const text of texts) client.send(text)
    client.close()
    await once(client, 'close')
    expect(messages).toEqual(texts)
  })

  it('works over TLS', async () => {
    const tls = { key: readFileSync('demos/tls/key.pem'), cert: readFileSync('demos/tls/cert.pem') }
    await using stage = await Stage.open({}, echo, { tls })
    const client = stage.client([], { rejectUnauthorized: false })
    const messages = received(client)
    await once(client, 'open')
    const texts = Array.from({ length: 100 }, (_, i) => `${i} ${'long '.repeat(1_000)}`)
    for (const text of texts) client.send(text)
    client.close()
    await once(client, 'close')
    expect(messages).toEqual(texts)
  })

  it('is not offered compression unless it asked for it', async () => {
    await using stage = await Stage.open()
    const client = stage.client()
    await once(client, 'open')
    expect(client.extensions).toBe('')
  })
})

describe('webSocket() of rxjs', () => {
  type Client = ReturnType<typeof webSocket<unknown>>
  const subjectOf = (url: string, protocol?: string): Client => webSocket<unknown>({
    url,
    WebSocketCtor: WebSocket as never,
    ...(protocol !== undefined && { protocol }),
  })

  it('exchanges messages with an echo', async () => {
    await using stage = await Stage.open({ protocols: ['json'] })
    const client = subjectOf(stage.url, 'json')
    const answers = lastValueFrom(client.pipe(take(3), toArray()))
    for (const value of [1, 'two', { three: [3] }]) client.next(value)
    expect(await answers).toEqual([1, 'two', { three: [3] }])
    expect(await over(await stage.connection)).toBe('done')
  })

  it('multiplexes subscriptions', async () => {
    await using stage = await Stage.open()
    const client = subjectOf(stage.url) as ReturnType<typeof webSocket<{ topic: string }>>
    const first = (topic: string): Promise<unknown> => firstValueFrom(
      client.multiplex(() => ({ topic }), () => ({ topic: 'bye' }), message => message.topic === topic))
    expect(await Promise.all([first('a'), first('b')])).toEqual([{ topic: 'a' }, { topic: 'b' }])
  })

  it('completes if the server completes, and fails if the server fails', async () => {
    await using good = await Stage.open({}, connection => { from(['1', '2']).subscribe(connection) })
    expect(await lastValueFrom(subjectOf(good.url).pipe(toArray()))).toEqual([1, 2])
    await using bad = await Stage.open({}, connection => { connection.terminate() })
    await expect(lastValueFrom(subjectOf(bad.url))).rejects.toBeDefined()
  })

  it('sends a close code and a reason', async () => {
    await using stage = await Stage.open()
    const client = subjectOf(stage.url)
    const answer = firstValueFrom(client.pipe(tap(() => { client.error({ code: 4000, reason: 'enough' }) })))
    client.next('hello')
    await answer
    const connection = await stage.connection
    await over(connection)
    expect(connection.closure).toEqual({ code: 4000, reason: 'enough', wasClean: true, error: null })
  })
})
