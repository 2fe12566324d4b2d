/**
 * Runs a case on the same bytes in every cut: whole, byte by byte, and in two pieces at every place. Unconsumed bytes
 * are offered again together with the following ones, in another buffer at another offset, and the earlier buffer is
 * overwritten: a subject that keeps its bytes, or relies on their place, fails.
 *
 * The result of every cut must equal that of the whole.
 */
import { expect } from '@jest/globals'

/** A consumer of bytes. */
export interface Subject<Result> {
  /** Consumes what it can from the start of `bytes[off, end)`. Returns how many bytes. */
  read(bytes: Uint8Array, off: number, end: number): number
  /** Takes the end of the input, behind `bytes[off, end)`. Returns how many of these bytes it took. */
  readEof(bytes: Uint8Array, off: number, end: number): number
  /** Whether nothing more is to be offered. */
  readonly isDone: boolean
  /** The result: any value that `toEqual` compares. */
  readonly result: Result
}

/** Bytes that may follow a message. Several known parsers have taken some of them for part of the message. */
const TRAILING = ['\0', '\r', '\n', ' ', '0', ';', '\r\n', 'GET / HTTP/1.1\r\n\r\n']

/** The bytes of a text of latin-1 characters. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

/**
 * Returns the result of a case, which must be the same in every cut. If it is known before the input ends, the bytes
 * after it must not be consumed, whatever they are.
 */
export function inEveryCut<Result>(input: string | Uint8Array, begin: () => Subject<Result>): Result {
  const bytes = typeof input === 'string' ? latin1(input) : input
  const whole = run(bytes, [], begin())
  const same = { ...whole, isEarly: expect.any(Boolean) }
  for (const cuts of cutsOf(bytes.length)) expect(run(bytes, cuts, begin())).toEqual(same)
  if (whole.isEarly) for (const text of TRAILING) expect(run(joined(bytes, latin1(text)), [], begin())).toEqual(whole)
  return whole.result
}

interface Outcome<Result> {
  readonly result: Result
  readonly consumed: number
  /** Whether the result was known before the input ended. */
  readonly isEarly: boolean
}

function run<Result>(input: Uint8Array, cuts: readonly number[], subject: Subject<Result>): Outcome<Result> {
  const consumed = feed(input, cuts, subject)
  const isEarly = subject.isDone
  const rest = isEarly ? 0 : lend(input.subarray(consumed), (bytes, off, end) => subject.readEof(bytes, off, end))
  return { result: subject.result, consumed: consumed + rest, isEarly }
}

/** Where to cut: at every byte; then at each place alone. */
function cutsOf(length: number): number[][] {
  const places = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1)
  return [places, ...places.map(place => [place])]
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

/** Offers the input up to each cut, with the unconsumed bytes. Returns how many bytes were consumed. */
function feed(input: Uint8Array, cuts: readonly number[], subject: Subject<unknown>): number {
  let consumed = 0
  for (const end of [...cuts, input.length]) {
    if (subject.isDone) break
    consumed += lend(input.subarray(consumed, end), (bytes, off, stop) => subject.read(bytes, off, stop))
    expect(consumed).toBeLessThanOrEqual(end)
  }
  return consumed
}

/** Lends a copy of the bytes at an offset in a new buffer, between line ends that must not be read. */
function lend(bytes: Uint8Array, use: (bytes: Uint8Array, off: number, end: number) => number): number {
  const off = 1 + (bytes.length % 3)
  const lent = new Uint8Array(off + bytes.length + 2).fill(0x0a)
  lent.set(bytes, off)
  const count = use(lent, off, off + bytes.length)
  lent.fill(0xee)
  return count
}
