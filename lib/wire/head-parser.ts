import type { RemoteErrorCode } from '../errors.js'
import { Headers } from '../message/headers.js'
import { Request } from '../message/request.js'
import { FieldSectionParser } from './field-section.js'
import { CR, LF } from './grammar.js'
import { RequestLineParser } from './request-line.js'
import { absoluteAuthority } from './request-target.js'
import { TextWindow } from './text-window.js'

/**
 * The parser of request heads (RFC 9112 §3, §5).
 *
 * Strategy: two checkpoints, as in http/af. The request line is consumed when it is complete, then the field section when
 * that is. Both are resumable parsers over one text window, so 16 pipelined heads in one read are decoded once. The limit
 * counts the whole head, the empty lines before it included.
 *
 * It deliberately does not judge what the head means: Host, framing and expectations are the connection's to check.
 */
export class HeadParser {
  /** The request whose head {@link parse} just completed, or null. */
  request: Request | null
  /** Why the input can't be parsed, or null. */
  fault: RemoteErrorCode | null
  /** How many bytes of the head were good before the fault. */
  faultOffset: number
  private readonly maxHeaderSize: number
  private readonly window: TextWindow
  private readonly line: RequestLineParser
  private readonly section: FieldSectionParser
  /** How many bytes of this head were consumed. */
  private size: number
  private hasLine: boolean

  /** A parser of heads with at most `maxHeaderSize` bytes and `maxHeadersCount` fields. */
  constructor(maxHeaderSize: number, maxHeadersCount: number) {
    this.request = null
    this.fault = null
    this.faultOffset = 0
    this.maxHeaderSize = maxHeaderSize
    this.window = new TextWindow()
    this.line = new RequestLineParser(this.window)
    this.section = new FieldSectionParser(this.window, maxHeadersCount)
    this.size = 0
    this.hasLine = false
    this.line.begin(maxHeaderSize)
  }

  /** The method of the request line, where that much is known of a head at fault. */
  get method(): string | null {
    return this.hasLine ? this.line.method : null
  }

  /** Whether a request line was consumed whose fields are still missing. */
  get isWithinHead(): boolean {
    return this.hasLine
  }

  /** Parses in `bytes[off, end)` and returns how many bytes were consumed; {@link request} or {@link fault} say the rest. */
  parse(bytes: Uint8Array, off: number, end: number): number {
    this.request = null
    let p = off
    if (!this.hasLine) {
      if (bytes[p] === CR) p = this.skipEmptyLines(bytes, p, end)
      if (p === end || this.fault !== null) return p - off
      p += this.parseLine(bytes, p, end)
      if (!this.hasLine) return p - off
    }
    return p + this.parseSection(bytes, p, end) - off
  }

  /** Says that the input ends with `bytes[off, end)`, within a head: sets {@link fault}. */
  parseEof(bytes: Uint8Array, off: number, end: number): void {
    const part = this.hasLine ? this.section : this.line
    part.parseEof(bytes, off, end)
    this.noteFault(part)
  }

  /** Drops what the parser still holds of the input's text: call it when a read ends. */
  release(): void {
    this.window.release()
  }

  /** RFC 9112 §2.2: a server ignores at least one empty line before the request line. They count as part of the head. */
  private skipEmptyLines(bytes: Uint8Array, off: number, end: number): number {
    let p = off
    while (p + 1 < end && bytes[p] === CR && bytes[p + 1] === LF) p += 2
    this.size += p - off
    if (this.size >= this.maxHeaderSize) this.fault = 'headTooLarge'
    else this.line.begin(this.maxHeaderSize - this.size)
    return p
  }

  private parseLine(bytes: Uint8Array, off: number, end: number): number {
    const consumed = this.line.parse(bytes, off, end)
    if (this.line.isComplete) {
      this.hasLine = true
      this.size += consumed
      this.section.begin(this.maxHeaderSize - this.size)
    }
    if (this.line.fault !== null) this.noteFault(this.line)
    return consumed
  }

  private parseSection(bytes: Uint8Array, off: number, end: number): number {
    const consumed = this.section.parse(bytes, off, end)
    if (this.section.isComplete) this.complete()
    else if (this.section.fault !== null) this.noteFault(this.section)
    return consumed
  }

  private complete(): void {
    const { method, target, version } = this.line
    const headers = Headers.ofBlock(this.section.takeFields())
    this.request = new Request(method, target, version, effectiveHeaders(target, headers))
    this.hasLine = false
    this.size = 0
    this.section.isComplete = false
    this.line.begin(this.maxHeaderSize)
  }

  private noteFault(part: RequestLineParser | FieldSectionParser): void {
    this.fault = part.fault
    this.faultOffset = this.size + part.faultOffset
  }
}

/** RFC 9112 §3.2.2: the authority of an absolute-form target replaces Host. */
function effectiveHeaders(target: string, headers: Headers): Headers {
  if (target.charCodeAt(0) === 0x2f) return headers
  const authority = absoluteAuthority(target)
  return authority === null ? headers : headers.replace('host', authority)
}
