/**
 * The parser of request heads (RFC 9112 §3, §5).
 *
 * Strategy: two checkpoints, as in http/af. The request line is consumed when it is complete, then the field section
 * when that is. Both are resumable parsers over one text window, so 16 pipelined heads in one read are decoded once.
 * The limit counts the whole head, the empty lines before it included.
 *
 * It deliberately does not interpret the head: Host, framing and expectations are the connection's to check.
 */
import type { RemoteErrorCode } from '../errors.js'
import { Headers } from '../message/headers.js'
import { hostFault } from '../message/host.js'
import { Request } from '../message/request.js'
import { FieldSectionParser } from './field-section.js'
import { CR, LF } from './grammar.js'
import { RequestLineParser } from './request-line.js'
import { absoluteAuthority } from './request-target.js'
import { TextWindow } from './text-window.js'

/** A parser of the heads of one connection, one after the other. */
export class HeadParser {
  /** The request whose head {@link parse} just completed, or null. */
  request: Request | null
  /** Whether {@link request} is for a path, has one plain Host, and no body: nothing of it needs to be checked. */
  isUsual: boolean
  /** Why the input can't be parsed, or null. */
  fault: RemoteErrorCode | null
  /** The number of valid bytes of the head before the fault. */
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
    this.isUsual = false
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

  /** Whether the next byte begins a head, as far as it was offered: nothing is held of the input before it. */
  get isBetweenHeads(): boolean {
    return !this.hasLine && this.size === 0 && this.fault === null && this.line.isFresh
  }

  /** Whether it parses heads with at most these numbers of bytes and fields. */
  hasLimits(maxHeaderSize: number, maxHeadersCount: number): boolean {
    return this.maxHeaderSize === maxHeaderSize && this.section.maxCount === maxHeadersCount
  }

  /** Parses in `bytes[off, end)`. Returns how many bytes it consumed; {@link request} or {@link fault} say the rest. */
  parse(bytes: Uint8Array, off: number, end: number): number {
    this.request = null
    const lineSize = this.hasLine ? 0 : this.parseLine(bytes, off, end)
    return this.hasLine ? lineSize + this.parseSection(bytes, off + lineSize, end) : lineSize
  }

  /** Says that the input ends with `bytes[off, end)`, within a head: sets {@link fault}. */
  parseEof(bytes: Uint8Array, off: number, end: number): void {
    const part = this.hasLine ? this.section : this.line
    part.parseEof(bytes, off, end)
    this.noteFault(part)
  }

  /** Drops {@link request} and the text of the input. To be called when a read ends: the bytes may change then. */
  release(): void {
    this.request = null
    this.window.release()
  }

  /**
   * RFC 9112 §2.2: a server ignores at least one empty line before the request line. They count as part of the head.
   */
  private skipEmptyLines(bytes: Uint8Array, off: number, end: number): number {
    let p = off
    while (p + 1 < end && bytes[p] === CR && bytes[p + 1] === LF && this.size < this.maxHeaderSize) {
      this.size += 2
      p += 2
    }
    if (this.size < this.maxHeaderSize) this.line.begin(this.maxHeaderSize - this.size)
    else this.failTooLarge()
    return p
  }

  private failTooLarge(): void {
    this.fault = 'headTooLarge'
    this.faultOffset = this.maxHeaderSize
  }

  /** The request line, and the empty lines before it. */
  private parseLine(bytes: Uint8Array, off: number, end: number): number {
    if (off < end && bytes[off] !== CR) return this.takeLine(bytes, off, end)
    const start = this.skipEmptyLines(bytes, off, end)
    const isNothing = start === end || this.fault !== null || isHalfAnEmptyLine(bytes, start, end)
    return start - off + (isNothing ? 0 : this.takeLine(bytes, start, end))
  }

  private takeLine(bytes: Uint8Array, off: number, end: number): number {
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
    const { method, target, version, isPath } = this.line
    const fields = this.section.takeFields()
    const request = new Request(method, target, version, Headers.ofBlock(fields))
    this.request = isPath ? request : withEffectiveHost(request)
    this.isUsual = isPath && fields.hasPlainHost && fields.saysNoBody
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

/** Whether the only byte is a CR: the next byte shows what it begins. */
function isHalfAnEmptyLine(bytes: Uint8Array, off: number, end: number): boolean {
  return off + 1 === end && bytes[off] === CR
}

/**
 * RFC 9112 §3.2.2: the authority of an absolute-form target replaces Host. It does not make a request good whose own
 * Host is missing, bad or there twice, so such a request keeps what it came with, for the connection to refuse.
 */
function withEffectiveHost(request: Request): Request {
  const { method, target, version, headers } = request
  const authority = absoluteAuthority(target)
  if (authority === null || hostFault(request) !== null) return request
  const replaced = headers.mem('Host') ? headers.replace('Host', authority) : headers.add('Host', authority)
  return new Request(method, target, version, replaced)
}
