import { describe, expect, it } from '@jest/globals'
import type { LocalProtocolError } from '../../lib/errors.js'
import { type Field, Headers } from '../../lib/message/headers.js'
import { Response } from '../../lib/message/response.js'
import { Version } from '../../lib/message/version.js'
import {
  responseHead, upgradeHead, UNKNOWN_LENGTH, type HeadContext, type ResponseHead,
} from '../../lib/wire/response-head.js'

const CONTEXT: HeadContext = { method: 'GET', isHttp11: true, isPersistent: true, date: '' }
const unknown = UNKNOWN_LENGTH

function head(status: number, fields: Field[], length: number, context: Partial<HeadContext> = {}): ResponseHead {
  return responseHead(Response.create(status, { headers: Headers.ofList(fields) }), { ...CONTEXT, ...context }, length)
}

/** The head in one line: the fields, how the body is framed, and whether the connection goes on. */
function summary({ text, encoding, isPersistent }: ResponseHead): string {
  const fields = text.split('\r\n').slice(1, -2).join(' | ')
  return `${fields} => ${encoding}, ${isPersistent ? 'goes on' : 'closes'}`
}

function codeOf(make: () => unknown): string {
  try {
    make()
    return 'none'
  } catch (error) {
    return (error as LocalProtocolError).code
  }
}

type Case = [request: string, status: number, fields: string, length: number, expected: string]

/** `GET`, `HEAD 1.0`, `GET 1.0 keep-alive` …: a request as the table writes it. */
function contextOf(request: string): Partial<HeadContext> {
  const [method, version = '1.1', connection = version === '1.1' ? 'keep-alive' : 'close'] = request.split(' ')
  return { method: method, isHttp11: version === '1.1', isPersistent: connection === 'keep-alive' }
}

function fieldsOf(text: string): Field[] {
  return text === '' ? [] : text.split(' | ').map((line): Field => {
    const [name, value] = line.split(': ')
    return [name, value]
  })
}

const LENGTH = 'Content-Length: 5'
const CHUNKED = 'Transfer-Encoding: chunked'
const CLOSE = 'Connection: close'
const KEEP = 'Connection: keep-alive'

