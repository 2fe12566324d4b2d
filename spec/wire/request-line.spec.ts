/**
 * The parser of a request line, in every cut of its input.
 */
import { describe, expect, it } from '@jest/globals'
import { requestLine } from './subjects.js'

describe('a request line (RFC 9112 §3)', () => {
  it.each<[line: string, method: string, target: string, version: string]>([
    ['GET / HTTP/1.1', 'GET', '/', 'HTTP/1.1'],
    ['POST /a?b=c HTTP/1.0', 'POST', '/a?b=c', 'HTTP/1.0'],
    ['GETS / HTTP/1.1', 'GETS', '/', 'HTTP/1.1'],
    ['get / HTTP/1.1', 'get', '/', 'HTTP/1.1'],
    ["!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", "!#$%&'*+-.^_`|~09azAZ", '/', 'HTTP/1.1'],
    ['GET /|^`"{}<>[]%zz HTTP/1.1', 'GET', '/|^`"{}<>[]%zz', 'HTTP/1.1'],
    ['GET /a?\\b?\\ HTTP/1.1', 'GET', '/a?\\b?\\', 'HTTP/1.1'],
    ['GET http://a?b\\c HTTP/1.1', 'GET', 'http://a?b\\c', 'HTTP/1.1'],
    ['OPTIONS * HTTP/1.1', 'OPTIONS', '*', 'HTTP/1.1'],
    ['GET http://a.example/b HTTP/1.1', 'GET', 'http://a.example/b', 'HTTP/1.1'],
    ['CONNECT a.example:443 HTTP/1.1', 'CONNECT', 'a.example:443', 'HTTP/1.1'],
  ])('%j', (line, ...parts) => {
    expect(requestLine(line + '\r\n')).toEqual(parts)
  })

  it.each(['HTTP/1.2', 'HTTP/1.9'])('reads %s as HTTP/1.1 (RFC 9110 §6.2)', version => {
    expect(requestLine(`GET / ${version}\r\n`)).toEqual(['GET', '/', 'HTTP/1.1'])
  })

  it.each<[line: string, fault: string]>([
    [' GET / HTTP/1.1\r\n', 'badMethod@0'],
    ['\tGET / HTTP/1.1\r\n', 'badMethod@0'],
    ['G\0T / HTTP/1.1\r\n', 'badMethod@1'],
    ['G\xcbT / HTTP/1.1\r\n', 'badMethod@1'],
    ['GET\t/ HTTP/1.1\r\n', 'badMethod@3'],
    ['G(T / HTTP/1.1\r\n', 'badMethod@1'],
    ['\x16\x03\x01\x02', 'badMethod@0'],
    ['GET\r\n', 'badLineEnd@3'],
    ['GET\n/ HTTP/1.1\r\n', 'badLineEnd@3'],
    ['G\r\nET / HTTP/1.1\r\n', 'badLineEnd@1'],
    ['GET  / HTTP/1.1\r\n', 'badTarget@4'],
    ['GET \r\n', 'badTarget@4'],
    ['GET /\r\n', 'badRequestLine@5'],
    ['GET /\n', 'badRequestLine@5'],
    ['GET /a\0b HTTP/1.1\r\n', 'badTarget@6'],
    ['GET /a\tb HTTP/1.1\r\n', 'badTarget@6'],
    ['GET /\xe9 HTTP/1.1\r\n', 'badTarget@5'],
    ['GET /a#b HTTP/1.1\r\n', 'badTarget@6'],
    ['GET /a\\b?c HTTP/1.1\r\n', 'badTarget@6'],
    ['GET \\ HTTP/1.1\r\n', 'badTarget@4'],
    ['GET /?\\a\tb HTTP/1.1\r\n', 'badTarget@8'],
    ['GET /?\\a#b HTTP/1.1\r\n', 'badTarget@8'],
    ['GET /?\\\r\n', 'badRequestLine@7'],
    ['GET /\x7f HTTP/1.1\r\n', 'badTarget@5'],
    ['GET a HTTP/1.1\r\n', 'badTarget@4'],
    ['GET * HTTP/1.1\r\n', 'badTarget@4'],
    ['CONNECT / HTTP/1.1\r\n', 'badTarget@8'],
    ['GET / \r\n', 'badVersion@6'],
    ['GET /  HTTP/1.1\r\n', 'badVersion@6'],
    ['GET /a b HTTP/1.1\r\n', 'badVersion@7'],
    ['GET / http/1.1\r\n', 'badVersion@6'],
    ['GET / HTTPS/1.1\r\n', 'badVersion@10'],
    ['GET / HTTP/11.1\r\n', 'badVersion@12'],
    ['GET / HTTP/1,1\r\n', 'badVersion@12'],
    ['GET / HTTP/1.x\r\n', 'badVersion@13'],
    ['GET / HTTP/1.:\r\n', 'badVersion@13'],
    ['GET / HTTP/1./\r\n', 'badVersion@13'],
    ['GET / HTTP/1.10\r\n', 'badLineEnd@14'],
    ['GET / HTTP/1.1 \r\n', 'badLineEnd@14'],
    ['GET / HTTP/1.1\n', 'badLineEnd@14'],
    ['GET / HTTP/1.1\rX', 'badLineEnd@15'],
    ['GET / HTTP/2.0\r\n', 'unknownVersion@11'],
    ['GET / HTTP/0.9\r\n', 'unknownVersion@11'],
    ['PRI * HTTP/2.0\r\n', 'unknownVersion@11'],
  ])('refuses %j: %s', (line, fault) => {
    expect(requestLine(line)).toBe(fault)
  })

  it.each([
    '', 'G', 'GET', 'GET ', 'GET /', 'GET /?\\', 'GET /?\\ HTTP/1', 'GET / ', 'GET / HTTP/1.', 'GET / HTTP/1.1',
    'GET / HTTP/1.1\r',
  ])('is incomplete after %j', text => {
    expect(requestLine(text)).toBe(`unexpectedEof@${text.length}`)
  })

  describe('with a limit', () => {
    const line = 'GET /123456 HTTP/1.1\r\n'

    it('may be as long as the limit, and no longer', () => {
      expect(requestLine(line, line.length)).toEqual(['GET', '/123456', 'HTTP/1.1'])
      for (const limit of [line.length - 1, line.length - 2, 12, 5, 4]) {
        expect(requestLine(line, limit)).toBe(`targetTooLong@${limit}`)
      }
    })

    it('fails with methodTooLong if the target has not begun at the limit (RFC 9112 §3)', () => {
      expect(requestLine('LONG-METHOD', 8)).toBe('methodTooLong@8')
      expect(requestLine('LONG-METHOD / HTTP/1.1\r\n', 8)).toBe('methodTooLong@8')
      expect(requestLine(line, 3)).toBe('methodTooLong@3')
    })

    it('reports the limit rather than a fault beyond it', () => {
      expect(requestLine('GET /\0 HTTP/1.1\r\n', 6)).toBe('badTarget@5')
      expect(requestLine('GET /\0 HTTP/1.1\r\n', 5)).toBe('targetTooLong@5')
      expect(requestLine('GET a HTTP/1.1\r\n', 15)).toBe('targetTooLong@15')
    })
  })
})
