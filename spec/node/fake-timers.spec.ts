/**
 * A server under a test runner that fakes the timers of the process after the library was loaded.
 */
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { connect, start } from '../helpers/net.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const LENGTH = 2_000_000

afterEach(() => { jest.useRealTimers() })

async function bodyOf(handler: Parameters<typeof start>[0]): Promise<string> {
  const client = await connect(await start(handler))
  client.send(REQUEST)
  const answer = await client.all()
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

const FAKES: [string, Parameters<typeof jest.useFakeTimers>[0]][] = [
  ['all but nextTick and queueMicrotask, as vitest does', { doNotFake: ['nextTick', 'queueMicrotask'] }],
  ['all', {}],
]

describe.each(FAKES)('with fakes of %s', (_, config) => {
  it.each(['text', 'bytes'])('long %s come whole', async kind => {
    const body = kind === 'text' ? 'x'.repeat(LENGTH) : Buffer.alloc(LENGTH, 'x')
    jest.useFakeTimers(config)
    expect(await bodyOf(() => ({ body }))).toHaveLength(LENGTH)
  })

  it('promises are answered', async () => {
    jest.useFakeTimers(config)
    expect(await bodyOf(async () => ({ body: await Promise.resolve('later') }))).toBe('later')
  })
})
