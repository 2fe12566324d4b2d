/**
 * The decoder of the chunked transfer coding (RFC 9112 §7.1).
 *
 * Strategy: a byte machine; the list of states below is its table of contents, with one short method where a state
 * has a choice. It never looks at data. Chunk sizes have at most 13 digits after leading zeros, so they stay exact;
 * RFC 9112 §7.1 allows the zeros, and the size of a head bounds them. Extensions are checked against their grammar
 * and dropped; their bytes and those of the trailer section count together against one limit, because a peer could
 * otherwise send them for ever (RFC 9112 §7.1.1).
 */
import type { RemoteErrorCode } from '../errors.js'
import { sizeOfBlock } from '../message/field-block.js'
import { Headers } from '../message/headers.js'
import type { BodyDecoder } from './body-decoder.js'
import { FieldSectionParser } from './field-section.js'
import {
  BACKSLASH, CR, DQUOTE, EQUALS, HEX_VALUE, LF, NOT_HEX, QUOTED_TEXT, SEMICOLON, TOKEN, isBlank,
} from './grammar.js'
import { TextWindow } from './text-window.js'

const SIZE_START = 0
const SIZE = 1
const BEFORE_EXTENSION = 2
const NAME_START = 3
const NAME = 4
const AFTER_NAME = 5
const VALUE_START = 6
const VALUE = 7
const QUOTED = 8
const ESCAPED = 9
const AFTER_QUOTED = 10
const SIZE_LF = 11
const DATA_CR = 12
const DATA_LF = 13
/** Every state up to here takes one byte of framing at a time. */
const LAST_BYTE_STATE = DATA_LF
const DATA = 14
const TRAILERS = 15
const DONE = 16
const FAULT = 17

const MAX_SIZE_DIGITS = 13
/** The smallest size with that many digits: another digit is refused, so that sizes stay exact. */
const FULL_SIZE = 16 ** (MAX_SIZE_DIGITS - 1)

/** The empty line after the trailers ends the body; the limit on trailers does not count it. */
const EMPTY_LINE_SIZE = 2

/** A body in chunks. */
export class ChunkedDecoder implements BodyDecoder {
  fault: RemoteErrorCode | null
  faultOffset: number
  trailers: Headers | null
  available: number
  /** How many digits of one size are taken, leading zeros included. */
  private readonly maxDigits: number
  private readonly maxHeadersCount: number
  private state: number
  private digits: number
  /** How many more bytes of extensions and trailers the limit allows. */
  private budget: number
  private position: number
  private section: FieldSectionParser | null

  /**
   * A decoder that takes `maxHeaderSize` bytes of extensions and trailers, as many zeros in front of a size of 13
   * digits, and `maxHeadersCount` trailer fields.
   */
  constructor(maxHeaderSize: number, maxHeadersCount: number) {
    this.fault = null
    this.faultOffset = 0
    this.trailers = null
    this.available = 0
    this.maxDigits = MAX_SIZE_DIGITS + maxHeaderSize
    this.maxHeadersCount = maxHeadersCount
    this.state = SIZE_START
    this.digits = 0
    this.budget = maxHeaderSize
    this.position = 0
    this.section = null
  }

  get isDone(): boolean {
    return this.state === DONE
  }

  get isWithinTrailers(): boolean {
    return this.state === TRAILERS
  }

  advance(bytes: Uint8Array, off: number, end: number): number {
    let p = off
    while (p < end && this.state <= LAST_BYTE_STATE) {
      const next = this.step(bytes[p])
      if (next === FAULT) break
      this.state = next
      p++
    }
    this.position += p - off
    if (this.fault !== null) this.faultOffset = this.position
    return this.state === TRAILERS ? p + this.readTrailers(bytes, p, end) - off : p - off
  }

  advanceEof(bytes: Uint8Array, off: number, end: number): void {
    if (this.state === TRAILERS) return this.endTrailers(bytes, off, end)
    this.fault = 'unexpectedEof'
    this.faultOffset = this.position
  }

  take(count: number): void {
    this.available -= count
    this.position += count
    if (this.available === 0) this.state = DATA_CR
  }

  private step(code: number): number {
    switch (this.state) {
      case SIZE_START: return HEX_VALUE[code] === NOT_HEX ? this.fail() : this.digit(code)
      case SIZE: return HEX_VALUE[code] === NOT_HEX ? this.afterSize(code) : this.digit(code)
      case SIZE_LF: return code === LF ? this.endOfSize() : this.fail()
      case DATA_CR: return code === CR ? DATA_LF : this.fail()
      case DATA_LF: return code === LF ? this.nextChunk() : this.fail()
      default: return this.extension(code)
    }
  }