/** RFC 9112 §6.1, §6.2, §6.3, §9.3: framing by request, status, fields of the handler and length of the body. */
const FRAMING: Case[] = [
  ['GET', 200, '', 5, `${LENGTH} => fixed, goes on`],
  ['GET', 200, '', 0, 'Content-Length: 0 => fixed, goes on'],
  ['GET', 200, '', unknown, `${CHUNKED} => chunked, goes on`],
  ['GET', 200, LENGTH, 5, `${LENGTH} => fixed, goes on`],
  ['GET', 200, LENGTH, unknown, `${LENGTH} => fixed, goes on`],
  ['GET', 200, CHUNKED, 5, `${CHUNKED} => chunked, goes on`],
  ['GET', 200, CHUNKED, unknown, `${CHUNKED} => chunked, goes on`],
  ['GET', 200, 'Transfer-Encoding: gzip, chunked', unknown, 'Transfer-Encoding: gzip, chunked => chunked, goes on'],
  ['GET', 200, CLOSE, 5, `${CLOSE} | ${LENGTH} => fixed, closes`],
  ['GET', 200, 'connection: a, CLOSE', 5, `connection: a, CLOSE | ${LENGTH} => fixed, closes`],
  ['GET 1.1 close', 200, '', 5, `${LENGTH} | ${CLOSE} => fixed, closes`],
  ['GET 1.1 close', 200, CLOSE, 5, `${CLOSE} | ${LENGTH} => fixed, closes`],
  ['GET 1.1 close', 200, '', unknown, `${CHUNKED} | ${CLOSE} => chunked, closes`],
  ['POST', 404, '', 5, `${LENGTH} => fixed, goes on`],
  ['GET', 205, '', 0, 'Content-Length: 0 => fixed, goes on'],
  // HTTP/1.0
  ['GET 1.0', 200, '', 5, `${LENGTH} | ${CLOSE} => fixed, closes`],
  ['GET 1.0', 200, '', unknown, `${CLOSE} => close, closes`],
  ['GET 1.0', 200, LENGTH, unknown, `${LENGTH} | ${CLOSE} => fixed, closes`],
  ['GET 1.0', 200, CHUNKED, unknown, `${CLOSE} => close, closes`],
  ['GET 1.0', 200, CHUNKED, 5, `${LENGTH} | ${CLOSE} => fixed, closes`],
  ['GET 1.0 keep-alive', 200, '', 5, `${LENGTH} | ${KEEP} => fixed, goes on`],
  ['GET 1.0 keep-alive', 200, KEEP, 5, `${KEEP} | ${LENGTH} => fixed, goes on`],
  ['GET 1.0 keep-alive', 200, '', unknown, `${CLOSE} => close, closes`],
  ['GET 1.0 keep-alive', 200, LENGTH, unknown, `${LENGTH} | ${KEEP} => fixed, goes on`],
  // RFC 9110 §9.3.2: HEAD has no body, and the fields that GET would have, as far as they are known.
  ['HEAD', 200, '', 5, `${LENGTH} => none, goes on`],
  ['HEAD', 200, '', 0, ' => none, goes on'],
  ['HEAD', 200, '', unknown, ' => none, goes on'],
  ['HEAD', 200, LENGTH, 0, `${LENGTH} => none, goes on`],
  ['HEAD', 200, LENGTH, 7, `${LENGTH} => none, goes on`],
  ['HEAD', 200, CHUNKED, 5, `${CHUNKED} => none, goes on`],
  ['HEAD', 204, '', 5, ' => none, goes on'],
  ['HEAD', 304, '', 5, ' => none, goes on'],
  ['HEAD 1.0', 200, '', unknown, `${CLOSE} => none, closes`],
  ['HEAD 1.0 keep-alive', 200, '', unknown, `${KEEP} => none, goes on`],
  ['HEAD 1.0', 200, CHUNKED, 5, `${LENGTH} | ${CLOSE} => none, closes`],
  // RFC 9110 §15.3.5, §15.4.5: neither 204 nor 304 has a body; 204 has no framing fields either.
  ['GET', 204, '', 5, ' => none, goes on'],
  ['GET', 204, '', unknown, ' => none, goes on'],
  ['GET', 204, LENGTH, 5, ' => none, goes on'],
  ['GET', 204, CHUNKED, unknown, ' => none, goes on'],
  ['GET', 304, '', 5, ' => none, goes on'],
  ['GET', 304, '', unknown, ' => none, goes on'],
  ['GET', 304, LENGTH, 0, `${LENGTH} => none, goes on`],
  ['GET 1.0', 304, '', unknown, `${CLOSE} => none, closes`],
  // RFC 9110 §9.3.6: a 2xx to CONNECT has neither; any other answer is like others.
  ['CONNECT', 200, '', 5, `${CLOSE} => none, closes`],
  ['CONNECT', 200, LENGTH, 5, `${CLOSE} => none, closes`],
  ['CONNECT', 299, CHUNKED, unknown, `${CLOSE} => none, closes`],
  ['CONNECT', 403, '', 5, `${LENGTH} => fixed, goes on`],
  ['CONNECT', 403, '', unknown, `${CHUNKED} => chunked, goes on`],
]

