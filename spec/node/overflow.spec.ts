/**
 * Observables that are faster than the client of their response.
 */
import { describe, expect, it } from '@jest/globals'
import { asyncScheduler, concat, of, scheduled, Subject, takeWhile } from 'rxjs'
import type { Chunk } from '../../lib/demand/chunk.js'
import type { Overflow } from '../../lib/demand/overflow-policy.js'
import { ask, connect, signal, start } from '../helpers/net.js'

/** Chunks that are emitted while the client does not read: more than the sockets buffer. */
const BIG = Buffer.alloc(64 * 1024, 'x')

async function slowClient(
  overflow: Overflow, chunks: number,
): Promise<{ received: number; isComplete: boolean; errors: unknown[] }> {
  const source = new Subject<Chunk>()
  const begun = signal()
  const server = await start(() => {
    begun.resolve()
    return { body: source, overflow }
  })
  const client = await connect(server)
  client.socket.pause()
  client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await begun.promise
  for (let i = 0; i < chunks; i++) {
    source.next(BIG)
    // The server writes as much as the client takes in between.
    await new Promise(resolve => { setImmediate(resolve) })
  }
  source.complete()
  client.socket.resume()
  await client.ended
  return {
    received: client.received.length,
    isComplete: client.received.endsWith('0\r\n\r\n'),
    errors: server.errors,
  }
}

describe('an Observable that is faster than its client', () => {
  const CHUNKS = 400
  const SENT = CHUNKS * BIG.length

  it('has its response cut by default', async () => {
    const { isComplete, errors } = await slowClient('error', CHUNKS)
    expect(isComplete).toBe(false)
    expect(errors).toMatchObject([{ name: 'BackpressureError' }])
  })

  it.each<Overflow>(['dropNewest', 'dropOldest', 'latest'])('loses chunks: %s', async overflow => {
    const { received, isComplete, errors } = await slowClient(overflow, CHUNKS)
    expect(isComplete).toBe(true)
    expect(received).toBeLessThan(SENT)
    expect(errors).toEqual([])
  })

  it('has its client disconnected, without an error', async () => {
    const { isComplete, errors } = await slowClient('disconnect', CHUNKS)
    expect(isComplete).toBe(false)
    expect(errors).toEqual([])
  })

  it('is buffered up to bufferBytes', async () => {
    const { received, isComplete, errors } = await slowClient({ bufferBytes: SENT }, CHUNKS)
    expect(isComplete).toBe(true)
    expect(received).toBeGreaterThan(SENT)
    expect(errors).toEqual([])
  })

  it('has its response cut beyond bufferBytes', async () => {
    const { isComplete, errors } = await slowClient({ bufferBytes: BIG.length }, CHUNKS)
    expect(isComplete).toBe(false)
    expect(errors).toMatchObject([{ name: 'BackpressureError' }])
  })

  it('passes on another error with disconnect', async () => {
    const failure = new Error('other')
    const source = concat(of('a'), new Subject<string>()).pipe(takeWhile(() => { throw failure }))
    const server = await start(() => ({ body: source, overflow: 'disconnect' }))
    expect(await ask(server)).toMatchObject({ status: 500 })
    expect(server.errors).toEqual([failure])
  })

  it('is delivered whole if the client keeps up', async () => {
    const source = scheduled(['a', 'b', 'c'], asyncScheduler)
    for (const overflow of ['error', 'dropNewest', 'dropOldest', 'latest', 'disconnect'] as const) {
      const server = await start(() => ({ body: source, overflow }))
      expect(await ask(server)).toMatchObject({ body: 'abc', isComplete: true })
    }
  })

  it.each<Overflow>(['error', 'dropNewest', 'latest', 'disconnect'])(
    'is delivered whole after a response that is complete but not yet written: %s', async overflow => {
      const server = await start(reqd => {
        if (reqd.target === '/observable') return { body: of('a', 'b', 'c'), overflow }
        return new Promise(resolve => { setImmediate(resolve, { body: 'x'.repeat(200) }) })
      }, { highWaterMark: 100 })
      const client = await connect(server)
      client.send(['/late', '/observable', '/last'].map(target => `GET ${target} HTTP/1.1\r\nHost: a\r\n`).join('\r\n')
        + 'Connection: close\r\n\r\n')
      const answers = (await client.all()).split('HTTP/1.1 200 OK')
      expect(answers).toHaveLength(4)
      expect(answers[2]).toMatch(/\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n$/)
      expect(server.errors).toEqual([])
    },
  )
})
