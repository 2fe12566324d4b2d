/**
 * Chunks, the unit of a body: their type and their size.
 *
 * Strategy: demand, high-water marks and policies all measure with {@link chunkSize}, so that their figures agree.
 */
import { utf8Length } from '../buffer/utf8.js'

/** A piece of a body: bytes, or text that is sent as UTF-8. */
export type Chunk = Uint8Array | string

/**
 * Returns how much of a demand a value uses up: the bytes of a view, the UTF-8 bytes of a string, and 1 for any other
 * value, which counts as an item.
 */
export function chunkSize(chunk: unknown): number {
  if (typeof chunk === 'string') return utf8Length(chunk)
  // Not `instanceof`: the bytes may come from another realm.
  return ArrayBuffer.isView(chunk) ? sizeOf(chunk) : 1
}

/** Where a `byteLength` of the application's throws, no caller could; the write of that chunk throws too. */
function sizeOf(view: ArrayBufferView): number {
  try {
    return view.byteLength
  } catch {
    return 1
  }
}

/**
 * Whether the value is a Uint8Array, also one of another realm (a `vm` context, a test runner's sandbox), and not an
 * object that merely has its prototype or its name.
 */
export function isBytes(value: unknown): value is Uint8Array {
  if (!ArrayBuffer.isView(value)) return false
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
}
