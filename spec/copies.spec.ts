/**
 * Two copies of the package in one process, as ES modules beside CommonJS and as the realms of a test runner make them:
 * the objects of one are known to the other.
 */
import { describe, expect, it, jest } from '@jest/globals'
import { of } from 'rxjs'
import * as ours from '../lib/index.js'
import type * as sseModule from '../lib/sse/index.js'
import { connect, start } from './helpers/net.js'

let theirs!: typeof ours
let theirSse!: typeof sseModule
jest.isolateModules(() => {
  /* eslint-disable @typescript-eslint/no-require-imports -- isolateModules is synchronous */
  theirs = require('../lib/index.js') as typeof ours
  theirSse = require('../lib/sse/index.js') as typeof theirSse
  /* eslint-enable @typescript-eslint/no-require-imports */
})

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\n\r\n'

async function answerTo(handler: Parameters<typeof start>[0]): Promise<string> {
  const client = await connect(await start(handler))
  client.send(REQUEST)
  return client.all()
}

describe('the objects of another copy', () => {
  it('are instances of other classes, which instanceof accepts', () => {
    expect(theirs.Headers).not.toBe(ours.Headers)
    expect(theirs.Headers.of({ a: 'b' })).toBeInstanceOf(ours.Headers)
    expect(new theirs.RemoteProtocolError('badChunk', 0)).toBeInstanceOf(ours.RemoteProtocolError)
    expect(new theirs.LocalProtocolError('badState', '')).toBeInstanceOf(ours.LocalProtocolError)
    expect(new theirs.BackpressureError()).toBeInstanceOf(ours.BackpressureError)
  })

  it('are accepted as instances of their own class only', () => {
    expect(new theirs.LocalProtocolError('badState', '')).not.toBeInstanceOf(ours.RemoteProtocolError)
    expect(new Error('other')).not.toBeInstanceOf(ours.LocalProtocolError)
    for (const value of [null, undefined, 'Headers', {}]) expect(value instanceof ours.Headers).toBe(false)
  })

  it('do not change instanceof of subclasses', () => {
    class Own extends ours.LocalProtocolError {}
    expect(new Own('badState', '')).toBeInstanceOf(ours.LocalProtocolError)
    expect(new Own('badState', '')).toBeInstanceOf(Own)
    expect(new ours.LocalProtocolError('badState', '')).not.toBeInstanceOf(Own)
  })

  it('serve as fields and trailers of a reply', async () => {
    const answer = await answerTo(() => ({
      headers: theirs.Headers.of({ 'X-A': 'b' }), body: ['x'], trailers: () => theirs.Headers.of({ 'X-Sum': '1' }),
    }))
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*X-A: b\r\n[^]*X-Sum: 1\r\n/)
  })

  it('serve as a stream of events', async () => {
    const answer = await answerTo(() => theirSse.sse(of({ data: 'one' }), { heartbeatMs: 0 }))
    expect(answer).toMatch(/text\/event-stream[^]*data: one\n\n/)
  })
})
