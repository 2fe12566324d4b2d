/**
 * Invalid options in plain JavaScript: each API of the library refuses them where they are given, with a message that
 * names the option and its valid values.
 */
import { describe, expect, it } from '@jest/globals'
import { EMPTY, firstValueFrom, NEVER, of } from 'rxjs'
import { ServerConnection } from '../lib/connection/server-connection.js'
import { mergeMap } from '../lib/demand/flattening.js'
import { onBackpressureBuffer } from '../lib/demand/overflow-operators.js'
import { fromPublisher, toPublisher } from '../lib/demand/reactive-streams/publisher.js'
import { LocalProtocolError } from '../lib/errors.js'
import { listen } from '../lib/node/listen.js'
import { serve } from '../lib/node/serve.js'
import { handleEach } from '../lib/reactive/handle-each.js'
import { marksOf, responseOf, type Reply } from '../lib/reactive/reply.js'
import { sse } from '../lib/sse/index.js'
import { marbles, marblesAsync, type MarbleHelpers } from '../lib/testing/index.js'
import { upgradeWebSocket, type UpgradableReqd } from '../lib/ws/index.js'
import { Session } from '../lib/ws/session.js'
import { WebSocketConnection } from '../lib/ws/web-socket-connection.js'
import { settingsOf } from '../lib/ws/web-socket-options.js'
import { afterwards, ask, start } from './helpers/net.js'

/** Passes options to an API of the library. */
type Give = (options: never) => unknown

const HANDLER = (): Reply => ({})
const REQD = {} as UpgradableReqd
const MARKS = { highWaterMark: 16_384, lowWaterMark: 8_192 }

function inMarbles(use: (helpers: MarbleHelpers) => void): void {
  marbles(helpers => { use(helpers) })
}

function webSocket(): WebSocketConnection {
  const session = new Session(settingsOf({}), { report: () => undefined, dropped: () => undefined } as never)
  return new WebSocketConnection(session, '', MARKS)
}

const IDENTITY = 'options of node:tls with a key and a cert, a pfx, an SNICallback or a pskCallback'

const FACES: Record<string, Give> = {
  'serve': options => serve(HANDLER, options),
  'ServerConnection.create': options => ServerConnection.create(() => undefined, options),
  'the core': config => ServerConnection.create(() => undefined, { config }),
  'sse': options => sse(NEVER, options),
  'upgradeWebSocket': options => upgradeWebSocket(REQD, options),
  'send': options => webSocket().send(EMPTY, options),
  'a reply': reply => [responseOf(reply), marksOf(reply, MARKS)],
  'handleEach': options => handleEach(HANDLER, options),
  'onBackpressureBuffer': options => onBackpressureBuffer(of(1), options),
  'toPublisher': options => toPublisher(EMPTY, options),
  'fromPublisher': options => fromPublisher(toPublisher(EMPTY), options),
  'marbles': options => { marbles(() => undefined, options) },
  'mergeMap': concurrency => mergeMap(() => EMPTY, concurrency),
  'expectNothing': (times: [number]) => { inMarbles(helpers => { helpers.expectNothing(NEVER, ...times) }) },
  'a diagram': sends => { inMarbles(helpers => helpers.serve(HANDLER).connect(sends)) },
  'the reads of a WebSocket': reads => { inMarbles(helpers => helpers.webSocket(() => undefined, '-', {}, { reads })) },
  'serve of a test': options => { inMarbles(helpers => helpers.serve(HANDLER, options)) },
  'connect of a test': options => { inMarbles(helpers => helpers.serve(HANDLER).connect('a', {}, options)) },
}

