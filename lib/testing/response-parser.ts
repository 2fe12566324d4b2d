/**
 * Parses a server's output into responses.
 *
 * Strategy: a head is parsed when it is complete, the body incrementally by the server's own decoders (RFC 9112 §6.3).
 * The parser is strict: malformed output is an error.
 */
import { decodeLatin1 } from '../buffer/latin1.js'
import type { BodyDecoder } from '../wire/body-decoder.js'
import { ChunkedDecoder } from '../wire/chunked-decoder.js'
import { FixedDecoder } from '../wire/fixed-decoder.js'
import { joined } from './bytes.js'
import { BrokenResponseError } from './test-errors.js'

/** The fields of a response by lower-case name; a repeated field is a list. */
export type ResponseFields = Readonly<Partial<Record<string, string | readonly string[]>>>

/** A response as the client received it. */
export class TestResponse {
  readonly status: number
  readonly reason: string
  readonly version: string
  readonly headers: ResponseFields
  /** The body as text, in UTF-8. */
  readonly body: string
  /** The body as bytes. */
  readonly bytes: Uint8Array
  readonly trailers: ResponseFields

  constructor(head: ResponseHead, bytes: Uint8Array, trailers: ResponseFields) {
    this.status = head.status
    this.reason = head.reason
    this.version = head.version
    this.headers = head.headers
    this.body = new TextDecoder().decode(bytes)
    this.bytes = bytes
    this.trailers = trailers
  }

  toString(): string {
    return `${this.status} ${this.reason} ${JSON.stringify(this.body)} ${JSON.stringify(this.headers)}`
  }
}

interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly version: string
  readonly headers: ResponseFields
}

/** The framing of a body: a decoder, or the end of the output. */
type Framing = BodyDecoder | 'end'

/** Parses the responses of one connection. */
export class ResponseParser {
  private readonly takeMethod: () => string
  private pending: Uint8Array
  private head: ResponseHead | null
  private framing: Framing
  private pieces: Uint8Array[]
  private isPlain: boolean

  /** `takeMethod` returns the method of the request; it is called at each final response. */
  constructor(takeMethod: () => string) {
    this.takeMethod = takeMethod
    this.pending = new Uint8Array(0)
    this.head = null
    this.framing = 'end'
    this.pieces = []
    this.isPlain = false
  }

  /** Whether an incomplete response was received. */
  get hasBegun(): boolean {
    return !this.isPlain && (this.head !== null || this.pending.length > 0)
  }

  /** Whether the current response is an event stream, which ends when its client leaves. */
  get isEndless(): boolean {
    return String(this.head?.headers['content-type']).startsWith('text/event-stream')
  }

  /** Returns the responses that are complete with these bytes. @throws BrokenResponseError */
  push(bytes: Uint8Array): TestResponse[] {
    this.pending = joined([this.pending, bytes])
    const responses: TestResponse[] = []
    for (let head = this.readHead(); head !== null && this.readBody(); head = this.readHead()) {
      responses.push(this.finish(head))
    }
    return responses
  }

  /** Returns the response that the end of the output completes, or null. @throws BrokenResponseError */
  end(): TestResponse | null {
    if (this.isPlain || (this.head === null && this.pending.length === 0)) return null
    if (this.head !== null && this.framing === 'end') return this.finish(this.head)
    throw new BrokenResponseError('the output ended within a response')
  }

  /** Returns the head, if it is complete. */
  private readHead(): ResponseHead | null {
    if (this.head !== null || this.isPlain) return this.head
    const text = decodeLatin1(this.pending, 0, this.pending.length)
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return null
    this.head = parseHead(text.slice(0, end))
    this.framing = this.framingOf(this.head, this.head.status < 200 ? '' : this.takeMethod())
    this.pending = this.pending.subarray(end + 4)
    return this.head
  }

  /** Returns the framing (RFC 9112 §6.3). After a 101, or a 2xx to CONNECT, the output is no longer HTTP. */
  private framingOf({ status, headers }: ResponseHead, method: string): Framing {
    this.isPlain = status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)
    const isBodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304 || this.isPlain
    if (isBodiless) return new FixedDecoder(0)
    if (headers['transfer-encoding'] !== undefined) return new ChunkedDecoder(65_536, 1_000)
    return headers['content-length'] === undefined ? 'end' : new FixedDecoder(Number(headers['content-length']))
  }

  /** Reads body bytes. Returns whether the body is complete. */
  private readBody(): boolean {
    const { framing } = this
    if (framing === 'end') this.take(this.pending.length)
    else while (this.pending.length > 0 && !framing.isDone) if (!this.step(framing)) break
    return framing !== 'end' && framing.isDone
  }

  /** Reads framing, then data. Returns whether it made progress. */
  private step(decoder: BodyDecoder): boolean {
    const read = decoder.advance(this.pending, 0, this.pending.length)
    if (decoder.fault !== null) throw new BrokenResponseError(`a body that can't be read: ${decoder.fault}`)
    this.pending = this.pending.subarray(read)
    const count = Math.min(decoder.available, this.pending.length)
    if (count === 0) return read > 0
    this.take(count)
    decoder.take(count)
    return true
  }

  private take(count: number): void {
    this.pieces.push(this.pending.slice(0, count))
    this.pending = this.pending.subarray(count)
  }

  private finish(head: ResponseHead): TestResponse {
    const trailers = this.framing === 'end' ? null : this.framing.trailers
    const response = new TestResponse(head, joined(this.pieces), recordOf(trailers ?? []))
    this.head = null
    this.pieces = []
    return response
  }
}

function parseHead(text: string): ResponseHead {
  const lines = text.split('\r\n')
  const match = /^(HTTP\/\d\.\d) (\d{3}) (.*)$/.exec(lines[0])
  if (match === null) throw new BrokenResponseError(`not a status line: ${lines[0]}`)
  const fields = lines.slice(1).map(line => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  return { version: match[1], status: Number(match[2]), reason: match[3], headers: recordOf(fields) }
}

function recordOf(fields: Iterable<readonly [string, string]>): ResponseFields {
  const record: Partial<Record<string, string | string[]>> = {}
  for (const [name, value] of fields) {
    const key = name.toLowerCase()
    const other = record[key]
    record[key] = other === undefined ? value : [other, value].flat()
  }
  return record
}
