/**
 * Texts and bytes of a test.
 */
import { writeLatin1 } from '../buffer/latin1.js'
import type { Output } from '../runtime/transport.js'

const encoder = new TextEncoder()

/** Returns bytes of its own: text as UTF-8, bytes as a copy. */
export function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === 'string' ? encoder.encode(chunk) : chunk.slice()
}

/** Returns a copy of what the pieces hold, in one piece. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Returns a copy of what a connection writes, in one piece: iovecs, or latin-1 text. */
export function gathered(output: Output): Uint8Array {
  if (typeof output === 'string') {
    const bytes = new Uint8Array(output.length)
    writeLatin1(bytes, output, 0)
    return bytes
  }
  return joined(output.map(({ buffer, off, len }) => buffer.subarray(off, off + len)))
}
