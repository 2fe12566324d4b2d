/**
 * UTF-8 for the text of bodies, from strings to bytes.
 *
 * Strategy: as in latin1.ts, a global `Buffer` is used if there is one, else the standard's `TextEncoder`. `utf8Write`
 * is not documented: it is tried out before it is used. A lone surrogate has no encoding; each becomes U+FFFD, three
 * bytes, as the Encoding standard requires.
 */
import { works } from './probe.js'

/**
 * The part of Node's `Buffer` that is used here.
 *
 * @internal
 */
export interface Utf8Buffer {
  readonly byteLength: (text: string) => number
  readonly prototype: {
    readonly utf8Write?: Write
  } | undefined
}

type Write = (this: Uint8Array, text: string, off: number, len: number) => number

/** Measuring and writing. @internal */
export interface Utf8 {
  readonly utf8Length: (text: string) => number
  readonly writeUtf8: (target: Uint8Array, text: string, off: number) => number
}

/** The most bytes that one UTF-16 unit of a string can need. */
export const UTF8_BYTES_PER_UNIT = 3

function measurePlainly(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) length += unit < 0x800 ? 1 : 2
    // A pair of surrogates is four bytes, two a unit; a lone one is U+FFFD, three.
    if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1))) i++
  }
  return length
}

/** Whether the UTF-16 unit is the first of a pair. */
export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

/** Whether the UTF-16 unit is the second of a pair. NaN, past the end of a string, is not. */
export function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

function writePlainly(target: Uint8Array, text: string, off: number): number {
  return new TextEncoder().encodeInto(text, target.subarray(off)).written
}

/** A letter, and characters of two, three and four bytes. */
const SAMPLE_TEXT = 'A\xe9\u20ac\u{1f600}'
const SAMPLE = Uint8Array.of(0x41, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80)

function measures(buffer: Utf8Buffer | undefined): buffer is Utf8Buffer {
  return buffer !== undefined && works(() => buffer.byteLength(SAMPLE_TEXT) === SAMPLE.length)
}

function writes(write: Write | undefined): write is Write {
  const target = new Uint8Array(SAMPLE.length + 2)
  return write !== undefined
    && works(() => write.call(target, SAMPLE_TEXT, 1, SAMPLE.length) === SAMPLE.length)
    && target.join() === `0,${SAMPLE.join()},0`
}

/**
 * Returns the conversions of `buffer`, with the standard's for those that it lacks or does differently.
 *
 * @internal
 */
export function utf8Of(buffer: Utf8Buffer | undefined): Utf8 {
  const write = buffer?.prototype?.utf8Write
  return {
    utf8Length: measures(buffer) ? text => buffer.byteLength(text) : measurePlainly,
    writeUtf8: writes(write) ? (target, text, off) => write.call(target, text, off, target.length - off) : writePlainly,
  }
}

const utf8 = utf8Of((globalThis as { Buffer?: Utf8Buffer }).Buffer)

/** Returns the number of bytes of `text` in UTF-8: between `text.length` and three times that. */
export const utf8Length: Utf8['utf8Length'] = utf8.utf8Length

/**
 * Writes `text` into `target` from `off` on, in UTF-8, and returns how many bytes that were: `utf8Length(text)`, or
 * as many whole characters as fit. The caller guarantees `0 <= off <= target.length`.
 */
export const writeUtf8: Utf8['writeUtf8'] = utf8.writeUtf8
