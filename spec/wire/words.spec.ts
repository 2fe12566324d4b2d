/**
 * Reading four bytes at once: what is asked of four is what is true of each, and without such a view heads are read
 * alike.
 */
import { describe, expect, it } from '@jest/globals'
import { bytesOf, TOKEN } from '../../lib/wire/grammar.js'
import { HeadParser } from '../../lib/wire/head-parser.js'
import { arePrintable, countOf, wordOf, wordsOf } from '../../lib/wire/words.js'

const CODES = [0x00, 0x1f, 0x20, 0x3a, 0x41, 0x7e, 0x7f, 0x80, 0x9f, 0xa0, 0xff]

/** All of four bytes around the ends of ASCII and of its printable part. */
const fours = CODES.flatMap(a => CODES.flatMap(b => CODES.flatMap(c => CODES.map(d => Uint8Array.of(a, b, c, d)))))

/** Memory of ES2024. */
interface Resizable {
  resize(length: number): void
}

function read(bytes: Uint8Array): number {
  return new DataView(bytes.buffer).getInt32(0, true)
}

describe('four bytes', () => {
  it('are printable if each of them is', () => {
    for (const bytes of fours) {
      expect([bytes, arePrintable(read(bytes))]).toEqual([bytes, bytes.every(code => code >= 0x20 && code < 0x7f)])
    }
  })

  it('belong to a class as far as each of them does', () => {
    for (const bytes of fours) {
      const first = bytes.findIndex(code => TOKEN[code] !== 1)
      expect([bytes, countOf(TOKEN, read(bytes))]).toEqual([bytes, first < 0 ? 4 : first])
    }
  })

  it('are those of a text', () => {
    expect(wordOf('GET ')).toBe(read(bytesOf('GET ')))
  })
})

describe('a view of the input', () => {
  it('begins where the array begins in its memory', () => {
    const bytes = new Uint8Array(bytesOf('..GET /').buffer, 2)
    expect(wordsOf(bytes, 5)?.getInt32(0, true)).toBe(wordOf('GET '))
  })

  it('is none of memory that was given away', () => {
    const bytes = bytesOf('GET / HTTP/1.1\r\n')
    expect(wordsOf(bytes, bytes.length)).not.toBeNull()
    structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })
    expect(wordsOf(bytes, 16)).toBeNull()
  })

  it('is one of memory that shrank, as far as there is some', () => {
    const memory = Reflect.construct(ArrayBuffer, [100, { maxByteLength: 200 }]) as ArrayBuffer & Resizable
    const bytes = new Uint8Array(memory)
    bytes.set(bytesOf('GET / HTTP/1.1\r\n'))
    expect(wordsOf(bytes, 100)).not.toBeNull()
    memory.resize(50)
    expect(wordsOf(bytes, 50)?.getInt32(0, true)).toBe(wordOf('GET '))
    expect(wordsOf(bytes, 51)).toBeNull()
    memory.resize(150)
    expect(wordsOf(bytes, 100)?.getInt32(0, true)).toBe(wordOf('GET '))
  })

  it('is none of an array that hides its memory; heads in it are read alike', () => {
    const text = 'GET /a HTTP/1.1\r\nHost: a.b:80\r\nAccept-Language: en-GB, \xe9\r\nConnection: keep-alive\r\n\r\n'
    const plain = bytesOf(text)
    const odd = bytesOf(text)
    Object.defineProperty(odd, 'buffer', { get: () => { throw new Error('hidden') } })
    expect(wordsOf(odd, odd.length)).toBeNull()
    const [one, other] = [plain, odd].map(bytes => {
      const parser = new HeadParser(1000, 100)
      expect(parser.parse(bytes, 0, bytes.length)).toBe(text.length)
      return parser
    })
    expect(other.request?.headers.parsed).toEqual(one.request?.headers.parsed)
    expect(other.request).toEqual(one.request)
  })
})
