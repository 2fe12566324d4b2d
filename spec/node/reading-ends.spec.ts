/**
 * Consumers of a body that stop reading while they wait for a chunk.
 */
import { describe, expect, it } from '@jest/globals'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { connect, signal, start } from '../helpers/net.js'

describe('a body that is no longer read', () => {
  it.each<[string, (reqd: Reqd) => Promise<unknown>]>([
    ['an iterator that returns while it waits', async ({ body }) => {
      const iterator = body[Symbol.asyncIterator]()
      await iterator.next()
      const waiting = iterator.next()
      await iterator.return!()
      return waiting
    }],
    ['a web stream that is cancelled while it waits', async ({ body }) => {
      const iterator = body[Symbol.asyncIterator]()
      const stream = new ReadableStream<Uint8Array>({
        pull: async controller => {
          const { done, value } = await iterator.next()
          if (done !== true) controller.enqueue(value)
        },
        cancel: async () => { await iterator.return!() },
      }, { highWaterMark: 0 })
      const reader = stream.getReader()
      await reader.read()
      const waiting = reader.read()
      await reader.cancel()
      return waiting
    }],
    ['a subscription that ends', ({ body }) => new Promise(resolve => {
      const subscription = body.bytes$.subscribe(() => {
        queueMicrotask(() => {
          subscription.unsubscribe()
          resolve({ done: true, value: undefined })
        })
      })
    })],
  ])('ends at once: %s', async (_, read) => {
    const ended = signal<unknown>()
    const server = await start(async reqd => {
      ended.resolve(await read(reqd))
      return { body: 'ended' }
    })
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome')
    expect(await ended.promise).toEqual({ done: true, value: undefined })
    // The rest of the body is dropped, and the connection stays open.
    await client.receives('ended')
    client.send(`${'x'.repeat(96)}GET / HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await client.receives('ended')
    expect(server.errors).toEqual([])
  })
})
