/**
 * The intake of request heads: passes input to the head parser.
 *
 * Strategy: it holds a parser only during a read or while part of a head has arrived, because most connections of a
 * server are between two requests most of the time. The parser that was used last is kept for the next connection.
 */
import type { RemoteErrorCode } from '../errors.js'
import type { Request } from '../message/request.js'
import { HeadParser } from '../wire/head-parser.js'
import type { Config } from './config.js'
import type { Input } from './input.js'

/** A parser between two heads that no connection holds, or null; of all connections of the thread. */
let spare: HeadParser | null = null

/** Returns the spare parser if it has these limits, else a new one. */
function takeSpare({ maxHeaderSize, maxHeadersCount }: Config): HeadParser {
  const parser = spare
  if (parser?.hasLimits(maxHeaderSize, maxHeadersCount) !== true) return new HeadParser(maxHeaderSize, maxHeadersCount)
  spare = null
  return parser
}

/** The heads of one connection, one after the other. @internal */
export class HeadIntake {
  private readonly config: Config
  private parser: HeadParser | null

  constructor(config: Config) {
    this.config = config
    this.parser = null
  }

  /** Whether a request line was consumed whose fields are still missing. */
  get isWithinHead(): boolean {
    return this.parser?.isWithinHead === true
  }

  /** The method of the head that was consumed in part, or is at fault; '' if there is none. */
  get method(): string {
    return this.parser?.method ?? ''
  }

  /** The request whose head {@link receive} just completed, or null. */
  get request(): Request | null {
    return this.parser === null ? null : this.parser.request
  }

  /** Whether nothing of {@link request} needs to be checked: see {@link HeadParser.isUsual}. */
  get isUsual(): boolean {
    return this.parser?.isUsual === true
  }

  /** Why the head can't be parsed, or null. */
  get fault(): RemoteErrorCode | null {
    return this.parser === null ? null : this.parser.fault
  }

  /** The number of valid bytes of the head before the fault. */
  get faultOffset(): number {
    return this.parser === null ? 0 : this.parser.faultOffset
  }

  /** Parses `input.bytes[off, input.end)`. Returns how many bytes were consumed. */
  receive(input: Input, off: number): number {
    const consumed = this.takeParser().parse(input.bytes, off, input.end)
    input.reached = off + consumed
    return consumed
  }

  /** Ends the input with the bytes from `off` on, within a head. Returns the fault of the head. */
  end(input: Input, off: number): RemoteErrorCode {
    const parser = this.takeParser()
    parser.parseEof(input.bytes, off, input.end)
    return parser.fault ?? 'unexpectedEof'
  }

  /** A read ended: the caller may reuse its bytes. */
  release(): void {
    const { parser } = this
    if (parser === null) return
    parser.release()
    if (!parser.isBetweenHeads) return
    this.parser = null
    spare = parser
  }

  private takeParser(): HeadParser {
    return (this.parser ??= takeSpare(this.config))
  }
}