/** API, options, part of the message. */
const WRONG: [string, unknown, string][] = [
  ['serve', 8080, 'options are an object, not 8080'],
  ['serve', null, 'options are an object, not null'],
  ['serve', [], 'options are an object, not a list'],
  ['serve', { port: '8080' }, 'port must be a whole number from 0 to 65535, not "8080"'],
  ['serve', { port: 65_536 }, 'port must be a whole number from 0 to 65535, not 65536'],
  ['serve', { port: NaN }, 'port must be a whole number from 0 to 65535, not NaN'],
  ['serve', { host: 127 }, 'host must be a string, not 127'],
  ['serve', { path: ['a'] }, 'path must be a string, not a list'],
  ['serve', { onError: 'log' }, 'onError must be a function, not "log"'],
  ['serve', { onError: console }, 'onError must be a function, not an object'],
  ['serve', { errorHandler: null }, 'errorHandler must be a function, not null'],
  ['serve', { allowHalfOpen: 'yes' }, 'allowHalfOpen must be true or false, not "yes"'],
  ['serve', { trustProxy: 1 }, 'trustProxy must be true or false, not 1'],
  ['serve', { keepAliveHint: 0 }, 'keepAliveHint must be true or false, not 0'],
  ['serve', { reusePort: 'true' }, 'reusePort must be true or false, not "true"'],
  ['serve', { ipv6Only: 1 }, 'ipv6Only must be true or false, not 1'],
  ['serve', { tls: true }, `tls must be ${IDENTITY}, not true`],
  ['serve', { tls: [] }, `tls must be ${IDENTITY}, not a list`],
  ['serve', { tls: {} }, `tls must be ${IDENTITY}, not an object`],
  ['serve', { tls: { key: 'a', cert: undefined } }, `tls must be ${IDENTITY}, not an object`],
  ['serve', { tls: { cert: 'a' } }, `tls must be ${IDENTITY}, not an object`],
  ['serve', { signal: 5 }, 'signal must be an AbortSignal, not 5'],
  ['serve', { signal: new AbortController() }, 'signal must be an AbortSignal, not an object'],
  ['serve', { scheduler: () => 0 }, 'scheduler must be a scheduler, not a function'],
  ['serve', { lowWaterMark: 16_384 }, 'lowWaterMark must be less than highWaterMark, which is 16384, not 16384'],
  ['serve', { highWaterMark: 5, lowWaterMark: 9 }, 'lowWaterMark must be less than highWaterMark, which is 5, not 9'],
  ['serve', { headerTimeout: 1 }, 'there is no option headerTimeout: headersTimeout is meant'],
  ['serve', { keepalive_timeout: 1 }, 'there is no option keepalive_timeout: keepAliveTimeout is meant'],
  ['serve', { requestTimeoutMs: 1 }, 'there is no option requestTimeoutMs: requestTimeout is meant'],
  ['serve', { maxHeaderCount: 1 }, 'there is no option maxHeaderCount: maxHeadersCount is meant'],
  ['serve', { onerror: HANDLER }, 'there is no option onerror: onError is meant'],
  ['serve', { grace: 5 }, 'there is no option grace: graceMs is meant'],
  ['serve', { Port: 80 }, 'there is no option Port: port is meant'],
  ['serve', { hostname: 'localhost' }, 'there is no option hostname: host is meant'],
  ['serve', { key: 'a', cert: 'b' }, 'there is no option key: tls: { key } is meant'],
  ['ServerConnection.create', { config: [] }, 'config must be an object, not a list'],
  ['ServerConnection.create', { config: 5 }, 'config must be an object, not 5'],
  ['ServerConnection.create', { errorHandler: 'x' }, 'errorHandler must be a function, not "x"'],
  ['ServerConnection.create', { onLateErrors: HANDLER }, 'there is no option onLateErrors: onLateError is meant'],
  ['the core', { scheme: 'ftp' }, "scheme must be 'http' or 'https' or null, not \"ftp\""],
  ['the core', { date: 'now' }, 'date must be a function or null, not "now"'],
  ['the core', { maxHeaderSize: 0 }, 'maxHeaderSize must be a whole number of at least 1, or Infinity, not 0'],
  ['serve', { maxHeadersCount: 0 }, 'maxHeadersCount must be a whole number of at least 1, or Infinity, not 0'],
  ['the core', { maxHeadersSize: 5 }, 'there is no option maxHeadersSize: maxHeaderSize is meant'],
  ['sse', { retry: '5' }, 'retry must be a whole number of at least 0, or Infinity, not "5"'],
  ['sse', { heartBeat: 5, heartbeat: 5 }, 'there is no option heartBeat: heartbeatMs is meant'],
  ['sse', { overflow: 'drop' }, "overflow must be 'error', 'dropNewest', 'dropOldest', 'latest', 'disconnect' or {"],
  ['sse', { overflow: { bufferBytes: '1' } }, 'bufferBytes must be a whole number of at least 0, or Infinity, not "1"'],
  ['sse', { overflow: {} }, 'overflow must be'],
  ['sse', { head: 'now' }, "head must be 'atOnce' or 'firstChunk', not \"now\""],
  ['sse', { onDrop: 5 }, 'onDrop must be a function, not 5'],
  ['upgradeWebSocket', { protocols: 'chat' }, 'protocols must be a list of strings or a function, not "chat"'],
  ['upgradeWebSocket', { protocols: [1] }, 'protocols must be a list of strings or a function, not a list'],
  ['upgradeWebSocket', { origins: 'a.org' }, "origins must be '*' or a list of strings or a function, not \"a.org\""],
  ['upgradeWebSocket', { deflate: [] }, 'deflate must be true or false or an object, not a list'],
  ['upgradeWebSocket', { deflate: 'yes' }, 'deflate must be true or false or an object, not "yes"'],
  ['upgradeWebSocket', { deflate: { threshold: 'x' } }, 'threshold must be a whole number of at least 0'],
  ['upgradeWebSocket', { highWaterMark: 4, lowWaterMark: 4 }, 'lowWaterMark must be less than highWaterMark, which'],
  ['upgradeWebSocket', { maxPayLoads: 4 }, 'there is no option maxPayLoads: maxPayload is meant'],
  ['send', { overflow: 'newest' }, 'overflow must be'],
  ['send', { onDrops: HANDLER }, 'there is no option onDrops: onDrop is meant'],
  ['a reply', { status: '200' }, '200 is not a status code'],
  ['a reply', { reason: 5 }, 'reason must be a string, not 5'],
  ['a reply', { highWaterMark: '5' }, 'highWaterMark must be a whole number of at least 1, or Infinity, not "5"'],
  ['a reply', { overflow: null }, 'overflow must be'],
  ['a reply', { onDrop: 'x' }, 'onDrop must be a function, not "x"'],
  ['handleEach', { concurrent: 0 }, 'concurrent must be a whole number of at least 1, or Infinity, not 0'],
  ['handleEach', { concurrency: 1 }, 'there is no option concurrency: concurrent is meant'],
  ['onBackpressureBuffer', {}, 'bufferBytes must be a whole number of at least 0, or Infinity, not undefined'],
  ['onBackpressureBuffer', { bufferBytes: 5, overflow: 'latest' }, "overflow must be 'error' or 'dropOldest' or"],
  ['fromPublisher', { batch: 1.5 }, 'batch must be a whole number of at least 1, or Infinity, not 1.5'],
  ['fromPublisher', { batches: 2 }, 'there is no option batches: batch is meant'],
  ['toPublisher', { highWaterMark: 0 }, 'highWaterMark must be a whole number of at least 1'],
  ['marbles', { timers: 'fake' }, "timers must be 'real' or 'virtual', not \"fake\""],
  ['marbles', { unanswered: 1 }, 'unanswered must be true or false, not 1'],
  ['marbles', { takes: 'now' }, "takes must be 'at once' or 'later', not \"now\""],
  ['mergeMap', 0, 'concurrency must be a whole number of at least 1, or Infinity, not 0'],
  ['mergeMap', NaN, 'concurrency must be a whole number of at least 1, or Infinity, not NaN'],
  ['expectNothing', [NaN], 'forMs must be a whole number of at least 1, or Infinity, not NaN'],
  ['expectNothing', [0], 'forMs must be a whole number of at least 1'],
  ['expectNothing', [1, -1], 'from must be a whole number of at least 0, or Infinity, not -1'],
  ['a diagram', 5, 'sends must be a string, not 5'],
  ['the reads of a WebSocket', null, 'reads must be a string, not null'],
  ['serve of a test', { onError: 5 }, 'onError must be a function, not 5'],
  ['serve of a test', { handlerTimeOuts: 5 }, 'there is no option handlerTimeOuts: handlerTimeout is meant'],
  ['connect of a test', { reads: 5 }, 'reads must be a string, not 5'],
  ['connect of a test', { readrate: 5 }, 'there is no option readrate: readRate is meant'],
]

