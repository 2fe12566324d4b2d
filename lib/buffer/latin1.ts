/**
 * Latin-1: one byte a character, the encoding of a message's head.
 *
 * Strategy: this is the pure layers' one concession to Node: if there is a global `Buffer`, its conversions are used,
 * else plain loops (in a browser, a worker). `TextDecoder` can't be used: its standard makes 'latin1' another name of
 * windows-1252, which differs at 0x80..0x9f. The conversions of `Buffer` are not documented, and other runtimes and
 * packages define a `Buffer` too: each is tried out before it is used.
 */
import { works } from './probe.js'

/**
 * The part of Node's `Buffer` that is used here: methods that take any Uint8Array as `this`.
 *
 * @internal
 */
export interface Latin1Buffer {
  readonly prototype: {
    readonly latin1Slice?: Slice
    readonly latin1Write?: Write
  } | undefined
}

type Slice = (this: Uint8Array, start: number, end: number) => string
type Write = (this: Uint8Array, text: string, off: number, len: number) => number

/** The two directions of the encoding. @internal */
export interface Latin1 {
  readonly decodeLatin1: (bytes: Uint8Array, start: number, end: number) => string
  readonly writeLatin1: (target: Uint8Array, text: string, off: number) => number
}

// Below the engines' limits on the number of arguments of one call.
const DECODE_STEP = 4096

function decodePlainly(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let from = start; from < end; from += DECODE_STEP) {
    const part = bytes.subarray(from, Math.min(end, from + DECODE_STEP))
    text += Reflect.apply(String.fromCharCode, undefined, part)
  }
  return text
}

// Storing into a Uint8Array keeps the low byte, as latin1Write does.
function writePlainly(target: Uint8Array, text: string, off: number): number {
  const count = Math.min(text.length, target.length - off)
  for (let i = 0; i < count; i++) target[off + i] = text.charCodeAt(i)
  return count
}

// A call of latin1Write costs 90 ns whatever the length; the loop 25 ns for 5 characters and 56 ns for 12. The framing
// of a streamed chunk is that short: with the loop, a chunk through the output queue takes 124 ns instead of 212. V8
// joins strings of 13 characters and more lazily, and the loop would flatten them first: 157 ns at 14 characters.
const SHORT = 12

function writerOf(write: Write): Latin1['writeLatin1'] {
  return (target, text, off) => {
    if (text.length <= SHORT) return writePlainly(target, text, off)
    // From Node 24 on it throws if the text is longer than the room.
    return write.call(target, text, off, Math.min(text.length, target.length - off))
  }
}

/** Bytes that show the difference between latin-1 and its relatives, and their text. */
const SAMPLE = Uint8Array.of(0x00, 0x41, 0x7f, 0x80, 0x9f, 0xe9, 0xff)
const SAMPLE_TEXT = '\0A\x7f\x80\x9f\xe9\xff'

function reads(slice: Slice | undefined): slice is Slice {
  return slice !== undefined && works(() =>
    slice.call(SAMPLE, 0, SAMPLE.length) === SAMPLE_TEXT && slice.call(SAMPLE, 1, 2) === 'A')
}

function writes(write: Write | undefined): write is Write {
  const target = new Uint8Array(SAMPLE.length + 2)
  return write !== undefined
    && works(() => write.call(target, SAMPLE_TEXT, 1, SAMPLE.length) === SAMPLE.length)
    && target.join() === `0,${SAMPLE.join()},0`
}

/**
 * Returns the conversions of `buffer`, with plain loops for those that it lacks or does differently.
 *
 * @internal
 */
export function latin1Of(buffer: Latin1Buffer | undefined): Latin1 {
  const slice = buffer?.prototype?.latin1Slice
  const write = buffer?.prototype?.latin1Write
  return {
    decodeLatin1: reads(slice) ? (bytes, start, end) => slice.call(bytes, start, end) : decodePlainly,
    writeLatin1: writes(write) ? writerOf(write) : writePlainly,
  }
}

const latin1 = latin1Of((globalThis as { Buffer?: Latin1Buffer }).Buffer)

/**
 * Returns the bytes from `start` up to `end` as a string of as many characters, each of the byte's value. The string
 * shares no memory with `bytes`. The caller guarantees `0 <= start <= end <= bytes.length`.
 *
 *     writeLatin1(target, decodeLatin1(bytes, 0, n), 0) writes the first n bytes
 */
export const decodeLatin1: Latin1['decodeLatin1'] = latin1.decodeLatin1

/**
 * Writes `text` into `target` from `off` on, one byte a character, and returns how many bytes that were:
 * `text.length`, or what fits. The caller guarantees `0 <= off <= target.length` and no character above 0xff: only the
 * low byte of such a character would be written, and that of U+010A is a line feed.
 */
export const writeLatin1: Latin1['writeLatin1'] = latin1.writeLatin1

/**
 * Returns the text, which has no character above 0xff, as one piece of memory. The engine keeps a joined text as its
 * parts until all of it is read, and a text that it became a part of reads it part by part each time.
 */
export function inOnePiece(text: string): string {
  const bytes = new Uint8Array(text.length)
  writeLatin1(bytes, text, 0)
  return decodeLatin1(bytes, 0, text.length)
}
