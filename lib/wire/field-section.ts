/**
 * The parser of a field section: the header fields of a head, or the trailer fields after the last chunk, including the
 * empty line that ends them (RFC 9112 §5).
 *
 * Strategy: see resumable-parser.ts. The walk checks every byte and notes where names and values are; a string is cut
 * out when it is asked for. It walks bytes and not characters: 13 fields take 0.7 µs, as characters 1.9. There
 * is no leniency: a name is a token right before its colon, a value has no control but tab, a line ends in CR LF, and
 * none is folded (RFC 9112 §5.1, §5.2, RFC 9110 §5.5).
 */
import type { RemoteErrorCode } from '../errors.js'
import { lengthBit, type FieldBlock } from '../message/field-block.js'
import type { TextWindow } from './text-window.js'
import { COLON, CR, FIELD_VALUE, HOST_NAME, LF, SP, TOKEN, bytesOf, isBlank } from './grammar.js'
import { INCOMPLETE, ResumableParser } from './resumable-parser.js'
import { arePrintable, countOf, wordsOf } from './words.js'

// An imported binding is looked up at each use, a local constant is not: 13 fields take 0.86 µs in place of 1.0.
const NAME = TOKEN
const VALUE = FIELD_VALUE
const HOST_BYTE = HOST_NAME
const COLON_BYTE = COLON
const CR_BYTE = CR
const LF_BYTE = LF
const bitOfLength = lengthBit

/** No fields. */
const NO_FIELDS: FieldBlock = {
  text: '', offsets: [0], nameLengths: 0, hasPlainHost: false, saysKeepAlive: false, saysNoBody: true,
}

/**
 * The offsets of the section that is being scanned. All parsers share it, which is safe: a scan calls nobody else, and
 * each worker thread has its own. An array for each section would be copied several times as it grows.
 */
const found: number[] = []

/** The parser of field sections: see the head of this file. */
export class FieldSectionParser extends ResumableParser {
  /** How many fields a section may have. */
  readonly maxCount: number
  private fields: FieldBlock

  /** A parser of sections with at most `maxCount` fields. */
  constructor(window: TextWindow, maxCount: number) {
    super(window)
    this.maxCount = maxCount
    this.fields = NO_FIELDS
  }

  /** The fields of the section that was just completed, once; they share no bytes with the input. */
  takeFields(): FieldBlock {
    const { fields } = this
    this.fields = NO_FIELDS
    return fields
  }

  protected override scan(bytes: Uint8Array, off: number, limit: number): number {
    const base = this.window.anchor(off)
    const words = wordsOf(bytes, limit)
    let count = 0
    let nameLengths = 0
    let saysNoBody = true
    // One for a field that is plain, two for another: one means that there is one field and it is plain.
    let hosts = 0
    let connections = 0
    let p = off
    while (p < limit && bytes[p] !== CR_BYTE) {
      const start = p
      p = skipName(words, p, limit)
      while (p < limit && NAME[bytes[p]] === 1) p++
      const nameEnd = p
      if (p === limit) return INCOMPLETE
      if (p === start || bytes[p] !== COLON_BYTE) return this.nameFault(bytes, off, p)
      const isHost = nameEnd - start === HOST_LENGTH && isHostName(bytes, start)
      // A plain Host is good in a value: it is walked once, by the narrower table.
      const plainEnd = isHost ? skipPlainHost(bytes, p + 1, limit) : skipValue(words, p + 1, limit)
      p = plainEnd
      while (p < limit && VALUE[bytes[p]] === 1) p++
      if (p + 1 >= limit || bytes[p] !== CR_BYTE || bytes[p + 1] !== LF_BYTE) return this.valueEnd(bytes, p, limit)
      const bit = bitOfLength(nameEnd - start)
      nameLengths |= bit
      if (isHost) hosts += p === plainEnd ? 1 : 2
      else if ((bit & BODY_LENGTHS) !== 0 && mayConcernBody(bytes[start], nameEnd - start)) saysNoBody = false
      else if (isText(bytes, start, nameEnd, CONNECTION)) connections += isKeepAlive(bytes, nameEnd + 1, p) ? 1 : 2
      found[count] = start - base
      found[count + 1] = nameEnd - base
      count += 2
      p += 2
    }
    if (p + 1 >= limit || !this.isEnd(bytes, p, count, base)) return INCOMPLETE
    found[count] = p - base
    this.window.cover(bytes, p + 2, limit)
    const hasPlainHost = hosts === 1
    const saysKeepAlive = connections === 1
    const offsets = count === 2 ? [found[0], found[1], found[2]] : found.slice(0, count + 1)
    this.fields = { text: this.window.text, offsets, nameLengths, hasPlainHost, saysKeepAlive, saysNoBody }
    return p + 2
  }

