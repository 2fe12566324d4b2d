/**
 * The parser of a whole head, in every cut of its input.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { type Field, Headers } from '../../lib/message/headers.js'
import { hostFault } from '../../lib/message/host.js'
import { requestIsPersistent } from '../../lib/message/persistence.js'
import { Request } from '../../lib/message/request.js'
import { Version } from '../../lib/message/version.js'
import { HeadParser } from '../../lib/wire/head-parser.js'
import { latin1 } from '../helpers/splits.js'
import { heads } from './subjects.js'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Parses `head` in pieces of `size` bytes, each offered behind the unconsumed ones. Returns the request as text. */
function trickled(head: string, size: number): string {
  const parser = new HeadParser(16_384, 256)
  const bytes = latin1(head)
  let consumed = 0
  for (let end = size; end < bytes.length; end += size) consumed += parser.parse(bytes, consumed, end)
  parser.parse(bytes, consumed, bytes.length)
  return String(parser.request)
}

describe('request heads (RFC 9112 §2.1)', () => {
  it.each([
    [GET],
    ['GET / HTTP/1.1\r\n\r\n'],
    ['POST /a HTTP/1.0\r\nA: b\r\nC: d\r\n\r\n'],
  ])('%j', head => {
    expect(heads(head)).toEqual([head])
  })

  it('may follow one another', () => {
    expect(heads(GET + 'PUT /a HTTP/1.0\r\n\r\n' + GET)).toEqual([GET, 'PUT /a HTTP/1.0\r\n\r\n', GET])
  })

  it('are consumed in two steps: the request line, then the fields', () => {
    const parser = new HeadParser(1000, 100)
    const bytes = latin1(GET)
    expect([parser.parse(bytes, 0, 15), parser.isWithinHead]).toEqual([0, false])
    expect([parser.parse(bytes, 0, 20), parser.isWithinHead, parser.method]).toEqual([16, true, 'GET'])
    expect([parser.parse(bytes, 16, 26), parser.isWithinHead, parser.request]).toEqual([0, true, null])
    expect([parser.parse(bytes, 16, 27), parser.isWithinHead, parser.method]).toEqual([11, false, null])
    expect(parser.request?.toString()).toBe(GET)
  })

  it('§2.2: may be preceded by empty lines', () => {
    expect(heads('\r\n' + GET)).toEqual([GET])
    expect(heads('\r\n\r\n\r\n' + GET + '\r\n' + GET + '\r\n')).toEqual([GET, GET])
  })

  it.each<[text: string, fault: string]>([
    ['\n' + GET, 'badLineEnd@0'],
    ['\r' + GET, 'badLineEnd@0'],
    ['\r\n\rGET / HTTP/1.1\r\n\r\n', 'badLineEnd@2'],
    ['\r\n \r\n' + GET, 'badMethod@2'],
    ['\r', 'badLineEnd@0'],
    ['GET / HTTP/2.0\r\n\r\n', 'unknownVersion@11'],
    ['GET / HTTP/1.1\r\n Host: a\r\n\r\n', 'badFieldName@16'],
    ['\r\nGET / HTTP/1.1\r\nA : b\r\n\r\n', 'badFieldName@19'],
    ['GET / HTTP/1.1\r\nA: b\r\n', 'unexpectedEof@22'],
    ['\r\nGET / HTTP', 'unexpectedEof@12'],
  ])('refuses %j: %s', (text, fault) => {
    expect(heads(text)).toEqual([fault])
  })

  it('are not parsed after a fault', () => {
    expect(heads(GET + 'GET\r\n' + GET)).toEqual([GET, 'badLineEnd@3'])
  })

  describe('with a limit', () => {
    it('count against it as a whole, with the empty lines before them', () => {
      expect(heads(GET + GET, GET.length)).toEqual([GET, GET])
      expect(heads('\r\n' + GET, GET.length + 2)).toEqual([GET])
      expect(heads('\r\n' + GET, GET.length + 1)).toEqual([`headTooLarge@${GET.length + 1}`])
      expect(heads(GET + GET, GET.length - 1)).toEqual([`headTooLarge@${GET.length - 1}`])
    })

    it('fail with targetTooLong if their request line exceeds it, else with headTooLarge', () => {
      expect(heads('GET / HTTP/1.1\r\n\r\n', 18)).toEqual(['GET / HTTP/1.1\r\n\r\n'])
      expect(heads('GET / HTTP/1.1\r\n\r\n', 17)).toEqual(['headTooLarge@17'])
      expect(heads('GET / HTTP/1.1\r\n\r\n', 16)).toEqual(['headTooLarge@16'])
      expect(heads('GET / HTTP/1.1\r\n\r\n', 15)).toEqual(['targetTooLong@15'])
    })

    it('fail if empty lines alone exceed it', () => {
      expect(heads('\r\n\r\n', 5)).toEqual([])
      expect(heads('\r\n\r\n', 4)).toEqual(['headTooLarge@4'])
      expect(heads('\r\n\r\n\r\n', 5)).toEqual(['headTooLarge@5'])
    })

    it('fail if they have more fields than their limit', () => {
      const head = 'GET / HTTP/1.1\r\n' + 'A: b\r\n'.repeat(3) + '\r\n'
      expect(heads(head, 1000, 3)).toEqual([head])
      expect(heads(head, 1000, 2)).toEqual(['tooManyFields@28'])
    })

    it('have the same limit behind another request in the same read', () => {
      const long = 'GET / HTTP/1.1\r\nA: bcd\rX\r\n\r\n'
      for (const limit of [21, 22, 23]) {
        const fault = heads(long, limit)
        expect(heads('GET / HTTP/1.1\r\n\r\n' + long, limit)).toEqual(['GET / HTTP/1.1\r\n\r\n', ...fault])
      }
    })
  })

  it('may have 256 fields in 14 KiB, and arrive in pieces of any size', () => {
    const fields = Array.from({ length: 256 }, (_, index) => `X-${index}: ${'v'.repeat(50)}\r\n`).join('')
    const head = `GET / HTTP/1.1\r\n${fields}\r\n`
    for (const size of [1, 2, 7, 1000, 4096, 5000, head.length]) expect(trickled(head, size)).toBe(head)
  })

  it('are released at the end of the read', () => {
    const parser = new HeadParser(1000, 100)
    parser.parse(latin1(GET), 0, GET.length)
    parser.release()
    expect(parser.request).toBeNull()
  })
})

