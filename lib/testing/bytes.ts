/**
 * Conversions of texts and bytes for tests.
 */
import { writeLatin1 } from '../buffer/latin1.js'
import type { Output } from '../runtime/transport.js'

const encoder = new TextEncoder()

/** Returns new bytes: text as UTF-8, bytes as a copy. */
export function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === 'string' ? encoder.encode(chunk) : chunk.slice()
}

/** Returns the pieces concatenated, as a copy. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Returns a connection's output (iovecs or latin-1 text) concatenated, as a copy. */
export function gathered(output: Output): Uint8Array {
  if (typeof output === 'string') {
    const bytes = new Uint8Array(output.length)
    writeLatin1(bytes, output, 0)
    return bytes
  }
  return joined(output.map(({ buffer, off, len }) => buffer.subarray(off, off + len)))
}
