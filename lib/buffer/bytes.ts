/**
 * Copies of byte ranges.
 */

/**
 * Returns a copy of the bytes from `start` up to `end`. The `slice` of Node's `Buffer` copies nothing, so the method of
 * Uint8Array is called instead.
 */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, start, end)
}