describe('the authority of an absolute-form target (RFC 9112 §3.2.2)', () => {
  const parsed = (fields: string, version = 'HTTP/1.1'): string =>
    heads(`GET http://b:8080/c ${version}\r\n${fields}\r\n`)[0].split('\r\n').slice(1, -2).join(' | ')

  it('replaces the value of Host, in the same position', () => {
    expect(parsed('A: b\r\nhost: a\r\nC: d\r\n')).toBe('A: b | Host: b:8080 | C: d')
  })

  it('becomes the Host of an HTTP/1.0 request without one', () => {
    expect(parsed('A: b\r\n', 'HTTP/1.0')).toBe('A: b | Host: b:8080')
  })

  it('does not replace a missing, repeated or invalid Host', () => {
    expect(parsed('')).toBe('')
    expect(parsed('Host: a\r\nHost: a\r\n')).toBe('Host: a | Host: a')
    expect(parsed('Host: a/b\r\n')).toBe('Host: a/b')
  })

  it('is not taken from targets in other forms', () => {
    expect(heads('GET /http://b HTTP/1.1\r\nHost: a\r\n\r\n')).toEqual(['GET /http://b HTTP/1.1\r\nHost: a\r\n\r\n'])
    expect(heads('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')).toEqual(['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'])
    expect(heads('CONNECT b:1 HTTP/1.1\r\nHost: a\r\n\r\n')).toEqual(['CONNECT b:1 HTTP/1.1\r\nHost: a\r\n\r\n'])
  })
})

/** The request with these fields: parsed from a head, and built from values. */
function bothWays(version: Version, fields: readonly Field[]): { readonly parsed: Request; readonly built: Request } {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  const parser = new HeadParser(1000, 100)
  const input = latin1(`GET / ${version.toString()}\r\n${lines.join('')}\r\n`)
  parser.parse(input, 0, input.length)
  return { parsed: parser.request!, built: Request.create('GET', '/', { version, headers: Headers.ofList(fields) }) }
}

const versions = fc.constantFrom(Version.HTTP_1_0, Version.HTTP_1_1)

describe('a Connection field, evaluated by the parser', () => {
  const name = fc.constantFrom('Connection', 'connection', 'CONNECTION', 'cOnNeCtIoN', 'Connectiom', 'User-Agent')
  const value = fc.constantFrom(
    'keep-alive', 'Keep-Alive', 'KEEP-ALIVE', ' keep-alive ', 'close', 'keep-alive, close', 'keep-alive,',
    'keep-alives', 'keep_alive', 'upgrade', 'keep-alive, upgrade', '',
  )

  it('keeps the connection open exactly if it does so in a built request', () => {
    fc.assert(fc.property(versions, fc.array(fc.tuple(name, value), { maxLength: 3 }), (version, fields) => {
      const { parsed, built } = bothWays(version, fields)
      expect(requestIsPersistent(parsed)).toBe(requestIsPersistent(built))
    }))
  })
})

describe('a Host field, validated by the parser', () => {
  const value = fc.oneof(
    fc.constantFrom('a', 'a:80', 'a:', ':80', '', 'a b', 'a:8x', 'a:80:80', '[::1]', '%41', 'a%4', 'a/b', '\xe9'),
    fc.stringMatching(/^[\w.~!$&'()*+,;=:%-]{0,12}$/),
  )
  const name = fc.constantFrom('Host', 'host', 'HOST', 'hOsT', 'Hosts', 'Hos', 'Jost')

  it('is invalid exactly if it is so in a built request', () => {
    fc.assert(fc.property(versions, fc.array(fc.tuple(name, value), { maxLength: 3 }), (version, fields) => {
      const { parsed, built } = bothWays(version, fields)
      expect(hostFault(parsed)).toBe(hostFault(built))
    }))
  })
})
