/**
 * The received, unconsumed input of one connection: part of a head, of a body that its handler does not take yet, or
 * pipelined requests behind the current one.
 *
 * Strategy: an array that is only appended to. A handler may own views of consumed bytes, so nothing is moved down and
 * no byte is overwritten. When there is no room at the end, the rest is copied to a new array, which is larger: for
 * what is expected, or twice the size. When nothing is left, the array is dropped.
 */
import { NO_BYTES } from '../buffer/bytes.js'
import { gaveMemory } from '../buffer/given-memory.js'

const SMALLEST = 512

/**
 * How many times what was received an array may have room for: a client that sends single bytes of a large body would
 * otherwise cost us its whole length.
 */
const MOST_ROOM = 4

/** A queue of contiguous bytes. */
export class UnreadInput {
  /** The array that holds the bytes, `length` of them from index `off`. */
  bytes: Uint8Array
  off: number
  length: number

  constructor() {
    this.bytes = NO_BYTES
    this.off = 0
    this.length = 0
  }

  /** Appends a copy of the chunk. `expected`: how many bytes will be here with those that are known to follow. */
  append(chunk: Uint8Array, expected: number): void {
    if (chunk.length === 0) return
    const end = this.off + this.length
    if (end + chunk.length > this.bytes.length) this.grow(this.length + chunk.length, expected)
    this.bytes.set(chunk, this.off + this.length)
    this.length += chunk.length
  }

  /** Takes everything out without a copy; the rest can be {@link put} back. */
  lift(): { readonly bytes: Uint8Array; readonly off: number; readonly length: number } {
    const { bytes, off, length } = this
    this.clear()
    return { bytes, off, length }
  }

  /** Puts back bytes from {@link lift}, or the rest of them. The queue must be empty. */
  put(bytes: Uint8Array, off: number, length: number): void {
    if (length === 0) return
    this.bytes = bytes
    this.off = off
    this.length = length
  }

  /** Takes everything out. The caller owns the bytes. */
  takeAll(): Uint8Array {
    if (this.length === 0) return NO_BYTES
    const { bytes, off, length } = this.lift()
    return bytes.subarray(off, off + length)
  }

  /** Drops everything. */
  clear(): void {
    this.bytes = NO_BYTES
    this.off = 0
    this.length = 0
  }

  /** A body of 64 KiB that is read over TLS takes half of the memory where the array has room for what is expected. */
  private grow(needed: number, expected: number): void {
    const size = expected < needed ? 2 * needed : Math.min(expected, MOST_ROOM * needed)
    const bytes = new Uint8Array(Math.max(SMALLEST, size))
    gaveMemory(bytes.length)
    bytes.set(this.bytes.subarray(this.off, this.off + this.length))
    this.bytes = bytes
    this.off = 0
  }
}
