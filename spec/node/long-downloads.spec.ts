/**
 * Downloads long enough for large batches: to clients that keep up, and to clients that pause in between.
 */
import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import type { Chunk } from '../../lib/demand/chunk.js'
import { start } from '../helpers/net.js'

const SIZES = [70_000, 1, 3_000, 64 * 1024, 500, 2_049, 200_000]
const COUNT = 600

/** Different chunks of all sizes, alternately text and bytes, 29 MB in all. `seen` is called with each. */
function* chunks(seen: Hash): Generator<Chunk> {
  for (let i = 0; i < COUNT; i++) {
    const text = `${i},`.repeat(SIZES[i % SIZES.length]).slice(0, SIZES[i % SIZES.length])
    seen.update(text)
    yield i % 2 === 0 ? text : Buffer.from(text)
  }
}

async function download(take: (response: IncomingMessage, got: Hash) => Promise<void>): Promise<void> {
  const sent = createHash('sha256')
  const got = createHash('sha256')
  const server = await start(() => ({ body: chunks(sent) }))
  const [response] = await once(get(server.url), 'response') as [IncomingMessage]
  await take(response, got)
  expect(response.complete).toBe(true)
  expect(got.digest('hex')).toBe(sent.digest('hex'))
}

describe('a long download', () => {
  it('arrives whole at a client that keeps up', async () => {
    await download(async (response, got) => {
      for await (const bytes of response) got.update(bytes as Buffer)
    })
  })

  it('arrives whole at a client that stops again and again', async () => {
    await download(async (response, got) => {
      let count = 0
      for await (const bytes of response) {
        got.update(bytes as Buffer)
        // The server's other turns: meanwhile it fills the kernel's buffers.
        if (++count % 100 === 0) for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      }
    })
  })
})
