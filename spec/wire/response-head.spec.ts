/**
 * The head of a response: the framing that is chosen, the fields that are added, and what is refused.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { type BodyLength, responseBodyLength } from '../../lib/message/body-length.js'
import { type Field, Headers } from '../../lib/message/headers.js'
import { Response } from '../../lib/message/response.js'
import { Version } from '../../lib/message/version.js'
import {
  responseHead, upgradeHead, UNKNOWN_LENGTH, type HeadContext, type ResponseHead,
} from '../../lib/wire/response-head.js'
import { codeOf } from './code-of.js'

const CONTEXT: HeadContext = { method: 'GET', isHttp11: true, isPersistent: true, date: '', keepAlive: 0 }
const unknown = UNKNOWN_LENGTH

function head(status: number, fields: Field[], length: number, context: Partial<HeadContext> = {}): ResponseHead {
  return responseHead(Response.create(status, { headers: Headers.ofList(fields) }), { ...CONTEXT, ...context }, length)
}

/** The head in one line: the fields, the framing of the body, and whether the connection persists. */
function summary({ text, encoding, isPersistent }: ResponseHead): string {
  const fields = text.split('\r\n').slice(1, -2).join(' | ')
  return `${fields} => ${encoding}, ${isPersistent ? 'persists' : 'closes'}`
}

type Case = [request: string, status: number, fields: string, length: number, expected: string]