  protected override tooLarge(): RemoteErrorCode {
    return 'headTooLarge'
  }

  protected override showsEnd(bytes: Uint8Array, off: number, from: number, end: number): boolean {
    for (let i = from; i < end; i++) {
      if (bytes[i] === LF && (i < off + 2 || bytes[i - 1] !== CR || bytes[i - 2] === LF)) return true
    }
    return false
  }

  /** Whether the CR at `p` begins the CR LF that ends the section. */
  private isEnd(bytes: Uint8Array, p: number, count: number, base: number): boolean {
    if (bytes[p + 1] !== LF_BYTE) this.fail('badLineEnd', p)
    else if (count > 2 * this.maxCount) this.fail('tooManyFields', base + found[2 * this.maxCount])
    return this.fault === null
  }

  /** The byte at `p` ends a name but is not the colon, or there was no name. */
  private nameFault(bytes: Uint8Array, off: number, p: number): number {
    const code = bytes[p]
    if (code === LF) return this.fail('badLineEnd', p)
    const isFolded = isBlank(code) && p > off && bytes[p - 1] === LF
    return this.fail(isFolded ? 'obsoleteFold' : 'badFieldName', p)
  }

  /** The value at `p` does not end in CR LF, or not yet. */
  private valueEnd(bytes: Uint8Array, p: number, limit: number): number {
    if (p === limit) return INCOMPLETE
    const code = bytes[p]
    if (code === CR && p + 1 === limit) return INCOMPLETE
    return this.fail(code === CR || code === LF ? 'badLineEnd' : 'badFieldValue', p)
  }
}

// V8 takes a constant into the loop, but asks at each use whether a declared function is still the same.
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** Where the characters of a name end, as far as four can be read at once. */
function skipName(words: DataView | null, start: number, limit: number): number {
  let p = start
  while (words !== null && p + 3 < limit) {
    const count = countOf(NAME, words.getInt32(p, true))
    p += count
    if (count < 4) break
  }
  return p
}

/** Where the characters of a value end, as far as four can be read at once: nearly all are printable ASCII. */
function skipValue(words: DataView | null, start: number, limit: number): number {
  let p = start
  while (words !== null && p + 3 < limit) {
    const four = words.getInt32(p, true)
    if (!arePrintable(four)) return p + countOf(VALUE, four)
    p += 4
  }
  return p
}

const LOWER_CASE_BIT = 0x20
const [C, E, T] = bytesOf('cet')

/** Whether a name of this first letter and length could be Content-Length, Expect or Transfer-Encoding. */
function mayConcernBody(code: number, length: number): boolean {
  const letter = code | LOWER_CASE_BIT
  return (length === 14 && letter === C) || (length === 6 && letter === E) || (length === 17 && letter === T)
}

const HOST_LENGTH = 4
const [H, O, S] = bytesOf('hos')

/** Whether the four bytes at `start`, which are good in a name, are `host` but for the case of letters. */
function isHostName(bytes: Uint8Array, start: number): boolean {
  return (bytes[start] | LOWER_CASE_BIT) === H && (bytes[start + 1] | LOWER_CASE_BIT) === O
    && (bytes[start + 2] | LOWER_CASE_BIT) === S && (bytes[start + 3] | LOWER_CASE_BIT) === T
}

const CONNECTION = bytesOf('connection')
const KEEP_ALIVE = bytesOf('keep-alive')

/** The lengths of the names that may concern the body. */
const BODY_LENGTHS = lengthBit(6) | lengthBit(14) | lengthBit(17)

/**
 * Whether `bytes[start, end)`, good in a name or a value, is the text but for the case of letters. The text is made of
 * lower-case letters and hyphens.
 */
function isText(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if ((bytes[start + i] | LOWER_CASE_BIT) !== text[i]) return false
  return true
}

/** Where a value begins that is preceded by one space, as nearly all are, or by no blank. */
function skipSpace(bytes: Uint8Array, start: number): number {
  return bytes[start] === SP ? start + 1 : start
}

/** Whether `bytes[start, end)` is `keep-alive`. */
function isKeepAlive(bytes: Uint8Array, start: number, end: number): boolean {
  return isText(bytes, skipSpace(bytes, start), end, KEEP_ALIVE)
}

/**
 * Where a Host value ends that is a name or an IPv4 address, and perhaps a port, if it is valid and has no escapes: see
 * {@link FieldBlock}. Of another value, an index within it.
 */
function skipPlainHost(bytes: Uint8Array, start: number, limit: number): number {
  let p = start < limit ? skipSpace(bytes, start) : start
  while (p < limit && HOST_BYTE[bytes[p]] === 1) p++
  if (p === limit || bytes[p] !== COLON_BYTE) return p
  p++
  while (p < limit && isDigit(bytes[p])) p++
  return p
}
