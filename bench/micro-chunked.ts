/**
 * The decoder of the chunked transfer coding.
 */
import { internal } from './lib/internals.js'
import { micro } from './lib/micro.js'

interface Decoder {
  readonly isDone: boolean
  readonly available: number
  advance(bytes: Uint8Array, off: number, end: number): number
  take(count: number): void
}

interface Internals {
  readonly ChunkedDecoder: new (maxHeaderSize: number, maxHeadersCount: number) => Decoder
}

const { ChunkedDecoder } = await internal<Internals>('wire/chunked-decoder')

function body(chunkSize: number, count: number, extension = ''): Buffer {
  const chunk = `${chunkSize.toString(16)}${extension}\r\n${'x'.repeat(chunkSize)}\r\n`
  return Buffer.from(`${chunk.repeat(count)}0\r\n\r\n`)
}

function decode(bytes: Uint8Array): Decoder {
  const decoder = new ChunkedDecoder(16 * 1024, 256)
  for (let off = 0; !decoder.isDone;) {
    off += decoder.advance(bytes, off, bytes.length)
    const size = Math.min(decoder.available, bytes.length - off)
    if (size > 0) decoder.take(size)
    off += size
  }
  return decoder
}

const [one, small, tiny, extended] = [body(65_536, 1), body(64, 16), body(1, 16), body(64, 16, ';name="value"')]

await micro('chunked decoder', {
  'one chunk of 64 KiB': () => decode(one),
  '16 chunks of 64 bytes': () => decode(small),
  '16 chunks of 1 byte': () => decode(tiny),
  '16 chunks with an extension': () => decode(extended),
})
