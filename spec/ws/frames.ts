/**
 * WebSocket frames as bytes, valid and invalid ones (RFC 6455 §5.2).
 */

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
  readonly isFinal: boolean
  readonly reserved: number
}

interface FrameOptions {
  readonly isFinal?: boolean
  readonly reserved?: number
  readonly isMasked?: boolean
}

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** A frame as a client sends it. */
export function frame(opcode: number, payload: string | Uint8Array = '', options: FrameOptions = {}): Buffer {
  const { isFinal = true, reserved = 0, isMasked = true } = options
  const bytes = Buffer.from(payload)
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode
  const head = Buffer.concat([Buffer.from([first]), lengthOf(bytes.length, isMasked)])
  return isMasked ? Buffer.concat([head, MASK, masked(bytes)]) : Buffer.concat([head, bytes])
}

/** A fragment of a message, not the last. */
export function part(opcode: number, payload: string | Uint8Array = '', reserved = 0): Buffer {
  return frame(opcode, payload, { isFinal: false, reserved })
}

/** A close frame. */
export function closeFrame(code: number, reason: string | Uint8Array = ''): Buffer {
  return frame(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]))
}

/** The bytes in pieces of this size. */
export function chopped(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return pieces
}

function lengthOf(length: number, isMasked: boolean): Buffer {
  const flag = isMasked ? 0x80 : 0
  if (length < 126) return Buffer.from([flag | length])
  const bytes = Buffer.alloc(length < 65_536 ? 3 : 9)
  bytes[0] = flag | (length < 65_536 ? 126 : 127)
  bytes.writeUIntBE(length, bytes.length === 3 ? 1 : 3, bytes.length === 3 ? 2 : 6)
  return bytes
}

function masked(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, i) => byte ^ MASK[i % 4]))
}

/** Reads the frames of a server, which are not masked. */
export class FrameReader {
  private bytes = Buffer.alloc(0)

  /** Returns the frames that are complete now. */
  read(bytes: Uint8Array): Frame[] {
    this.bytes = Buffer.concat([this.bytes, bytes])
    const frames: Frame[] = []
    for (let next = this.next(); next !== null; next = this.next()) frames.push(next)
    return frames
  }

  private next(): Frame | null {
    const { bytes } = this
    if (bytes.length < 2) return null
    const short = bytes[1] & 0x7f
    const size = short < 126 ? 0 : short === 126 ? 2 : 8
    if (bytes.length < 2 + size) return null
    const length = size === 0 ? short : size === 2 ? bytes.readUInt16BE(2) : bytes.readUIntBE(4, 6)
    const end = 2 + size + length
    if (bytes.length < end) return null
    this.bytes = bytes.subarray(end)
    const payload = bytes.subarray(2 + size, end)
    return { opcode: bytes[0] & 0x0f, payload, isFinal: bytes[0] >= 0x80, reserved: (bytes[0] >> 4) & 7 }
  }
}
