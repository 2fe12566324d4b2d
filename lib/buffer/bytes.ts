/**
 * Copies of byte ranges.
 */

/**
 * The bytes from `start` up to `end` in an array of their own. Node's `Buffer` has a `slice` that copies nothing, so
 * the method of Uint8Array is called by name.
 */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, start, end)
}
