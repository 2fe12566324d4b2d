/**
 * The parsers of the wire as subjects of `inEveryCut`: each reports its result as text.
 */
import { type Field, Headers } from '../../lib/message/headers.js'
import { ChunkedDecoder } from '../../lib/wire/chunked-decoder.js'
import { FieldSectionParser } from '../../lib/wire/field-section.js'
import { HeadParser } from '../../lib/wire/head-parser.js'
import { RequestLineParser } from '../../lib/wire/request-line.js'
import type { ResumableParser } from '../../lib/wire/resumable-parser.js'
import { TextWindow } from '../../lib/wire/text-window.js'
import { inEveryCut, type Subject } from '../helpers/splits.js'

/** A fault as `code@offset`. */
export type Fault = string

/** The result of decoding a body. */
export interface DecodedBody {
  readonly data: string
  readonly trailers?: Field[]
  readonly fault?: Fault
}

/** The result of parsing a head: the request as text, or the fault. */
export type ParsedHead = string

function faultOf(parser: { fault: string | null; faultOffset: number }): Fault {
  return `${parser.fault}@${parser.faultOffset}`
}

function part<P extends ResumableParser, Found>(parser: P, found: (parser: P) => Found): Subject<Found | Fault> {
  let result: Found | Fault = 'nothing'
  return {
    read(bytes, off, end) {
      const consumed = parser.parse(bytes, off, end)
      if (parser.isComplete) result = found(parser)
      parser.release()
      return consumed
    },
    readEof(bytes, off, end) {
      parser.parseEof(bytes, off, end)
      parser.release()
      return 0
    },
    get isDone() { return parser.isComplete || parser.fault !== null },
    get result() { return parser.fault === null ? result : faultOf(parser) },
  }
}

/** Parses a request line of at most `budget` bytes, in every cut: `[method, target, version]`, or the fault. */
export function requestLine(text: string, budget = 1000): string[] | Fault {
  return inEveryCut(text, () => {
    const parser = new RequestLineParser(new TextWindow())
    parser.begin(budget)
    return part(parser, ({ method, target, version }) => [method, target, version.toString()])
  })
}

/** Parses a field section of at most `budget` bytes and `maxCount` fields, in every cut: the fields, or the fault. */
export function fieldSection(text: string, budget = 1000, maxCount = 100): Field[] | Fault {
  return inEveryCut(text, () => {
    const parser = new FieldSectionParser(new TextWindow(), maxCount)
    parser.begin(budget)
    return part(parser, () => Headers.ofBlock(parser.takeFields()).toList())
  })
}

/** Parses heads until one is malformed or the input ends, in every cut. */
export function heads(text: string, maxHeaderSize = 1000, maxHeadersCount = 100): ParsedHead[] {
  return inEveryCut(text, () => new HeadsSubject(new HeadParser(maxHeaderSize, maxHeadersCount)))
}

class HeadsSubject implements Subject<ParsedHead[]> {
  readonly result: ParsedHead[] = []
  private readonly parser: HeadParser

  constructor(parser: HeadParser) {
    this.parser = parser
  }

  get isDone(): boolean {
    return this.parser.fault !== null
  }

  read(bytes: Uint8Array, off: number, end: number): number {
    let p = off
    for (let before = -1; p !== before && p < end && !this.isDone;) {
      before = p
      p += this.parser.parse(bytes, p, end)
      if (this.parser.request !== null) this.result.push(this.parser.request.toString())
    }
    this.noteFault()
    this.parser.release()
    return p - off
  }

  readEof(bytes: Uint8Array, off: number, end: number): number {
    if (off === end && !this.parser.isWithinHead) return 0
    this.parser.parseEof(bytes, off, end)
    this.noteFault()
    return 0
  }

  private noteFault(): void {
    if (this.isDone) this.result.push(faultOf(this.parser))
  }
}

/** Decodes a chunked body in every cut. */
export function chunkedBody(text: string, maxHeaderSize = 1000, maxHeadersCount = 100): DecodedBody {
  return inEveryCut(text, () => new BodySubject(new ChunkedDecoder(maxHeaderSize, maxHeadersCount)))
}

class BodySubject implements Subject<DecodedBody> {
  private data = ''
  private readonly decoder: ChunkedDecoder

  constructor(decoder: ChunkedDecoder) {
    this.decoder = decoder
  }

  get isDone(): boolean {
    return this.decoder.isDone || this.decoder.fault !== null
  }

  get result(): DecodedBody {
    const { data, decoder } = this
    if (decoder.fault !== null) return { data, fault: faultOf(decoder) }
    return decoder.trailers === null ? { data } : { data, trailers: decoder.trailers.toList() }
  }

  read(bytes: Uint8Array, off: number, end: number): number {
    const { decoder } = this
    let p = off
    while (!this.isDone) {
      p += decoder.advance(bytes, p, end)
      const count = Math.min(decoder.available, end - p)
      if (count === 0 || decoder.fault !== null) break
      this.data += String.fromCharCode(...bytes.subarray(p, p + count))
      decoder.take(count)
      p += count
    }
    return p - off
  }

  readEof(bytes: Uint8Array, off: number, end: number): number {
    this.decoder.advanceEof(bytes, off, end)
    return 0
  }
}
