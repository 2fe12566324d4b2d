/**
 * Handlers that give bytes away, with their memory, before these are written.
 */
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { of, tap } from 'rxjs'
import { WebSocket } from 'ws'
import { COPIED_BEHIND_HEAD } from '../../lib/buffer/copying.js'
import { LocalProtocolError } from '../../lib/errors.js'
import { Response } from '../../lib/message/response.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { upgradeWebSocket } from '../../lib/ws/index.js'
import { afterwards, ask, portOf, start } from '../helpers/net.js'
import { give, resizable } from '../helpers/transfers.js'

describe('transferred bytes of a response', () => {
  const big = (): Uint8Array => new Uint8Array(100_000)

  it.each<[string, Handler]>([
    ['before they were queued', () => {
      const bytes = big()
      give(bytes)
      return { body: of(big(), bytes), headers: { 'content-length': 200_000 } }
    }],
    ['while they wait', reqd => {
      const bytes = big()
      reqd.respond({ body: bytes })
      give(bytes)
    }],
    ['while they wait, behind others', () => {
      const bytes = big()
      return { body: of(big(), bytes).pipe(tap({ complete: () => { give(bytes) } })) }
    }],
    ['which shrink while they wait', reqd => {
      const buffer = resizable(100_000)
      reqd.respond({ body: new Uint8Array(buffer) })
      buffer.resize(5)
    }],
    ['which were only lent by the body of the request', reqd => {
      const body = reqd.respondWithStreaming(Response.create(200))
      reqd.body.lent$.subscribe(chunk => { body.write(chunk) })
    }],
  ])('fail the response, and nothing else: %s', async (_, handler) => {
    const server = await start(handler)
    const answer = await ask(server, { method: 'POST', body: Buffer.alloc(50_000) }).catch(() => null)
    expect(answer?.isComplete ?? false).toBe(false)
    expect(server.errors[0]).toBeInstanceOf(LocalProtocolError)
  })
})

describe('transferred bytes of a message', () => {
  it.each([
    COPIED_BEHIND_HEAD + 1, 100_000, 1_000_000,
  ])('end their WebSocket, and nothing else: %p bytes', async size => {
    const closures: unknown[] = []
    const server = await start(reqd => {
      if (reqd.target === '/') return reqd.respond({ body: 'here' })
      const connection = upgradeWebSocket(reqd)
      connection.closed$.subscribe(result => closures.push(result))
      connection.messages$.subscribe(() => {
        const message = new Uint8Array(size)
        connection.write(message)
        give(message)
      })
    })
    const client = new WebSocket(`ws://127.0.0.1:${portOf(server)}/ws`, { perMessageDeflate: false })
    afterwards(() => { client.terminate() })
    const messages: unknown[] = []
    client.on('message', message => messages.push(message))
    await once(client, 'open')
    client.send('')
    await once(client, 'close')
    expect([messages, closures]).toEqual([[], ['aborted']])
    expect(server.errors).toEqual([expect.objectContaining({ name: 'LocalProtocolError', code: 'badState' })])
    expect(await ask(server)).toMatchObject({ body: 'here' })
  })
})

describe('bytes of messages that are being compressed', () => {
  it.each<[string, (bytes: Uint8Array) => void]>([
    ['transferred', give], ['shrunk', ({ buffer }) => { (buffer as ReturnType<typeof resizable>).resize(0) }],
  ])('arrive as they were written, if they are then %s', async (_, take) => {
    const server = await start(reqd => {
      const connection = upgradeWebSocket(reqd, { deflate: true })
      connection.messages$.subscribe(() => {
        for (const value of [1, 2]) {
          const message = new Uint8Array(resizable(10_000)).fill(value)
          connection.write(message)
          take(message)
        }
        connection.complete()
      })
    })
    const client = new WebSocket(`ws://127.0.0.1:${portOf(server)}/ws`)
    afterwards(() => { client.terminate() })
    const messages: Buffer[] = []
    client.on('message', message => messages.push(message as Buffer))
    await once(client, 'open')
    client.send('')
    await once(client, 'close')
    expect(messages).toEqual([Buffer.alloc(10_000, 1), Buffer.alloc(10_000, 2)])
    expect(server.errors).toEqual([])
  })
})