/** The context of a request, which the table writes as `GET`, `HEAD 1.0` or `GET 1.0 keep-alive`. */
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
  ['GET', 200, '', 5, `${LENGTH} => fixed, persists`],
  ['GET', 200, '', 0, 'Content-Length: 0 => fixed, persists'],
  ['GET', 200, '', unknown, `${CHUNKED} => chunked, persists`],
  ['GET', 200, LENGTH, 5, `${LENGTH} => fixed, persists`],
  ['GET', 200, LENGTH, unknown, `${LENGTH} => fixed, persists`],
  ['GET', 200, CHUNKED, 5, `${CHUNKED} => chunked, persists`],
  ['GET', 200, CHUNKED, unknown, `${CHUNKED} => chunked, persists`],
  ['GET', 200, 'Transfer-Encoding: gzip, chunked', unknown, 'Transfer-Encoding: gzip, chunked => chunked, persists'],
  ['GET', 200, CLOSE, 5, `${CLOSE} | ${LENGTH} => fixed, closes`],
  ['GET', 200, 'connection: a, CLOSE', 5, `connection: a, CLOSE | ${LENGTH} => fixed, closes`],
  ['GET 1.1 close', 200, '', 5, `${LENGTH} | ${CLOSE} => fixed, closes`],
  ['GET 1.1 close', 200, CLOSE, 5, `${CLOSE} | ${LENGTH} => fixed, closes`],
  ['GET 1.1 close', 200, '', unknown, `${CHUNKED} | ${CLOSE} => chunked, closes`],
  ['POST', 404, '', 5, `${LENGTH} => fixed, persists`],
  // HTTP/1.0
  ['GET 1.0', 200, '', 5, `${LENGTH} | ${CLOSE} => fixed, closes`],
  ['GET 1.0', 200, '', unknown, `${CLOSE} => close, closes`],
  ['GET 1.0', 200, LENGTH, unknown, `${LENGTH} | ${CLOSE} => fixed, closes`],
  ['GET 1.0', 200, CHUNKED, unknown, `${CLOSE} => close, closes`],
  ['GET 1.0', 200, CHUNKED, 5, `${LENGTH} | ${CLOSE} => fixed, closes`],
  ['HEAD 1.0', 200, 'Transfer-Encoding: gzip, chunked', unknown, `${CLOSE} => none, closes`],
  ['GET 1.0', 304, 'Transfer-Encoding: gzip, chunked', unknown, `${CLOSE} => none, closes`],
  ['GET 1.0 keep-alive', 200, '', 5, `${LENGTH} | ${KEEP} => fixed, persists`],
  ['GET 1.0 keep-alive', 200, KEEP, 5, `${KEEP} | ${LENGTH} => fixed, persists`],
  ['GET 1.0 keep-alive', 200, '', unknown, `${CLOSE} => close, closes`],
  ['GET 1.0 keep-alive', 200, LENGTH, unknown, `${LENGTH} | ${KEEP} => fixed, persists`],
  // RFC 9110 §9.3.2: a response to HEAD has no body, and the fields of a response to GET as far as they are known.
  ['HEAD', 200, '', 5, `${LENGTH} => none, persists`],
  ['HEAD', 200, '', 0, ' => none, persists'],
  ['HEAD', 200, '', unknown, ' => none, persists'],
  ['HEAD', 200, LENGTH, 0, `${LENGTH} => none, persists`],
  ['HEAD', 200, LENGTH, 7, `${LENGTH} => none, persists`],
  ['HEAD', 200, CHUNKED, 5, `${CHUNKED} => none, persists`],
  ['HEAD', 204, '', 5, ' => none, persists'],
  ['HEAD', 304, '', 5, ' => none, persists'],
  ['HEAD 1.0', 200, '', unknown, `${CLOSE} => none, closes`],
  ['HEAD 1.0 keep-alive', 200, '', unknown, `${KEEP} => none, persists`],
  ['HEAD 1.0', 200, CHUNKED, 5, `${LENGTH} | ${CLOSE} => none, closes`],
  // RFC 9110 §15.3.5, §15.4.5: neither 204 nor 304 has a body; 204 has no framing fields either.
  ['GET', 204, '', 5, ' => none, persists'],
  ['GET', 204, '', unknown, ' => none, persists'],
  ['GET', 204, LENGTH, 5, ' => none, persists'],
  ['GET', 204, CHUNKED, unknown, ' => none, persists'],
  ['GET', 304, '', 5, ' => none, persists'],
  ['GET', 304, '', unknown, ' => none, persists'],
  ['GET', 304, LENGTH, 0, `${LENGTH} => none, persists`],
  ['GET 1.0', 304, '', unknown, `${CLOSE} => none, closes`],
  // RFC 9110 §15.3.6: a 205 has no content, and declares it with Content-Length: 0.
  ['GET', 205, '', 0, 'Content-Length: 0 => none, persists'],
  ['GET', 205, '', 5, 'Content-Length: 0 => none, persists'],
  ['GET', 205, '', unknown, 'Content-Length: 0 => none, persists'],
  ['GET', 205, LENGTH, 5, 'Content-Length: 0 => none, persists'],
  ['POST', 205, CHUNKED, unknown, 'Content-Length: 0 => none, persists'],
  ['HEAD', 205, '', 5, 'Content-Length: 0 => none, persists'],
  ['GET 1.0', 205, CHUNKED, unknown, `Content-Length: 0 | ${CLOSE} => none, closes`],
  // RFC 9110 §9.3.6: a 2xx to CONNECT has neither a body nor framing fields. After any response the connection closes:
  // the client may already have sent bytes for the tunnel.
  ['CONNECT', 200, '', 5, `${CLOSE} => none, closes`],
  ['CONNECT', 200, LENGTH, 5, `${CLOSE} => none, closes`],
  ['CONNECT', 299, CHUNKED, unknown, `${CLOSE} => none, closes`],
  ['CONNECT', 403, '', 5, `${LENGTH} | ${CLOSE} => fixed, closes`],
  ['CONNECT', 403, '', unknown, `${CHUNKED} | ${CLOSE} => chunked, closes`],
]

