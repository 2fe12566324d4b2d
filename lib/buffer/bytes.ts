/**
 * Parts and copies of byte ranges, and no bytes.
 */

/** No bytes, for use within the library. The application never gets this array: it could transfer its memory. */
export const NO_BYTES = new Uint8Array(0)

/**
 * Returns bytes whose memory the application may give away (by a transfer): all of it is theirs. They are copied if
 * they are part of a larger array; and if there are none, because an array without bytes may be shared.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  return length > 0 && length === bytes.buffer.byteLength ? bytes : copyBytes(bytes, 0, length)
}

/**
 * Returns a copy of the bytes from `start` up to `end`. The `slice` of Node's `Buffer` copies nothing, so the method of
 * Uint8Array is called instead.
 */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, start, end)
}

/**
 * Returns `len` bytes from `off` on: as a view, unless these are all. To copy a view of 1,000 bytes takes 136 ns, the
 * array itself 97.
 */
export function part(bytes: Uint8Array, off: number, len: number): Uint8Array {
  return len === bytes.length ? bytes : bytes.subarray(off, off + len)
}

/** Writes what it makes of `bytes` into `target`, from `at` on, where there is room for that. */
export type Put = (target: Uint8Array, at: number, bytes: Uint8Array) => void

/** Writes the bytes as they are. */
export function putCopy(target: Uint8Array, at: number, bytes: Uint8Array): void {
  target.set(bytes, at)
}
