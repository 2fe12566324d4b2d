/**
 * Takes the mask off the payload of a client's frames (RFC 6455 §5.3), and decodes texts.
 *
 * Strategy: the bytes of a read are lent, so they are unmasked on the way into memory of their own, never in place. On
 * that way it is noticed whether all are ASCII, which most texts are: those need no check for UTF-8.
 */
import { isUtf8 } from 'node:buffer'
import { decodeLatin1 } from '../buffer/latin1.js'

/** The mask of a frame. */
export interface Mask {
  readonly key: Uint8Array
  /** The index in the key of the next byte. */
  readonly shift: number
}

/** A range of masked bytes. */
export interface Masked {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** The highest bit of a byte: ASCII does not have it. */
const HIGH = 0x80

/**
 * Unmasks the range to `target` from `off` on. Returns all unmasked bytes combined by OR, which tells whether they are
 * ASCII.
 */
export function unmask({ bytes, start, end }: Masked, { key, shift }: Mask, target: Uint8Array, off: number): number {
  const a = key[shift]
  const b = key[(shift + 1) & 3]
  const c = key[(shift + 2) & 3]
  const d = key[(shift + 3) & 3]
  const last = end - 3
  let bits = 0
  let p = start
  let q = off
  for (; p < last; p += 4, q += 4) {
    bits |= (target[q] = bytes[p] ^ a) | (target[q + 1] = bytes[p + 1] ^ b)
    bits |= (target[q + 2] = bytes[p + 2] ^ c) | (target[q + 3] = bytes[p + 3] ^ d)
  }
  for (let i = shift; p < end; i++) bits |= (target[q++] = bytes[p++] ^ key[i & 3])
  return bits
}

/** Returns the first `length` bytes as text; null if they are not UTF-8. `bits` is what {@link unmask} returned. */
export function textOf(bytes: Buffer, length: number, bits: number): string | null {
  if (bits < HIGH) return decodeLatin1(bytes, 0, length)
  return isUtf8(bytes.subarray(0, length)) ? bytes.toString('utf8', 0, length) : null
}
