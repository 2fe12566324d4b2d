/**
 * The input of one connection that was read and not consumed: part of a head, or requests behind the one that is
 * handled.
 *
 * Strategy: an array that is only ever appended to. Views of what was consumed may be in the hands of a handler, so
 * nothing is moved down and no byte is written twice; when there is no room left behind the end, the rest is copied to
 * a new array of twice the size, and when nothing is left the array is dropped.
 */

const SMALLEST = 512
const NONE = new Uint8Array(0)

/** A queue of bytes at consecutive places. */
export class UnreadInput {
  /** The array that the bytes are in. */
  bytes: Uint8Array
  /** The index of the first byte. */
  off: number
  /** How many bytes there are. */
  length: number

  constructor() {
    this.bytes = NONE
    this.off = 0
    this.length = 0
  }

  /** Appends a copy of the chunk. */
  append(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    const end = this.off + this.length
    if (end + chunk.length > this.bytes.length) this.grow(chunk.length)
    this.bytes.set(chunk, this.off + this.length)
    this.length += chunk.length
  }

  /** Takes everything out, at its place: it can be {@link put} back. */
  lift(): { readonly bytes: Uint8Array; readonly off: number; readonly length: number } {
    const { bytes, off, length } = this
    this.clear()
    return { bytes, off, length }
  }

  /** Puts bytes back that were taken out, or the rest of them. Nothing else may be here. */
  put(bytes: Uint8Array, off: number, length: number): void {
    if (length === 0) return
    this.bytes = bytes
    this.off = off
    this.length = length
  }

  /** Takes everything out. */
  takeAll(): Uint8Array {
    const { bytes, off, length } = this.lift()
    return bytes.subarray(off, off + length)
  }

  /** Forgets everything. */
  clear(): void {
    this.bytes = NONE
    this.off = 0
    this.length = 0
  }

  private grow(more: number): void {
    const size = Math.max(SMALLEST, 2 * (this.length + more))
    const bytes = new Uint8Array(size)
    bytes.set(this.bytes.subarray(this.off, this.off + this.length))
    this.bytes = bytes
    this.off = 0
  }
}
