/**
 * Serialized chunks, last chunks and trailers.
 */
import { describe, expect, it } from '@jest/globals'
import { Headers } from '../../lib/message/headers.js'
import { chunkEnd, chunkLength, chunkStart, lastChunk, writeChunk } from '../../lib/wire/chunk-serializer.js'

describe('a serialized chunk (RFC 9112 §7.1)', () => {
  it.each<[size: number, text: string]>([
    [1, '1\r\n'], [10, 'a\r\n'], [255, 'ff\r\n'], [65536, '10000\r\n'], [2 ** 52 - 1, 'fffffffffffff\r\n'],
  ])('of %d bytes begins with %j', (size, text) => {
    expect(chunkStart(size)).toBe(text)
  })

  it('ends with CR LF', () => {
    expect(chunkEnd).toBe('\r\n')
  })

  it.each([1, 9, 10, 15, 16, 255, 256, 1023, 1024, 4095, 4096, 65_535, 65_536])(
    'of %d bytes is the same with its framing as bytes', size => {
      const [data, target] = [Buffer.alloc(size, 'd'), Buffer.alloc(size + 20, '.')]
      writeChunk(target, 2, data)
      const chunk = `${chunkStart(size)}${'d'.repeat(size)}${chunkEnd}`
      expect(chunkLength(size)).toBe(chunk.length)
      expect(target.toString('latin1')).toBe(`..${chunk}`.padEnd(size + 20, '.'))
    })

  it('of size 0 is the last, with the trailers and an empty line', () => {
    expect(lastChunk()).toBe('0\r\n\r\n')
    expect(lastChunk(Headers.empty)).toBe('0\r\n\r\n')
    expect(lastChunk(Headers.of({ A: 'b', c: 'd' }))).toBe('0\r\nA: b\r\nc: d\r\n\r\n')
  })

  it.each([
    'Content-Length', 'transfer-encoding', 'HOST', 'Trailer', 'Connection', 'Keep-Alive', 'Proxy-Connection', 'Upgrade',
    'TE', 'Forwarded', 'Via', 'Max-Forwards', 'Expect', 'Range', 'If-Match', 'if-none-match', 'If-Modified-Since',
    'If-Unmodified-Since', 'If-Range', 'Pragma', 'Authorization', 'Proxy-Authorization', 'WWW-Authenticate',
    'Proxy-Authenticate', 'Cookie', 'Set-Cookie', 'Age', 'Cache-Control', 'Date', 'Expires', 'Location', 'Retry-After',
    'Vary', 'Warning', 'Content-Location', 'Content-Type', 'Content-Encoding', 'Content-Range', 'Content-Language',
  ])('refuses the trailer %s (RFC 9110 §6.5.1)', name => {
    expect(() => lastChunk(Headers.of({ [name]: '1' }))).toThrow(expect.objectContaining({ code: 'badField' }))
  })

  // RFC 9110 §8.8.3, §11.6.3; RFC 9530; W3C Server-Timing.
  it.each(['ETag', 'Authentication-Info', 'Content-Digest', 'Server-Timing'])('accepts the trailer %s', name => {
    expect(lastChunk(Headers.of({ [name]: '1' }))).toBe(`0\r\n${name}: 1\r\n\r\n`)
  })

  it('refuses a trailer with a line end in its value', () => {
    expect(() => lastChunk(Headers.of({ A: 'b\r\n' }))).toThrow(expect.objectContaining({ code: 'badField' }))
  })
})
