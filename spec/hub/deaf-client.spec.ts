/**
 * One client over a socket that does not read, among others: they get every event, and the events that it misses are
 * not buffered.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import { filter, firstValueFrom } from 'rxjs'
import { Hub, hubSocket } from '../../lib/hub/index.js'
import { lastEventId, sse } from '../../lib/sse/index.js'
import { isWebSocketRequest, upgradeWebSocket } from '../../lib/ws/index.js'
import { Browser, SocketPage } from '../helpers/browser.js'
import { portOf, start } from '../helpers/net.js'
import { get } from '../helpers/runtime.js'

const EVENT = 'x'.repeat(16_384)
/** More bytes than the kernel buffers for a client that does not read. */
const COUNT = 1_000
const HISTORY = 50
const OTHERS = 5

const HANDSHAKE = [
  'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

let others: (Browser | SocketPage)[] = []

afterEach(async () => {
  await Promise.all(others.map(other => other.leave()))
})

describe('a client that does not read', () => {
  it.each([
    ['Server-Sent Events', get('/'), Browser],
    ['a WebSocket', get('/', ...HANDSHAKE), SocketPage],
  ] as const)('does not delay events for the others, and is told what it missed: over %s', async (_, head, Client) => {
    const hub = new Hub<string>({ history: HISTORY })
    const server = await start(reqd => {
      if (!isWebSocketRequest(reqd)) return sse(hub.subscribe({ after: lastEventId(reqd) }))
      hubSocket(hub, upgradeWebSocket(reqd))
      return undefined
    })
    const deaf = connect(portOf(server), '127.0.0.1')
    await once(deaf.pause(), 'connect')
    deaf.write(head)
    others = Array.from({ length: OTHERS }, () => new Client(server.url))
    await firstValueFrom(hub.size$.pipe(filter(size => size === OTHERS + 1)))
    for (let n = 1; n <= COUNT; n++) {
      hub.publish(`${n} ${EVENT}`)
      await setImmediate()
      // They continue at their own pace; the deaf client does not delay them.
      if (n % 10 === 0) await Promise.all(others.map(other => other.has(n)))
    }
    const numbers = Array.from({ length: COUNT }, (__, index) => index + 1)
    for (const other of others) expect(other.data.map(text => parseInt(text))).toEqual(numbers)
    let text = ''
    deaf.setEncoding('latin1').on('data', (part: string) => { text = text.slice(-200) + part.replaceAll('x', '') })
    deaf.resume()
    while (!text.includes('"missed":')) await once(deaf, 'data')
    expect(Number(/"missed":(\d+)/.exec(text)?.[1])).toBeGreaterThan(0)
    hub.publish('the end')
    while (!text.includes('the end')) await once(deaf, 'data')
    deaf.destroy()
  })
})
