/**
 * The parser of a field section: the header fields of a head, or the trailer fields behind a last chunk, up to and with
 * the empty line (RFC 9112 §5).
 *
 * Strategy: see resumable-parser.ts. The walk checks every character and notes where names and values stand; strings
 * are cut out when somebody asks for them. There is no leniency: a name is a token right before its colon, a value
 * has no control but tab, a line ends in CR LF, and none is folded (RFC 9112 §5.1, §5.2, RFC 9110 §5.5).
 */
import type { RemoteErrorCode } from '../errors.js'
import type { FieldBlock } from '../message/headers.js'
import type { TextWindow } from './text-window.js'
import { COLON, CR, FIELD_VALUE, LF, TOKEN, isBlank } from './grammar.js'
import { INCOMPLETE, ResumableParser } from './resumable-parser.js'

/** The parser of field sections: see the head of this file. */
export class FieldSectionParser extends ResumableParser {
  private readonly maxCount: number
  private offsets: number[]

  /** A parser of sections with at most `maxCount` fields. */
  constructor(window: TextWindow, maxCount: number) {
    super(window)
    this.maxCount = maxCount
    this.offsets = []
  }

  /** The fields of the section that was just completed; they share no bytes with the input. */
  takeFields(): FieldBlock {
    return { text: this.window.text, offsets: this.offsets }
  }

  protected override scan(text: string, at: number): number {
    const length = text.length
    const offsets: number[] = []
    let p = at
    while (p < length && text.charCodeAt(p) !== CR) {
      const nameStart = p
      while (p < length && TOKEN[text.charCodeAt(p)] === 1) p++
      const nameEnd = p
      if (p === length) return INCOMPLETE
      if (p === nameStart || text.charCodeAt(p) !== COLON) return this.nameFault(text, at, p)
      p++
      while (p < length && isBlank(text.charCodeAt(p))) p++
      const valueStart = p
      while (p < length && FIELD_VALUE[text.charCodeAt(p)] === 1) p++
      if (p + 1 >= length || text.charCodeAt(p) !== CR || text.charCodeAt(p + 1) !== LF) return this.valueEnd(text, p)
      let valueEnd = p
      while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--
      offsets.push(nameStart, nameEnd, valueStart, valueEnd)
      p += 2
    }
    return p + 1 >= length ? INCOMPLETE : this.emptyLine(text, p, offsets)
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

  private emptyLine(text: string, p: number, offsets: number[]): number {
    if (text.charCodeAt(p + 1) !== LF) return this.fail('badLineEnd', p)
    if (offsets.length > 4 * this.maxCount) return this.fail('tooManyFields', offsets[4 * this.maxCount])
    this.offsets = offsets
    return p + 2
  }

  /** The character at `p` ends a name but is not the colon, or there was no name. */
  private nameFault(text: string, at: number, p: number): number {
    const code = text.charCodeAt(p)
    if (code === LF) return this.fail('badLineEnd', p)
    const isFolded = isBlank(code) && p > at && text.charCodeAt(p - 1) === LF
    return this.fail(isFolded ? 'obsoleteFold' : 'badFieldName', p)
  }

  /** What ends a value at `p` is not a CR LF, or not yet. */
  private valueEnd(text: string, p: number): number {
    if (p === text.length) return INCOMPLETE
    const code = text.charCodeAt(p)
    if (code === CR && p + 1 === text.length) return INCOMPLETE
    return this.fail(code === CR || code === LF ? 'badLineEnd' : 'badFieldValue', p)
  }
}
