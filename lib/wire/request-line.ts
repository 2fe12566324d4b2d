/**
 * The parser of a request line: `method SP request-target SP HTTP-version CRLF` (RFC 9112 §3).
 *
 * Strategy: see resumable-parser.ts. One walk in the order of the rule, single spaces only: leniency here has been used
 * to smuggle requests (RFC 9112 §11.2).
 */
import type { RemoteErrorCode } from '../errors.js'
import { cutText } from '../message/text.js'
import { Version } from '../message/version.js'
import { BACKSLASH, CR, LF, QUERY, QUESTION_MARK, SLASH, SP, TARGET, TOKEN, bytesOf } from './grammar.js'
import { isValidTarget } from './request-target.js'
import { INCOMPLETE, ResumableParser } from './resumable-parser.js'
import type { TextWindow } from './text-window.js'
import { wordOf, wordsOf } from './words.js'

// An imported binding is looked up at each use, a local constant is not.
const METHOD_BYTE = TOKEN
const TARGET_BYTE = TARGET
const SPACE = SP

/** The parser of request lines: see the head of this file. */
export class RequestLineParser extends ResumableParser {
  /** The method of the completed line. */
  method: string
  /** The target of the completed line, as it was received. */
  target: string
  /** Whether the target of the completed line begins with a slash: origin-form (RFC 9112 §3.2.1). */
  isPath: boolean
  /** The version of the completed line: 1.0, or 1.1 for every later minor version (RFC 9110 §6.2). */
  version: Version

  constructor(window: TextWindow) {
    super(window)
    this.method = ''
    this.target = ''
    this.isPath = false
    this.version = Version.HTTP_1_1
  }

  protected override scan(bytes: Uint8Array, off: number, limit: number): number {
    const words = wordsOf(bytes, limit)
    const isGet = off + 3 < limit && words?.getInt32(off, true) === GET_SPACE
    let p = isGet ? off + 3 : off
    while (p < limit && METHOD_BYTE[bytes[p]] === 1) p++
    const methodEnd = p
    if (p === limit) return INCOMPLETE
    if (p === off || bytes[p] !== SPACE) return this.methodFault(bytes, p)
    const start = p + 1
    p = start
    while (p < limit && TARGET_BYTE[bytes[p]] === 1) p++
    if (p < limit && bytes[p] === BACKSLASH) p = skipQuery(bytes, start, p, limit)
    const end = this.scanVersion(bytes, start, p, limit)
    if (end === INCOMPLETE) return INCOMPLETE
    const base = this.window.anchor(off)
    this.window.cover(bytes, end, limit)
    if (isGet) this.method = 'GET'
    else if (methodEnd - off === 4 && words?.getInt32(off, true) === POST) this.method = 'POST'
    else this.method = cutText(this.window.text, off - base, methodEnd - base)
    this.target = cutText(this.window.text, start - base, p - base)
    this.isPath = bytes[start] === SLASH
    return isValidTarget(this.method, this.target, this.isPath) ? end : this.fail('badTarget', start)
  }

  protected override tooLarge(bytes: Uint8Array, off: number, limit: number): RemoteErrorCode {
    return bytes.subarray(off, limit).includes(SP) ? 'targetTooLong' : 'methodTooLong'
  }

  protected override showsEnd(bytes: Uint8Array, _off: number, from: number, end: number): boolean {
    for (let i = from; i < end; i++) if (bytes[i] === LF) return true
    return false
  }

  private methodFault(bytes: Uint8Array, p: number): number {
    return this.fail(isLineEnd(bytes[p]) ? 'badLineEnd' : 'badMethod', p)
  }

  /** Parses the version at `p`: sets it, notes a fault, or waits for more bytes. */
  private scanVersion(bytes: Uint8Array, targetStart: number, p: number, limit: number): number {
    if (p === limit) return INCOMPLETE
    if (p === targetStart || bytes[p] !== SPACE) return this.targetFault(bytes, targetStart, p)
    if (limit - p >= VERSION.length && isHttp11(wordsOf(bytes, limit), p)) return this.take(Version.HTTP_1_1, p)
    for (let i = 0; i < VERSION.length; i++) {
      if (p + i === limit) return INCOMPLETE
      if (bytes[p + i] !== VERSION[i] && !isVersionDigit(i, bytes[p + i])) return this.fail(versionFault(i), p + i)
    }
    if (bytes[p + MAJOR] !== ONE) return this.fail('unknownVersion', p + MAJOR)
    return this.take(bytes[p + MINOR] === ZERO ? Version.HTTP_1_0 : Version.HTTP_1_1, p)
  }

  private take(version: Version, p: number): number {
    this.version = version
    return p + VERSION.length
  }

  private targetFault(bytes: Uint8Array, targetStart: number, p: number): number {
    return this.fail(isLineEnd(bytes[p]) && p > targetStart ? 'badRequestLine' : 'badTarget', p)
  }
}

/** Returns the end of a target with a backslash at `p`, if the backslash is in its query; else `p`. */
function skipQuery(bytes: Uint8Array, targetStart: number, p: number, limit: number): number {
  if (!bytes.subarray(targetStart, p).includes(QUESTION_MARK)) return p
  let end = p
  while (end < limit && QUERY[bytes[end]] === 1) end++
  return end
}

/** ` HTTP/1.1` and the end of the line: nearly all request lines end so. */
const VERSION = bytesOf(' HTTP/1.1\r\n')
const MAJOR = 6
const MINOR = 8
const ZERO = 0x30
const ONE = 0x31

const [SPACE_HTT, P_1_POINT, POINT_1_END] = [' HTT', 'P/1.', '.1\r\n'].map(wordOf)

/** Whether the bytes at `p` are {@link VERSION}: the common case, which is tried first. */
function isHttp11(words: DataView | null, p: number): boolean {
  return words !== null && words.getInt32(p, true) === SPACE_HTT && words.getInt32(p + 4, true) === P_1_POINT
    && words.getInt32(p + 7, true) === POINT_1_END
}

/** Whether the byte is a digit, and `index` is the place of one in {@link VERSION}. */
function isVersionDigit(index: number, code: number): boolean {
  return (index === MAJOR || index === MINOR) && code >= ZERO && code <= ZERO + 9
}

function versionFault(index: number): 'badVersion' | 'badLineEnd' {
  return index <= MINOR ? 'badVersion' : 'badLineEnd'
}

function isLineEnd(code: number): boolean {
  return code === CR || code === LF
}

/** The commonest methods are not cut out of the text: a constant compares by identity ever after. */
const [GET_SPACE, POST] = ['GET ', 'POST'].map(wordOf)
