/**
 * The parser of request heads.
 */
import { internal } from './lib/internals.js'
import { micro } from './lib/micro.js'
import { BROWSER_HEADERS } from './lib/workloads.js'

interface Internals {
  readonly HeadParser: new (maxHeaderSize: number, maxHeadersCount: number) => {
    readonly request: { readonly headers: { get(name: string): string | null } } | null
    parse(bytes: Uint8Array, off: number, end: number): number
    release(): void
  }
}

const { HeadParser } = await internal<Internals>('wire/head-parser')
const parser = new HeadParser(16 * 1024, 256)

function head(fields: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries({ Host: '127.0.0.1:8080', ...fields }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`)
}

/** Parses all heads of a read, and returns the last request. */
function parse(bytes: Uint8Array): unknown {
  let request: unknown = null
  for (let off = 0; off < bytes.length;) {
    off += parser.parse(bytes, off, bytes.length)
    request = parser.request
  }
  parser.release()
  if (request === null) throw new Error('there was no request')
  return request
}

const small = head({})
const large = head(BROWSER_HEADERS)
const many = Buffer.concat(Array.from({ length: 16 }, () => small))

await micro('parser', {
  'head with Host': () => parse(small),
  'head with 13 fields': () => parse(large),
  'head with 13 fields, byte by byte': () => {
    let start = 0
    for (let end = 1; end <= large.length; end++) start += parser.parse(large, start, end)
    parser.release()
  },
  '16 heads in one read': () => parse(many),
})
