/**
 * The opening handshake: which requests are valid, and which origins are accepted.
 */
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { Headers, Request, Version, type Method } from '../../lib/message/index.js'
import { handshakeOf, sameHost, type Handshake, type Refusal } from '../../lib/ws/handshake.js'
import { isWebSocketRequest, upgradeWebSocket, type WebSocketOptions } from '../../lib/ws/index.js'
import { serve } from '../../lib/index.js'
import { frame, TEXT } from './frames.js'
import { handshake, RawClient } from './raw-client.js'
import { over, Stage } from './stage.js'

type Fields = Readonly<Record<string, string | string[] | null>>

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const FIELDS: Fields = {
  'host': 'example.org',
  'upgrade': 'websocket',
  'connection': 'keep-alive, Upgrade',
  'sec-websocket-key': KEY,
  'sec-websocket-version': '13',
}

function asked(fields: Fields, method: Method = 'GET', version = Version.HTTP_1_1): Request {
  const given = Object.entries({ ...FIELDS, ...fields }).filter((entry): entry is [string, string] => entry[1] !== null)
  return Request.create(method, '/', { version, headers: Headers.of(Object.fromEntries(given)) })
}

function answer(fields: Fields, options: WebSocketOptions = {}): Handshake | Refusal {
  return handshakeOf(asked(fields), options)
}

function statusOf(answered: Handshake | Refusal): number | undefined {
  return answered.type === 'accepted' ? 101 : answered.reply.status
}

describe('a handshake', () => {
  it('is accepted as in RFC 6455 §1.2', () => {
    expect(answer({})).toEqual({ type: 'accepted', key: KEY, protocol: '', agreement: null })
    expect(isWebSocketRequest({ request: asked({}) })).toBe(true)
  })

  it.each<[string, Fields]>([
    ['names in other cases', { upgrade: 'WebSocket', connection: 'UPGRADE' }],
    ['one of several protocols', { upgrade: 'foo, websocket' }],
    ['a body without bytes', { 'content-length': '0' }],
  ])('is accepted with %s', (_title, fields) => {
    expect(statusOf(answer(fields))).toBe(101)
  })

  it.each<[string, Fields]>([
    ['no Upgrade', { upgrade: null }],
    ['Upgrade to something else', { upgrade: 'h2c' }],
    ['Upgrade without Connection', { connection: 'keep-alive' }],
    ['no key', { 'sec-websocket-key': null }],
    ['a key that is too short', { 'sec-websocket-key': 'dGhlIHNhbXBsZQ==' }],
    ['two keys', { 'sec-websocket-key': [KEY, KEY] }],
    ['no version', { 'sec-websocket-version': null }],
    ['a body', { 'content-length': '1' }],
    ['a chunked body', { 'transfer-encoding': 'chunked' }],
    ['a subprotocol that is no token', { 'sec-websocket-protocol': 'chat, a b' }],
    ['a subprotocol twice', { 'sec-websocket-protocol': 'chat, chat' }],
  ])('is refused with %s (400)', (_title, fields) => {
    expect(statusOf(answer(fields))).toBe(400)
  })

  it('is refused with another method or HTTP/1.0 (400)', () => {
    expect(statusOf(handshakeOf(asked({}, 'POST'), {}))).toBe(400)
    expect(statusOf(handshakeOf(asked({}, 'GET', Version.HTTP_1_0), {}))).toBe(400)
    expect(isWebSocketRequest({ request: asked({}, 'POST') })).toBe(false)
  })

  it.each(['8', '14', '13, 8', 'x'])('is refused in version %s (426)', version => {
    const headers = { 'connection': 'Upgrade', 'upgrade': 'websocket', 'sec-websocket-version': '13' }
    expect(answer({ 'sec-websocket-version': version })).toMatchObject({ reply: { status: 426, headers } })
  })
})

describe('the subprotocol', () => {
  const offer = { 'sec-websocket-protocol': ['soap, Chat', ' chat ,'] }
  const chosen = (protocols?: WebSocketOptions['protocols']): unknown =>
    (answer(offer, protocols === undefined ? {} : { protocols }) as Handshake).protocol

  it('is the client\'s first that the server supports', () => {
    expect(chosen(['chat', 'soap'])).toBe('soap')
    expect(chosen(['chat'])).toBe('chat')
  })

  it('is none if none is common or supported', () => {
    expect(chosen(['other'])).toBe('')
    expect(chosen()).toBe('')
    expect((answer({}, { protocols: ['chat'] }) as Handshake).protocol).toBe('')
  })

  it('is chosen by a function from those offered', () => {
    expect(chosen(offered => offered[2])).toBe('chat')
    expect(chosen(() => null)).toBe('')
    expect(chosen(() => 'never offered')).toBe('')
  })
})

