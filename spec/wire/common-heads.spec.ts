/**
 * The short ways of the head parser, for what most clients send, agree with the rules: on methods and versions that are
 * nearly the common ones, and on fields that concern the body, in any case and place.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { decodeLatin1 } from '../../lib/buffer/latin1.js'
import { DEFAULT_CONFIG } from '../../lib/connection/config.js'
import { requestFault } from '../../lib/connection/request-check.js'
import { requestBodyLength } from '../../lib/message/body-length.js'
import { Headers, type Field } from '../../lib/message/headers.js'
import { expectation } from '../../lib/message/persistence.js'
import { Request } from '../../lib/message/request.js'
import { HeadParser } from '../../lib/wire/head-parser.js'
import { bytesOf } from '../../lib/wire/grammar.js'

function parse(text: string): HeadParser {
  const bytes = bytesOf(text)
  const parser = new HeadParser(4096, 100)
  parser.parse(bytes, 0, bytes.length)
  return parser
}

const LINES = ['GET / HTTP/1.1\r\n', 'POST / HTTP/1.1\r\n']

describe('a request line that differs in one byte from a common one', () => {
  it.each(LINES)('%j', line => {
    for (let at = 0; at < line.length; at++) {
      for (let code = 0; code < 256; code++) {
        const near = line.slice(0, at) + decodeLatin1(Uint8Array.of(code), 0, 1) + line.slice(at + 1)
        const { request } = parse(`${near}Host: a\r\n\r\n`)
        if (request === null) continue
        const { method, target, version } = request
        const isRead = near === `${method} ${target} ${version.toString()}\r\n`
        const isLaterMinor = /^HTTP\/1\.[2-9]\r\n$/.test(near.slice(-10)) && version.minor === 1
        expect([near, isRead || isLaterMinor]).toEqual([near, true])
      }
    }
  })
})

const VALUES: Record<string, string> = {
  'Content-Length': '5', 'Transfer-Encoding': 'chunked', 'Expect': '100-continue',
}
/** Names of the same lengths, some with the same first letters, that say nothing of the body. */
const OTHERS: Field[] = [
  ['Host', 'a'], ['Accept', '*/*'], ['Cookie', 'a'], ['Etags1', 'b'], ['Sec-Fetch-Dest', 'c'], ['Client-Version', 'd'],
  ['Transfer-Decoded1', 'e'],
]

function cases(name: string): string[] {
  const mixed = name.slice(0, 1).toLowerCase() + name.slice(1, 3).toUpperCase() + name.slice(3)
  return [name, name.toLowerCase(), name.toUpperCase(), mixed]
}

describe('fields that concern the body', () => {
  function expectAgreement(fields: readonly Field[]): void {
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
    const { request } = parse(`POST / HTTP/1.1\r\n${lines.join('')}\r\n`)
    const listed = Request.create('POST', '/', { headers: Headers.ofList(fields) })
    if (request === null) throw new Error(`${JSON.stringify(fields)} is not parsed`)
    expect(requestBodyLength(request)).toEqual(requestBodyLength(listed))
    expect(expectation(request)).toBe(expectation(listed))
  }

  it.each(Object.keys(VALUES))('%s is found in any case and place', name => {
    for (const spelt of cases(name)) {
      for (let place = 0; place <= OTHERS.length; place++) {
        const field: Field = [spelt, VALUES[name]]
        expectAgreement([...OTHERS.slice(0, place), field, ...OTHERS.slice(place)])
      }
    }
  })

  it('are not seen in others', () => {
    for (let count = 1; count <= OTHERS.length; count++) expectAgreement(OTHERS.slice(0, count))
  })
})

describe('a request that is marked as usual', () => {
  const targets = ['/', '/a?b', '*', 'http://a/', 'https://a/', 'a:1']
  const hosts = [
    'a', 'a:80', '127.0.0.1:8080', 'a:', ':80', 'a:8b', 'a:80:90', '', ' a', 'a ', 'a b', 'a/b', '[::1]', '%41',
  ]
  const fields = ['Accept: */*', 'Content-Length: 0', 'Content-Length: 5', 'Expect: 100-continue', 'host: b',
    'Transfer-Encoding: chunked', 'Transfer-Encoding: gzip', 'Connection: close']
  const config = { ...DEFAULT_CONFIG, scheme: 'http' as const }

  it('has nothing to be refused for, and no body', () => {
    const method = fc.constantFrom('GET', 'POST', 'OPTIONS', 'CONNECT', 'HEAD')
    const lines = fc.array(fc.constantFrom(...fields), { maxLength: 3 })
    const host = fc.constantFrom(...hosts)
    let usual = 0
    fc.assert(fc.property(method, fc.constantFrom(...targets), host, lines, (method, target, host, lines) => {
      const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...lines, '', '']
      const { request, isUsual } = parse(head.join('\r\n'))
      if (request === null || !isUsual) return
      usual++
      const listed = new Request(method, target, request.version, Headers.ofList(request.headers.toList()))
      const length = requestBodyLength(listed)
      expect(length).toEqual({ type: 'fixed', length: 0 })
      expect(requestFault(listed, length, expectation(listed), config)).toBeNull()
    }), { numRuns: 2000 })
    expect(usual).toBeGreaterThan(50)
  })
})
