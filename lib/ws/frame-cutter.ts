/**
 * Where frames and messages end in a stream of frames.
 *
 * Strategy: it reads the lengths, the end flag and the kind of each frame (RFC 6455 §5.2) and nothing else. It does not
 * validate frames: the reader of the bytes does. No other file here reads the head of a frame.
 */

const FINAL = 0x80
const MASKED = 0x80
const OPCODE = 0x0f
/** Continuation, text and binary frames are below; all others have no part in a message. */
const FIRST_RESERVED_OPCODE = 3
const CLOSE = 8
const PING = 9
const PONG = 10
/** The longest header: two bytes, a length of eight, a mask of four. */
const LONGEST_HEADER = 14

/** Returns the kind of a frame by its first byte: a ping or pong, a close, or any other. */
export function kindOf(firstByte: number): 'signal' | 'close' | 'other' {
  const opcode = firstByte & OPCODE
  if (opcode === PING || opcode === PONG) return 'signal'
  return opcode === CLOSE ? 'close' : 'other'
}

/** Splits a stream of frames, which arrives in any pieces, at the end of each frame. */
export class FrameCutter {
  /** Whether the last cut is behind a frame that ends a message. */
  isBehindMessage: boolean
  /** Whether the last cut is behind a frame; true before the first. */
  isBehindFrame: boolean
  private readonly header: Uint8Array
  private headerLength: number
  private isInPayload: boolean
  private payloadLeft: number

  constructor() {
    this.isBehindMessage = false
    this.isBehindFrame = true
    this.header = new Uint8Array(LONGEST_HEADER)
    this.headerLength = 0
    this.isInPayload = false
    this.payloadLeft = 0
  }

  /** Whether the last cut is within the payload of a frame. */
  get isWithinPayload(): boolean {
    return this.isInPayload
  }

  /** Returns where to cut the bytes from `start` on: behind the first frame that ends there, else at their end. */
  cut(bytes: Uint8Array, start: number): number {
    let p = start
    let isOver = false
    this.isBehindMessage = false
    while (p < bytes.length && !isOver) {
      p = this.isInPayload ? this.skipPayload(bytes, p) : this.readHeader(bytes, p)
      isOver = this.endFrame()
    }
    this.isBehindFrame = isOver
    return p
  }

  private readHeader(bytes: Uint8Array, start: number): number {
    const { header } = this
    let p = start
    while (p < bytes.length && this.headerLength < this.headerSize()) header[this.headerLength++] = bytes[p++]
    if (this.headerLength === this.headerSize()) this.beginPayload()
    return p
  }

  /** How long the header is, as far as it is known. */
  private headerSize(): number {
    if (this.headerLength < 2) return 2
    return 2 + this.lengthSize() + ((this.header[1] & MASKED) === 0 ? 0 : 4)
  }

  private lengthSize(): number {
    const length = this.header[1] & 0x7f
    if (length < 126) return 0
    return length === 126 ? 2 : 8
  }

  private beginPayload(): void {
    const size = this.lengthSize()
    let length = size === 0 ? this.header[1] & 0x7f : 0
    for (let i = 0; i < size; i++) length = length * 256 + this.header[2 + i]
    this.payloadLeft = length
    this.isInPayload = true
  }

  private skipPayload(bytes: Uint8Array, start: number): number {
    const count = Math.min(this.payloadLeft, bytes.length - start)
    this.payloadLeft -= count
    return start + count
  }

  /** Ends the frame, if it is complete, and returns whether it is. */
  private endFrame(): boolean {
    if (!this.isInPayload || this.payloadLeft > 0) return false
    const first = this.header[0]
    this.headerLength = 0
    this.isInPayload = false
    this.isBehindMessage = (first & FINAL) !== 0 && (first & OPCODE) < FIRST_RESERVED_OPCODE
    return true
  }
}
