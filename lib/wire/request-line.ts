/**
 * The parser of a request line: `method SP request-target SP HTTP-version CRLF` (RFC 9112 §3).
 *
 * Strategy: see resumable-parser.ts. One walk in the order of the rule, single spaces only; what a lenient reader would
 * let pass here has been used to smuggle requests (RFC 9112 §11.2).
 */
import type { RemoteErrorCode } from '../errors.js'
import { cutText } from '../message/text.js'
import { Version } from '../message/version.js'
import { CR, LF, SP, TARGET, TOKEN } from './grammar.js'
import { isValidTarget } from './request-target.js'
import { INCOMPLETE, ResumableParser } from './resumable-parser.js'
import type { TextWindow } from './text-window.js'

/** The parser of request lines: see the head of this file. */
export class RequestLineParser extends ResumableParser {
  /** The method of the completed line. */
  method: string
  /** The target of the completed line, as it was received. */
  target: string
  /** The version of the completed line: 1.0, or 1.1 for every later minor version (RFC 9110 §2.5). */
  version: Version

  constructor(window: TextWindow) {
    super(window)
    this.method = ''
    this.target = ''
    this.version = Version.HTTP_1_1
  }

  protected override scan(text: string, at: number): number {
    const length = text.length
    let p = at
    while (p < length && TOKEN[text.charCodeAt(p)] === 1) p++
    const methodEnd = p
    if (p === length) return INCOMPLETE
    if (p === at || text.charCodeAt(p) !== SP) return this.methodFault(text, p)
    p++
    while (p < length && TARGET[text.charCodeAt(p)] === 1) p++
    const end = this.scanVersion(text, methodEnd + 1, p)
    if (end === INCOMPLETE) return INCOMPLETE
    return this.accept(text, at, methodEnd, p) ? end : INCOMPLETE
  }

  protected override tooLarge(text: string): RemoteErrorCode {
    return text.includes(' ') ? 'targetTooLong' : 'headTooLarge'
  }

  protected override showsEnd(bytes: Uint8Array, _off: number, from: number, end: number): boolean {
    for (let i = from; i < end; i++) if (bytes[i] === LF) return true
    return false
  }

  private accept(text: string, at: number, methodEnd: number, targetEnd: number): boolean {
    this.method = methodOf(text, at, methodEnd)
    this.target = cutText(text, methodEnd + 1, targetEnd)
    if (!isValidTarget(this.method, this.target)) this.fail('badTarget', methodEnd + 1)
    return this.fault === null
  }

  private methodFault(text: string, p: number): number {
    const code = text.charCodeAt(p)
    return this.fail(code === CR || code === LF ? 'badLineEnd' : 'badMethod', p)
  }

  /** Sets the version that stands at `p`, or says what is wrong, or wants more. */
  private scanVersion(text: string, targetStart: number, p: number): number {
    if (p > targetStart && text.startsWith(' HTTP/1.1\r\n', p)) {
      this.version = Version.HTTP_1_1
      return p + 11
    }
    return this.scanOtherVersion(text, targetStart, p)
  }

  private scanOtherVersion(text: string, targetStart: number, p: number): number {
    if (p === text.length) return INCOMPLETE
    if (p === targetStart || text.charCodeAt(p) !== SP) return this.targetFault(text, targetStart, p)
    const pattern = ' HTTP/0.0\r\n'
    for (let i = 0; i < pattern.length; i++) {
      if (p + i === text.length) return INCOMPLETE
      if (!matches(pattern.charCodeAt(i), text.charCodeAt(p + i))) return this.fail(versionFault(i), p + i)
    }
    if (text[p + 6] !== '1') return this.fail('unknownVersion', p + 6)
    this.version = text[p + 8] === '0' ? Version.HTTP_1_0 : Version.HTTP_1_1
    return p + pattern.length
  }

  private targetFault(text: string, targetStart: number, p: number): number {
    const code = text.charCodeAt(p)
    const isLineEnd = code === CR || code === LF
    return this.fail(isLineEnd && p > targetStart ? 'badRequestLine' : 'badTarget', p)
  }
}

function matches(pattern: number, code: number): boolean {
  return pattern === 0x30 ? code >= 0x30 && code <= 0x39 : code === pattern
}

function versionFault(index: number): 'badVersion' | 'badLineEnd' {
  return index < 9 ? 'badVersion' : 'badLineEnd'
}

/** The commonest methods without cutting a string: a constant compares by identity ever after. */
function methodOf(text: string, start: number, end: number): string {
  if (end - start === 3 && text.startsWith('GET', start)) return 'GET'
  if (end - start === 4 && text.startsWith('POST', start)) return 'POST'
  return cutText(text, start, end)
}