describe('the framing of a response (RFC 9112 §6)', () => {
  it.each(FRAMING)('to %s, status %d, fields "%s", length %d: %s', (...row) => {
    const [request, status, fields, length, expected] = row
    expect(summary(head(status, fieldsOf(fields), length, contextOf(request)))).toBe(expected)
  })

  it('takes the length from Content-Length, else from the body', () => {
    expect(head(200, [['Content-Length', '5']], unknown).length).toBe(5)
    expect(head(200, [], 7).length).toBe(7)
  })

  it('with further codings is refused for an HTTP/1.0 client that would receive a body', () => {
    for (const codings of ['gzip, chunked', 'x,\tchunked', ', gzip, , chunked']) {
      for (const length of [5, unknown]) {
        const call = (): unknown => head(200, [['Transfer-Encoding', codings]], length, contextOf('GET 1.0'))
        expect(codeOf(call)).toBe('badFraming')
      }
    }
    expect(summary(head(200, [['Transfer-Encoding', ', chunked,']], 5, contextOf('GET 1.0'))))
      .toBe(`${LENGTH} | ${CLOSE} => fixed, closes`)
  })

  it.each<[why: string, status: number, fields: Field[], length: number, code: string]>([
    ['Content-Length differs from the length', 200, [['Content-Length', '5']], 4, 'badFraming'],
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

  it('has the version HTTP/1.1 for an HTTP/1.0 client, too (RFC 9110 §6.2)', () => {
    const { text } = responseHead(Response.create(200), { ...CONTEXT, isHttp11: false }, 0)
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  it.each(['a\r\nB: c', 'a\n', '\0', 'a\x7f', '\u0100'])('refuses the reason %j', reason => {
    expect(codeOf(() => line(200, reason))).toBe('badStatus')
  })

  it.each([0, 99, 600, 999, 1000, 200.5, NaN])('refuses the status %d', status => {
    const response = new Response(status, '', Version.HTTP_1_1, Headers.empty)
    expect(codeOf(() => responseHead(response, CONTEXT, 0))).toBe('badStatus')
  })
})

describe('a response with the version HTTP/1.0 (RFC 9110 §6.2)', () => {
  const old = (fields: Field[], length: number, context: Partial<HeadContext> = {}): ResponseHead => {
    const response = Response.create(200, { version: Version.HTTP_1_0, headers: Headers.ofList(fields) })
    return responseHead(response, { ...CONTEXT, ...context }, length)
  }

  it('is sent with this version and by its rules, to an HTTP/1.1 client, too', () => {
    expect(old([], 5).text).toBe('HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n')
    expect(summary(old([], 5, { isPersistent: false }))).toBe(`${LENGTH} | ${CLOSE} => fixed, closes`)
    expect(summary(old([], unknown))).toBe(`${CLOSE} => close, closes`)
  })

  it('has its own status line beside responses in HTTP/1.1 with the same fields', () => {
    const headers = Headers.of({ A: 'b' })
    const line = (version: Version): string =>
      responseHead(Response.create(200, { version, headers }), CONTEXT, 5).text.split('\r\n')[0]
    expect([Version.HTTP_1_1, Version.HTTP_1_0, Version.HTTP_1_1].map(line))
      .toEqual(['HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 200 OK'])
  })

  it('is refused with Transfer-Encoding, and any version but 1.0 and 1.1 is refused', () => {
    expect(codeOf(() => old([['Transfer-Encoding', 'chunked']], unknown))).toBe('badFraming')
    for (const version of [Version.of(0, 9), Version.of(1, 2), Version.of(2, 0)]) {
      expect(codeOf(() => responseHead(Response.create(200, { version }), CONTEXT, 0))).toBe('badStatus')
    }
  })
})

describe('responseBodyLength and responseHead', () => {
  const values: fc.Arbitrary<Field> = fc.oneof(
    fc.tuple(fc.constant('Content-Length'), fc.constantFrom('0', '3', '3, 3', '03', '+3', '', '9007199254740993')),
    fc.tuple(fc.constant('transfer-encoding'), fc.constantFrom('chunked', 'gzip', 'gzip, chunked', 'chunked, gzip')),
    fc.constant<Field>(['A', 'b']),
  )
  const statuses = fc.constantFrom(200, 204, 205, 299, 304, 404, 500)
  const versions = fc.constantFrom(Version.HTTP_1_0, Version.HTTP_1_1)

  it('agree: an invalid length is refused, any other is sent (RFC 9112 §6.3)', () => {
    const methods = fc.constantFrom('GET', 'HEAD', 'POST', 'CONNECT')
    const fields = fc.array(values, { maxLength: 3 })
    fc.assert(fc.property(methods, statuses, versions, fields, (method, status, version, list) => {
      const response = Response.create(status, { version, headers: Headers.ofList(list) })
      const asked = responseBodyLength(method, response)
      if (asked.type === 'error') {
        expect(codeOf(() => responseHead(response, { ...CONTEXT, method }, unknown))).toBe('badFraming')
        return
      }
      const sent = responseHead(response, { ...CONTEXT, method }, unknown)
      expect(sent.encoding).toBe(isNone(method, status) ? 'none' : encodingOf(asked, version))
      if (sent.encoding === 'fixed') expect(asked).toEqual({ type: 'fixed', length: sent.length })
    }))
  })
})

/** Whether the response has no body: RFC 9112 §6.3 (items 1 and 2), RFC 9110 §15.3.6. */
function isNone(method: string, status: number): boolean {
  return method === 'HEAD' || [204, 205, 304].includes(status) || (method === 'CONNECT' && status < 300)
}

/** The encoding of a body of this length. If the fields leave it open: chunked, or close-delimited in HTTP/1.0. */
function encodingOf(length: BodyLength, version: Version): string {
  if (length.type !== 'closeDelimited') return length.type
  return version === Version.HTTP_1_1 ? 'chunked' : 'close'
}

describe('the Date of a response (RFC 9110 §6.6.1)', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT'

  it('comes first, if a date is given', () => {
    expect(summary(head(200, [['A', 'b']], 5, { date }))).toBe(`Date: ${date} | A: b | ${LENGTH} => fixed, persists`)
  })

  it("is the handler's if it sets one", () => {
    expect(summary(head(200, [['date', 'x']], 5, { date }))).toBe(`date: x | ${LENGTH} => fixed, persists`)
  })
})

describe('Keep-Alive (RFC 9112 §C.2.2)', () => {
  const hint = (fields: Field[], context: Partial<HeadContext> = {}, length = 5): string =>
    summary(head(200, fields, length, { keepAlive: 65, ...context }))

  it('announces the idle timeout of a connection that persists', () => {
    const kept = `${LENGTH} | ${KEEP} | Keep-Alive: timeout=65 => fixed, persists`
    expect(hint([])).toBe(kept)
    expect(hint([], { isHttp11: false })).toBe(kept)
  })

  it('is absent if the connection closes, or if the handler sets Connection', () => {
    expect(hint([], { isPersistent: false })).toBe(`${LENGTH} | ${CLOSE} => fixed, closes`)
    expect(hint([], { isHttp11: false }, unknown)).toBe(`${CLOSE} => close, closes`)
    expect(hint([['Connection', 'x']])).toBe(`Connection: x | ${LENGTH} => fixed, persists`)
  })
})

describe('the head of an upgrade (RFC 9110 §7.8)', () => {
  const upgrade = (status: number, fields: Field[], date = ''): string =>
    upgradeHead(Response.create(status, { headers: Headers.ofList(fields) }), date)

  it('has Connection: upgrade, or the Connection of the handler', () => {
    expect(upgrade(101, [['Upgrade', 'x']])).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')
    expect(upgrade(101, [['Upgrade', 'x'], ['Connection', 'Upgrade, y']])).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade, y\r\n\r\n')
  })

  it('has one Date, which the handler may set', () => {
    expect(upgrade(200, [], 'now')).toBe('HTTP/1.1 200 OK\r\nDate: now\r\n\r\n')
    expect(upgrade(200, [['Date', 'then']], 'now')).toBe('HTTP/1.1 200 OK\r\nDate: then\r\n\r\n')
  })

  it('drops framing fields (RFC 9112 §6.1, RFC 9110 §8.6)', () => {
    expect(upgrade(200, [['Content-Length', '5'], ['A', 'b']])).toBe('HTTP/1.1 200 OK\r\nA: b\r\n\r\n')
    expect(upgrade(200, [['Transfer-Encoding', 'chunked']])).toBe('HTTP/1.1 200 OK\r\n\r\n')
  })

  it('refuses a line end in a field value', () => {
    expect(codeOf(() => upgrade(101, [['Upgrade', 'x\r\n']]))).toBe('badField')
  })
})