function refusal(message: string): unknown {
  return expect.objectContaining({ name: 'LocalProtocolError', message: expect.stringContaining(message) })
}

describe('refused', () => {
  it.each(WRONG)('by %s: %j', (face, options, message) => {
    expect(() => FACES[face](options as never)).toThrow(refusal(message))
  })

  it.each(WRONG.filter(([face]) => face === 'serve'))('by listen as by %s: %j', async (_, options, message) => {
    await expect(firstValueFrom(listen(options as never))).rejects.toEqual(refusal(message))
  })

  it.each([undefined, null, 'handler', {}])('as a handler: %p', handler => {
    const message = 'the handler must be a function'
    expect(() => serve(handler as never)).toThrow(refusal(message))
    expect(() => handleEach(handler as never)).toThrow(refusal(message))
    expect(() => ServerConnection.create(handler as never)).toThrow(refusal(message))
  })

  it('by the close of a server, which keeps listening', async () => {
    const server = await start(HANDLER)
    expect(() => server.close({ grace: 5 } as never)).toThrow(refusal('there is no option grace: graceMs is meant'))
    expect(server.address).not.toBeNull()
  })

  it('by marblesAsync', async () => {
    const options = { until: 'the end' } as never
    await expect(marblesAsync(() => undefined, options)).rejects.toEqual(refusal('until must be a whole number'))
    await marblesAsync(() => undefined)
  })

  it('as the limit of a body: the request is answered with 500', async () => {
    const server = await start(async reqd => ({ body: await reqd.body.text('10' as never) }))
    expect(await ask(server, { method: 'POST', body: 'it' })).toMatchObject({ status: 500 })
    expect(server.errors).toEqual([refusal('the limit must be a whole number')])
  })
})

describe('accepted', () => {
  it.each<[string, object]>([
    ['names of other libraries that resemble none of ours', { logger: true, name: 'api', env: 'test', cors: {} }],
    ['undefined values', { port: undefined, onError: undefined, tls: undefined, lowWaterMark: undefined }],
    ['a signal', { signal: new AbortController().signal }],
    ['a low mark below the high one', { highWaterMark: 2, lowWaterMark: 1 }],
    ['a high mark of 1', { highWaterMark: 1 }],
  ])('%s', (_, options) => {
    const server = serve(HANDLER, { host: '127.0.0.1', ...options })
    afterwards(() => server.close())
    expect(server).toBeDefined()
  })

  it('is not a value without a prototype, which is refused without being converted to text', () => {
    const options = Object.assign(Object.create(null) as object, { onError: Object.create(null) as object })
    expect(() => serve(HANDLER, options as never)).toThrow(LocalProtocolError)
  })
})
