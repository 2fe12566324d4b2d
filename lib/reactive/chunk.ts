/**
 * The unit of a body: what it is, how big it is, and the error of one that has no room.
 */
import { brand } from '../brand.js'
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

/** A source was faster than its consumer, and its policy is to fail then. */
export class BackpressureError extends Error {
  override readonly name = 'BackpressureError'
  /** Which fault it was: stable, unlike the message. */
  readonly code: 'overflow'
  /** How many bytes (or items) waited for the consumer when the next value found no room. */
  readonly waiting: number

  constructor(message = 'the source is faster than its consumer', waiting = 0) {
    super(message)
    this.code = 'overflow'
    this.waiting = waiting
  }
}

brand(BackpressureError, 'BackpressureError')
