/**
 * The first bytes of a client's frame: flags, opcode, length (RFC 6455 §5.2).
 */
import type { FrameFault } from './frame-faults.js'

export const FINAL = 0x80
export const COMPRESSED = 0x40
export const RESERVED = 0x30
export const OPCODE = 0x0f
export const MASKED = 0x80
export const LENGTH = 0x7f

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

/** The longest header: two bytes, a length of eight, a mask of four. */
export const LONGEST_HEADER = 14
export const MASK_SIZE = 4
/** RFC 6455 §5.5. */
const LONGEST_CONTROL = 125

/** Returns the kind of a frame by its first byte: a ping or pong, a close, or any other. */
export function kindOf(firstByte: number): 'signal' | 'close' | 'other' {
  const opcode = firstByte & OPCODE
  if (opcode === PING || opcode === PONG) return 'signal'
  return opcode === CLOSE ? 'close' : 'other'
}

/** The size of the length that follows the second byte of a header. */
export function lengthSize(second: number): number {
  const length = second & LENGTH
  if (length <= LONGEST_CONTROL) return 0
  return length === LENGTH ? 8 : 2
}

/** The size of the header of a masked frame. */
export function headerSize(second: number): number {
  return 2 + lengthSize(second) + MASK_SIZE
}

/** Returns the rule that the first two bytes of a control frame break; null, where they break none. */
export function controlFault(opcode: number, first: number, second: number): FrameFault | null {
  const length = second & LENGTH
  if (opcode < CLOSE || opcode > PONG) return 'opcode'
  if ((first & FINAL) === 0) return 'splitControl'
  if (length > LONGEST_CONTROL || (opcode === CLOSE && length === 1)) return 'longControl'
  return (second & MASKED) === 0 ? 'unmasked' : null
}
