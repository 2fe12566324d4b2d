/**
 * The unit of a body: what it is, and how big it is.
 */
import { utf8Length } from '../buffer/utf8.js'

/** A piece of a body: bytes, or text that is sent as UTF-8. */
export type Chunk = Uint8Array | string

/**
 * Returns what a value costs of a demand: the bytes of a view, the UTF-8 bytes of a string, and 1 for anything else,
 * which is an item.
 */
export function chunkSize(chunk: unknown): number {
  if (typeof chunk === 'string') return utf8Length(chunk)
  // Not `instanceof`: the bytes may come from another realm.
  return ArrayBuffer.isView(chunk) ? chunk.byteLength : 1
}

/** Whether this is a Uint8Array, of whichever realm (a `vm` context, a test runner's sandbox). */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
}
