/**
 * Invalid numbers are refused as options where they are given, by every API of the library.
 */
import { describe, expect, it } from '@jest/globals'
import { firstValueFrom, NEVER } from 'rxjs'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import { listen } from '../../lib/node/listen.js'
import { serve } from '../../lib/node/serve.js'
import { sse } from '../../lib/sse/sse.js'
import { settingsOf } from '../../lib/ws/web-socket-options.js'
import { start } from '../helpers/net.js'

const TIMES = [
  'headersTimeout', 'requestTimeout', 'readTimeout', 'keepAliveTimeout', 'writeTimeout', 'handlerTimeout',
  'sourceTimeout', 'stalledAfter', 'errorHandlerTimeout', 'lingerTimeout', 'handshakeTimeout',
  'connectionsCheckingInterval', 'graceMs', 'idleMs',
]
const COUNTS = ['lingerBytes', 'maxRequestsPerSocket', 'maxConnections', 'highWaterMark', 'lowWaterMark']
const CONFIG = ['maxHeaderSize', 'maxHeadersCount', 'readBufferSize', 'writeBufferSize', 'drainLimit']
const WRONG: [string, unknown][] = [
  ['NaN', NaN], ['-1', -1], ['0.5', 0.5], ['"5"', '5'], ['a function', () => 5], ['null', null], ['true', true],
  ['-Infinity', -Infinity],
]

function refusal(name: string, shown: string): unknown {
  const message = expect.stringMatching(new RegExp(`^${name} must be a whole number .*, not ${shown}$`))
  return expect.objectContaining({ name: 'LocalProtocolError', code: 'badRange', message })
}

describe.each(WRONG)('%s', (shown, value) => {
  it.each([...TIMES, ...COUNTS, ...CONFIG, 'backlog', 'fd'])('is refused as %s of a server', async name => {
    const options = { [name]: value }
    expect(() => serve(() => ({}), options)).toThrow(refusal(name, shown))
    await expect(firstValueFrom(listen(options))).rejects.toEqual(refusal(name, shown))
  })

  it.each(CONFIG)('is refused as %s of the core', name => {
    const create = (): unknown => ServerConnection.create(() => undefined, { config: { [name]: value } })
    expect(create).toThrow(refusal(name, shown))
  })

  it.each(['maxPayload', 'pingIntervalMs', 'closeTimeoutMs', 'bufferLimit', 'highWaterMark', 'lowWaterMark'])(
    'is refused as %s of a WebSocket', name => {
      expect(() => settingsOf({ [name]: value })).toThrow(refusal(name, shown))
    })

  it.each(['heartbeatMs', 'highWaterMark'])('is refused as %s of an event stream', name => {
    expect(() => sse(NEVER, { [name]: value })).toThrow(refusal(name, shown))
  })

  it.each(['graceMs', 'idleMs'])('is refused as %s of close, and the server keeps listening', async name => {
    const server = await start(() => ({}))
    expect(() => server.close({ [name]: value })).toThrow(refusal(name, shown))
    expect(server.address).not.toBeNull()
  })
})

describe('a time beyond the range of timers', () => {
  it.each(TIMES)('is refused as %s', name => {
    expect(() => serve(() => ({}), { [name]: 2 ** 31 })).toThrow(refusal(name, '2147483648'))
  })
})

describe('Infinity', () => {
  it.each([...COUNTS.slice(0, 3), ...CONFIG, 'graceMs', 'idleMs'])('is accepted as %s', async name => {
    await start(() => ({}), { [name]: Infinity })
  })
})
