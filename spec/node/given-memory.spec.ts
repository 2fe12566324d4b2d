/**
 * The platform hears of each array that the application is given by a request or a WebSocket.
 */
import { describe, expect, it } from '@jest/globals'
import { firstValueFrom, map, reduce } from 'rxjs'
import { useGivenMemory } from '../../lib/buffer/given-memory.js'
import { Response } from '../../lib/message/response.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { ask, start } from '../helpers/net.js'
import { BINARY, frame } from '../ws/frames.js'
import { Stage } from '../ws/stage.js'

const SIZE = 200_000

/** Counts what is given until the work is done. */
async function given(work: () => Promise<unknown>): Promise<number> {
  let bytes = 0
  useGivenMemory(count => { bytes += count })
  await work()
  useGivenMemory(() => undefined)
  return bytes
}

const counted = (count: number): { body: string } => ({ body: String(count) })

const READERS: Record<string, Handler> = {
  'bytes$': ({ body }) => body.bytes$.pipe(reduce((sum, { length }) => sum + length, 0), map(counted)),
  'bytes()': async ({ body }) => counted((await body.bytes()).length),
  'iteration': async ({ body }) => {
    let sum = 0
    for await (const { length } of body) sum += length
    return counted(sum)
  },
  'the core\'s reader': reqd => {
    let sum = 0
    const read = (): void => {
      reqd.requestBody.scheduleRead({
        onRead: ({ length }) => {
          sum += length
          read()
        },
        onEof: () => { reqd.respondWithString(Response.create(200), String(sum)) },
      })
    }
    read()
  },
}

async function upload(handler: Handler): Promise<void> {
  await using server = await start(handler)
  const { body } = await ask(server, { method: 'POST', body: Buffer.alloc(SIZE, 'x') })
  expect(body).toBe(String(SIZE))
}

describe('the memory that the application is given', () => {
  it.each(Object.entries(READERS))('is that of a body read by %s', async (_, handler) => {
    expect(await given(() => upload(handler))).toBeGreaterThanOrEqual(SIZE)
  })

  it('is not that of chunks that are lent', async () => {
    const lent: Handler = ({ body }) => body.lent$.pipe(reduce((sum, { length }) => sum + length, 0), map(counted))
    expect(await given(() => upload(lent))).toBe(0)
  })

  it('is that of a message', async () => {
    await using stage = await Stage.open({}, () => undefined)
    expect(await given(async () => {
      await stage.raw().send(frame(BINARY, Buffer.alloc(SIZE, 'x')))
      const { messages$ } = await stage.connection
      expect(await firstValueFrom(messages$)).toHaveLength(SIZE)
    })).toBeGreaterThanOrEqual(SIZE)
  })
})
