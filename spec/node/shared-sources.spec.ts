/**
 * A pausable source that several clients share: it waits for the one whose demand it took, and for no other. When that
 * client or its stream is over, it continues for the others.
 */
import { describe, expect, it } from '@jest/globals'
import {
  finalize, map, mergeMap as mergeMapOfRx, NEVER, of, share, Subject, takeUntil, type Observable,
} from 'rxjs'
import { concatMap } from '../../lib/demand/flattening.js'
import { fromSource } from '../../lib/demand/from-source.js'
import { onBackpressureBuffer } from '../../lib/demand/overflow-operators.js'
import type { Reply } from '../../lib/reactive/reply.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { sse } from '../../lib/sse/sse.js'
import { webSocketHandshake } from '../../lib/testing/index.js'
import { upgradeWebSocket } from '../../lib/ws/index.js'
import { connect, signal, standstill, start, type Client } from '../helpers/net.js'

const COUNT = 8000
const LINE = 1000
const BUFFER = 2 * COUNT * LINE
const BUFFERED = { overflow: { bufferBytes: BUFFER } }

const line = (n: number): string => `#${n}#`.padEnd(LINE - 1, '.')

type Operator = (lines$: Observable<string>) => Observable<string>

/** Makes a reply of lines. */
type Consumer = (lines$: Observable<string>, reqd: Reqd) => Reply | undefined

const CONSUMERS: readonly [string, Consumer][] = [
  ['a body', lines$ => ({ body: lines$, ...BUFFERED })],
  ['a body behind an operator', lines$ => ({ body: lines$.pipe(concatMap(text => of(text))), ...BUFFERED })],
  ['a body behind an overflow operator', lines$ => ({
    body: ready$ => lines$.pipe(onBackpressureBuffer(ready$, { bufferBytes: BUFFER })),
  })],
  ['events', lines$ => sse(lines$, { heartbeatMs: 0, ...BUFFERED })],
  ['messages', (lines$, reqd) => { upgradeWebSocket(reqd).send(lines$, BUFFERED) }],
]

/**
 * Two clients of one source, which waits for the first one. Only the first one's lines pass the operator. Resolves when
 * both are there.
 */
async function clients(consumer: Consumer, operator: Operator): Promise<{ first: Client; second: Client }> {
  let given = 0
  async function *lines(): AsyncGenerator<string> {
    while (given < COUNT) {
      await Promise.resolve()
      yield line(given++)
    }
  }
  const lines$ = fromSource(lines()).pipe(share())
  const isThere = signal()
  const server = await start(reqd => {
    if (reqd.target === '/first') return consumer(operator(lines$), reqd)
    queueMicrotask(isThere.resolve)
    return consumer(lines$, reqd)
  })
  const first = await connect(server)
  first.socket.pause()
  first.send(webSocketHandshake('/first'))
  await standstill(() => given)
  expect(given).toBeLessThan(COUNT)
  const second = (await connect(server)).send(webSocketHandshake('/second'))
  await isThere.promise
  return { first, second }
}

describe.each(CONSUMERS)('a shared source of %s', (_, consumer) => {
  it.each<[string, Operator]>([
    ['', lines$ => lines$],
    [', and its teardown throws', finalize(() => { throw new Error('torn down') })],
  ])('continues when the client leaves that it waited for%s', async (_case, operator) => {
    const { first, second } = await clients(consumer, operator)
    first.socket.destroy()
    await second.receives(`#${COUNT - 1}#`)
  })

  it('continues when it has ended for the client that it waited for, which has not taken all of it', async () => {
    const end$ = new Subject<void>()
    // More than any mark of each line: some of it waits.
    const operator: Operator = lines$ => lines$.pipe(takeUntil(end$), map(text => text.repeat(20)),
      mergeMapOfRx(text => [text, text]))
    const { second } = await clients(consumer, operator)
    end$.next()
    await second.receives(`#${COUNT - 1}#`)
  })
})

it('continues when it has ended for an operator that still waits for an inner source', async () => {
  const end$ = new Subject<void>()
  const { second } = await clients(CONSUMERS[0][1], lines$ => lines$.pipe(takeUntil(end$), concatMap(() => NEVER)))
  end$.next()
  await second.receives(`#${COUNT - 1}#`)
})