describe('the framing of a response (RFC 9112 §6)', () => {
  it.each(FRAMING)('to %s, status %d, fields "%s", length %d: %s', (...row) => {
    const [request, status, fields, length, expected] = row
    expect(summary(head(status, fieldsOf(fields), length, contextOf(request)))).toBe(expected)
  })

  it('has the length that Content-Length says, else that of the body', () => {
    expect(head(200, [['Content-Length', '5']], unknown).length).toBe(5)
    expect(head(200, [], 7).length).toBe(7)
  })

  it.each<[why: string, status: number, fields: Field[], length: number, code: string]>([
    ['Content-Length is not the length', 200, [['Content-Length', '5']], 4, 'badFraming'],
    ['both framing fields', 200, [['Content-Length', '5'], ['Transfer-Encoding', 'chunked']], 5, 'badFraming'],
    ['both framing fields, no body', 204, [['Content-Length', '5'], ['Transfer-Encoding', 'chunked']], 0, 'badFraming'],
    ['a bad field', 200, [['A', 'b\r\nC: d']], 5, 'badField'],
    ['a bad Content-Length', 204, [['Content-Length', 'x']], 0, 'badFraming'],
    ['an informational status', 101, [], 0, 'badStatus'],
  ])('is refused: %s', (...[, status, fields, length, code]) => {
    expect(codeOf(() => head(status, fields, length))).toBe(code)
  })
})

describe('a status line (RFC 9112 §4)', () => {
  const line = (status: number, reason?: string): string => {
    const options = reason === undefined ? {} : { reason }
    return responseHead(Response.create(status, options), CONTEXT, 0).text.split('\r\n')[0]
  }

  it('has the reason phrase, which may be empty', () => {
    expect(line(200)).toBe('HTTP/1.1 200 OK')
    expect(line(200, '')).toBe('HTTP/1.1 200 ')
    expect(line(200, 'Fine\t\xff')).toBe('HTTP/1.1 200 Fine\t\xff')
    expect(line(599)).toMatch(/^HTTP\/1\.1 599 /)
  })

  it('is in HTTP/1.1 whatever the response says (RFC 9110 §2.5)', () => {
    const response = Response.create(200, { version: Version.HTTP_1_0 })
    expect(responseHead(response, { ...CONTEXT, isHttp11: false }, 0).text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  it.each(['a\r\nB: c', 'a\n', '\0', 'a\x7f', '\u0100'])('has no reason %j', reason => {
    expect(codeOf(() => line(200, reason))).toBe('badStatus')
  })

  it.each([0, 99, 1000, 200.5, NaN])('has no status %d', status => {
    const response = new Response(status, '', Version.HTTP_1_1, Headers.empty)
    expect(codeOf(() => responseHead(response, CONTEXT, 0))).toBe('badStatus')
  })
})

describe('the Date of a response (RFC 9110 §6.6.1)', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT'

  it('comes first, where there is a clock', () => {
    expect(summary(head(200, [['A', 'b']], 5, { date }))).toBe(`Date: ${date} | A: b | ${LENGTH} => fixed, goes on`)
  })

  it("is the handler's where it sets one", () => {
    expect(summary(head(200, [['date', 'x']], 5, { date }))).toBe(`date: x | ${LENGTH} => fixed, goes on`)
  })
})

describe('the head of an upgrade (RFC 9110 §7.8)', () => {
  const upgrade = (status: number, fields: Field[], date = ''): string =>
    upgradeHead(Response.create(status, { headers: Headers.ofList(fields) }), date)

  it('says so in Connection', () => {
    expect(upgrade(101, [['Upgrade', 'x']])).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')
    expect(upgrade(101, [['Upgrade', 'x'], ['Connection', 'Upgrade, y']])).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade, y\r\n\r\n')
  })

  it('has a Date, once', () => {
    expect(upgrade(200, [], 'now')).toBe('HTTP/1.1 200 OK\r\nDate: now\r\n\r\n')
    expect(upgrade(200, [['Date', 'then']], 'now')).toBe('HTTP/1.1 200 OK\r\nDate: then\r\n\r\n')
  })

  it('has no framing fields (RFC 9112 §6.1, RFC 9110 §8.6)', () => {
    expect(upgrade(200, [['Content-Length', '5'], ['A', 'b']])).toBe('HTTP/1.1 200 OK\r\nA: b\r\n\r\n')
    expect(upgrade(200, [['Transfer-Encoding', 'chunked']])).toBe('HTTP/1.1 200 OK\r\n\r\n')
  })

  it('has no field that would start another line', () => {
    expect(codeOf(() => upgrade(101, [['Upgrade', 'x\r\n']]))).toBe('badField')
  })
})
