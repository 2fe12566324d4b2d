/**
 * Reading four bytes of the input at once.
 *
 * Strategy: a DataView of the last array that was walked is kept, because nearly all reads of a process go into one
 * shared buffer. All parsers share it, which is safe: it holds no position. The array is held until another one is
 * walked, or {@link releaseWords} is called. Four bytes are checked at once, since the engine checks an index at each
 * access: a head with 13 fields takes 3,000 instructions less.
 */
import { NO_BYTES } from '../buffer/bytes.js'
import { bytesOf } from './grammar.js'

const NONE = new DataView(new ArrayBuffer(0))

let viewed: Uint8Array = NO_BYTES
let words: DataView = NONE
let size = 0

/**
 * Returns a view of the bytes in which each index before `limit` is valid; null if there is none, because their memory
 * was given away. It is valid until the application's code runs.
 */
export function wordsOf(bytes: Uint8Array, limit: number): DataView | null {
  if (bytes !== viewed) view(bytes)
  return limit <= size && limit <= bytes.length ? words : null
}

/** Holds no array any more. */
export function releaseWords(): void {
  viewed = NO_BYTES
  words = NONE
  size = 0
}

/** An array of the application may have properties of its own, which may throw. */
function view(bytes: Uint8Array): void {
  viewed = bytes
  try {
    // To the end of the memory: one of an own length would be invalid once memory that can be resized has shrunk.
    words = new DataView(bytes.buffer, bytes.byteOffset)
    size = words.byteLength
  } catch {
    words = NONE
    size = 0
  }
}

/** Whether the four bytes are printable ASCII. */
export function arePrintable(four: number): boolean {
  // A byte below 0x20 borrows, 0x7f carries, and those from 0x80 on have the bit themselves.
  return (((four - 0x20202020) | (four + 0x01010101) | four) & 0x80808080) === 0
}

/** How many of the four bytes, from the first on, belong to the class of the table. */
export function countOf(table: Uint8Array, four: number): number {
  if (table[four & 0xff] !== 1) return 0
  if (table[four >> 8 & 0xff] !== 1) return 1
  if (table[four >> 16 & 0xff] !== 1) return 2
  return table[four >>> 24] === 1 ? 4 : 3
}

/** Four characters, as `getInt32(off, true)` reads them. */
export function wordOf(text: string): number {
  return new DataView(bytesOf(text).buffer).getInt32(0, true)
}