  private digit(code: number): number {
    if (this.available >= FULL_SIZE) return this.fail()
    if (++this.digits > this.maxDigits) return this.fail('headTooLarge')
    this.available = this.available * 16 + HEX_VALUE[code]
    return SIZE
  }

  private afterSize(code: number): number {
    if (code === CR) return SIZE_LF
    if (code === SEMICOLON) return this.spend(NAME_START)
    return isBlank(code) ? this.spend(BEFORE_EXTENSION) : this.fail()
  }

  private endOfSize(): number {
    return this.available === 0 ? TRAILERS : DATA
  }

  private nextChunk(): number {
    this.digits = 0
    return SIZE_START
  }

  private extension(code: number): number {
    const next = this.extensionStep(code)
    return code === CR ? next : this.spend(next)
  }

  /** *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ) */
  private extensionStep(code: number): number {
    switch (this.state) {
      case NAME_START: return TOKEN[code] === 1 ? NAME : this.blank(code)
      case NAME: return TOKEN[code] === 1 ? NAME : this.afterName(code, true)
      case AFTER_NAME: return this.afterName(code, false)
      case VALUE_START: return TOKEN[code] === 1 ? VALUE : this.quoteOrBlank(code)
      case VALUE: return TOKEN[code] === 1 ? VALUE : this.afterExtension(code, true)
      case QUOTED: return this.quoted(code)
      case ESCAPED: return QUOTED_TEXT[code] === 1 || code === DQUOTE || code === BACKSLASH ? QUOTED : this.fail()
      case AFTER_QUOTED: return this.afterExtension(code, true)
      default: return this.afterExtension(code, false)
    }
  }

  private blank(code: number): number {
    return isBlank(code) ? this.state : this.fail()
  }

  private afterName(code: number, mayEnd: boolean): number {
    if (code === EQUALS) return VALUE_START
    if (isBlank(code)) return AFTER_NAME
    return this.afterExtension(code, mayEnd)
  }

  private quoteOrBlank(code: number): number {
    return code === DQUOTE ? QUOTED : this.blank(code)
  }

  private quoted(code: number): number {
    if (code === DQUOTE) return AFTER_QUOTED
    if (code === BACKSLASH) return ESCAPED
    return QUOTED_TEXT[code] === 1 ? QUOTED : this.fail()
  }

  /** Between two extensions. A blank must be followed by a semicolon: "bad" white space may not end the line. */
  private afterExtension(code: number, mayEnd: boolean): number {
    if (code === SEMICOLON) return NAME_START
    if (isBlank(code)) return BEFORE_EXTENSION
    return code === CR && mayEnd ? SIZE_LF : this.fail()
  }

  private spend(next: number): number {
    if (this.budget === 0) return this.fail('headTooLarge')
    this.budget--
    return next
  }

  private fail(code: RemoteErrorCode = 'badChunk'): number {
    this.fault = code
    return FAULT
  }

  private readTrailers(bytes: Uint8Array, off: number, end: number): number {
    if (this.section === null && off + 1 < end && bytes[off] === CR && bytes[off + 1] === LF) return this.finish(2)
    const section = (this.section ??= this.beginTrailers())
    const consumed = section.parse(bytes, off, end)
    if (section.isComplete) this.takeTrailers(section)
    this.noteFault(section)
    section.release()
    return section.isComplete ? this.finish(consumed) : consumed
  }

  private endTrailers(bytes: Uint8Array, off: number, end: number): void {
    const section = (this.section ??= this.beginTrailers())
    section.parseEof(bytes, off, end)
    this.noteFault(section)
    section.release()
  }

  private noteFault(section: FieldSectionParser): void {
    this.fault = section.fault
    this.faultOffset = this.position + section.faultOffset
  }

  private beginTrailers(): FieldSectionParser {
    const section = new FieldSectionParser(new TextWindow(), this.maxHeadersCount)
    section.begin(this.budget + EMPTY_LINE_SIZE)
    return section
  }

  private takeTrailers(section: FieldSectionParser): void {
    const fields = section.takeFields()
    if (sizeOfBlock(fields) > 0) this.trailers = Headers.ofBlock(fields)
  }

  private finish(consumed: number): number {
    this.state = DONE
    this.position += consumed
    return consumed
  }
}