describe('the origin', () => {
  const status = (origin: string | null, origins?: WebSocketOptions['origins']): unknown =>
    statusOf(answer({ origin }, origins === undefined ? {} : { origins }))

  it('must be that of the host by default', () => {
    expect(status('https://example.org')).toBe(101)
    expect(status('https://evil.example')).toBe(403)
    expect(status('null')).toBe(403)
    expect(status(null)).toBe(101)
  })

  it('may be one of a list', () => {
    expect(status('https://app.example', ['https://app.example'])).toBe(101)
    expect(status('https://example.org', ['https://app.example'])).toBe(403)
    expect(status(null, ['https://app.example'])).toBe(101)
  })

  it('may be any', () => {
    expect(status('https://evil.example', '*')).toBe(101)
  })

  it('may be chosen by a function', () => {
    expect(status(null, origin => origin !== null)).toBe(403)
    expect(status('null', origin => origin !== null)).toBe(101)
  })

  it.each([
    ['http://localhost:8080', 'localhost:8080', true],
    ['http://localhost', 'localhost:80', true],
    ['https://localhost', 'LOCALHOST', true],
    ['https://localhost', 'localhost:443', true],
    ['http://localhost:8080', 'localhost:8081', false],
    ['http://localhost', '', false],
    ['http://localhost', 'a b', false],
    ['nonsense', 'localhost', false],
    ['http://[::1]:80', '[::1]', true],
    ['http://[::1]:8080', '[::1]', true],
    ['http://[::1]:8080', '[::1]:80', false],
    ['https://example.org:8443', 'Example.org', true],
    ['https://evil.example:8443', 'example.org', false],
    ['https://example.org.evil.example', 'example.org', false],
    ['https://example.org:8443', 'example.org:443', false],
    ['null', 'example.org', false],
  ])('%s matches the host "%s": %s', (origin, host, isSame) => {
    expect(sameHost(origin, host)).toBe(isSame)
  })
})

describe('a handshake on the wire', () => {
  it('is answered as in RFC 6455 §1.3', async () => {
    await using stage = await Stage.open({ protocols: ['chat'] })
    const head = await stage.raw(handshake({ 'Sec-WebSocket-Protocol': 'soap, chat' })).head
    expect(head.split('\r\n')).toEqual([
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      'Sec-WebSocket-Protocol: chat',
    ])
    expect((await stage.connection).protocol).toBe('chat')
  })

  it('gives a client of the ws package its subprotocol', async () => {
    await using stage = await Stage.open({ protocols: offered => offered[1] })
    const client = stage.client(['one', 'two'])
    await once(client, 'open')
    expect(client.protocol).toBe('two')
  })

  it('may be followed by frames in the same read', async () => {
    await using stage = await Stage.open()
    const client = stage.raw(Buffer.concat([Buffer.from(handshake()), frame(TEXT, 'early'), frame(TEXT, 'bird')]))
    expect(await client.tell(2)).toEqual(['text early', 'text bird'])
  })

  it('is refused with an ordinary response, after which the next request is served', async () => {
    await using stage = await Stage.open()
    const requests = [handshake({ 'Sec-WebSocket-Version': '8' }), handshake()]
    const client = stage.raw(requests.join(''))
    expect(await client.head).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n(.*\r\n)*sec-websocket-version: 13/i)
    expect(stage.errors).toEqual([])
  })

  it('makes no connection if it is refused', async () => {
    await using stage = await Stage.open()
    const head = await stage.raw(handshake({ Origin: 'https://evil.example' })).head
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden/)
    const connection = await stage.connection
    expect(await over(connection)).toBe('aborted')
    expect(connection.closure).toEqual({ code: 1006, reason: '', wasClean: false, error: null })
    expect(connection.write('in vain')).toBe(false)
    const messages: unknown[] = []
    connection.messages$.subscribe({ complete: () => { messages.push('complete') } })
    expect(messages).toEqual(['complete'])
  })

  it('is answered with 400 if its extensions are malformed', async () => {
    await using stage = await Stage.open({ deflate: true })
    const client = stage.raw(handshake({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=99' }))
    expect(await client.head).toMatch(/^HTTP\/1\.1 400 Bad Request/)
    expect(await over(await stage.connection)).toBe('aborted')
  })

  it('may be answered by a plain reply', async () => {
    await using server = serve(reqd => {
      if (reqd.target === '/ws') upgradeWebSocket(reqd)
      else return { body: isWebSocketRequest(reqd) ? 'not here' : 'a page' }
      return undefined
    }, { host: '127.0.0.1' })
    await server.listening
    const client = new RawClient(Number(new URL(server.url).port), handshake())
    expect(await client.head).toMatch(/^HTTP\/1\.1 200 OK/)
    client.socket.destroy()
  })
})
