/**
 * Reads the frames of a client (RFC 6455 §5.2): messages, pings and closes come out, or a fault.
 *
 * Strategy: it reads up to the end of one frame at a time, so that its user decides what passes next. A message that is
 * whole in one read is unmasked straight into its memory. Parts are gathered in an array that grows with what arrived
 * and never with what was announced. A header is checked as soon as its first two bytes are there.
 *
 * Between messages a reader remembers nothing, so it serves one connection after another: a silent connection has none.
 */
import { ownBytes } from '../buffer/bytes.js'
import { gaveMemory } from '../buffer/given-memory.js'
import { Reentry } from '../buffer/reentry.js'
import { isCloseCode, NO_CODE } from './close-codes.js'
import type { FrameFault } from './frame-faults.js'
import {
  BINARY, CLOSE, COMPRESSED, CONTINUATION, controlFault, FINAL, headerSize, LENGTH, lengthSize, LONGEST_HEADER,
  MASK_SIZE, MASKED, OPCODE, PING, RESERVED, TEXT,
} from './frame-head.js'
import type { WebSocketMessage } from './message.js'
import { textOf, unmask, type Mask, type Masked } from './unmasking.js'

/** As in the package `ws`. */
const MOST_FRAGMENTS = 16 * 1024
const SMALLEST_BODY = 512
/** Texts up to this size are decoded in {@link scratch}. */
const SCRATCH_SIZE = 16 * 1024

/** All connections share it, which is safe: it is filled and decoded without a call of the application in between. */
const scratch = Buffer.allocUnsafeSlow(SCRATCH_SIZE)
const NOTHING = Buffer.alloc(0)

/** Receives what is read. */
export interface FrameSink {
  /** The most bytes of a message; 0 for no limit. */
  readonly maxPayload: number
  /** Whether messages may be compressed. */
  readonly mayInflate: boolean
  /** A message, which belongs to the callee. */
  message(message: WebSocketMessage): void
  /** A compressed message, which belongs to the callee. */
  compressed(payload: Uint8Array, isText: boolean): void
  pinged(payload: Uint8Array): void
  /** A close frame; the code is 1005 where it has none. */
  peerClosed(code: number, reason: string): void
  /** The frame breaks a rule; nothing more must be read. */
  faulted(fault: FrameFault): void
}

/** Reads frames that arrive in any pieces. */
export class FrameReader implements Mask {
  /** Guards the loop of its user. */
  readonly loop: Reentry
  private readonly header: Uint8Array
  private headerLength: number
  readonly key: Uint8Array
  shift: number
  /** The first byte of the current frame. */
  private first: number
  private isInPayload: boolean
  private left: number
  private control: Buffer
  private controlLength: number
  /** The opcode of the current message; 0 between messages. */
  private opcode: number
  private isCompressed: boolean
  private fragments: number
  /** How many bytes of the current message were announced. */
  private announced: number
  private body: Buffer
  private bodyLength: number
  /** All bytes of the body, combined by OR. */
  private bits: number

  constructor() {
    this.loop = new Reentry()
    this.header = new Uint8Array(LONGEST_HEADER)
    this.headerLength = 0
    this.key = new Uint8Array(MASK_SIZE)
    this.first = 0
    this.isInPayload = false
    this.left = 0
    this.shift = 0
    this.control = NOTHING
    this.controlLength = 0
    this.opcode = 0
    this.isCompressed = false
    this.fragments = 0
    this.announced = 0
    this.body = NOTHING
    this.bodyLength = 0
    this.bits = 0
  }

  /** Whether the last frame was read to its end. */
  get isBehindFrame(): boolean {
    return this.headerLength === 0 && !this.isInPayload
  }

  /** Whether nothing of a message is kept. */
  get isBetweenMessages(): boolean {
    return this.isBehindFrame && this.opcode === 0
  }

  /** Reads from `start` to the end of the current frame, or of the bytes. Returns where it stopped. */
  read(bytes: Uint8Array, start: number, sink: FrameSink): number {
    const p = this.isInPayload ? start : this.readHeader(bytes, start, sink)
    return this.isInPayload ? this.readPayload(bytes, p, sink) : p
  }

  private readHeader(bytes: Uint8Array, start: number, sink: FrameSink): number {
    const { header } = this
    let p = start
    while (p < bytes.length) {
      header[this.headerLength++] = bytes[p++]
      if (this.headerLength === 2) {
        const fault = this.faultOf(header[0], header[1], sink)
        if (fault !== null) {
          sink.faulted(fault)
          return p
        }
      }
      if (this.headerLength > 2 && this.headerLength === headerSize(header[1])) {
        this.beginPayload(sink)
        return p
      }
    }
    return p
  }

  private faultOf(first: number, second: number, sink: FrameSink): FrameFault | null {
    const opcode = first & OPCODE
    const isCompressed = (first & COMPRESSED) !== 0
    if ((first & RESERVED) !== 0) return 'reservedBits'
    if (isCompressed && (!sink.mayInflate || (opcode !== TEXT && opcode !== BINARY))) return 'compressionBit'
    if (opcode === CONTINUATION ? this.opcode === 0 : opcode <= BINARY && this.opcode !== 0) return 'opcode'
    if (opcode > BINARY) return controlFault(opcode, first, second)
    return (second & MASKED) === 0 ? 'unmasked' : null
  }

  private beginPayload(sink: FrameSink): void {
    const { header } = this
    const size = lengthSize(header[1])
    let length = size === 0 ? header[1] & LENGTH : 0
    for (let i = 0; i < size; i++) length = length * 256 + header[2 + i]
    for (let i = 0; i < MASK_SIZE; i++) this.key[i] = header[2 + size + i]
    this.first = header[0]
    this.headerLength = 0
    this.left = length
    this.shift = 0
    if (length > Number.MAX_SAFE_INTEGER) sink.faulted('hugeFrame')
    else if ((this.first & OPCODE) > BINARY) this.beginControl(length)
    else this.beginData(length, sink)
  }

  private beginControl(length: number): void {
    this.control = Buffer.allocUnsafeSlow(length)
    this.controlLength = 0
    this.isInPayload = true
  }

  private beginData(length: number, sink: FrameSink): void {
    if (this.opcode === 0) {
      this.opcode = this.first & OPCODE
      this.isCompressed = (this.first & COMPRESSED) !== 0
      this.bits = 0
    }
    this.announced += length
    if (sink.maxPayload > 0 && this.announced > sink.maxPayload) sink.faulted('tooLong')
    else this.isInPayload = true
  }

  private readPayload(bytes: Uint8Array, start: number, sink: FrameSink): number {
    const end = Math.min(bytes.length, start + this.left)
    const isControl = (this.first & OPCODE) > BINARY
    const isWhole = end - start === this.left && (this.first & FINAL) !== 0 && this.bodyLength === 0
    const masked = { bytes, start, end }
    if (isControl) this.controlLength += this.take(masked, this.control, this.controlLength)
    else if (isWhole) this.takeWhole(masked)
    else this.append(masked)
    this.left -= end - start
    if (this.left > 0) return end
    this.isInPayload = false
    if (isControl) this.endControl(sink)
    else this.endData(sink)
    return end
  }

  /** Unmasks a range. Returns its length. */
  private take(masked: Masked, target: Uint8Array, off: number): number {
    this.bits |= unmask(masked, this, target, off)
    const length = masked.end - masked.start
    this.shift = (this.shift + length) & 3
    return length
  }

  private takeWhole(masked: Masked): void {
    const length = masked.end - masked.start
    const isDecoded = this.opcode === TEXT && !this.isCompressed && length <= SCRATCH_SIZE
    this.body = isDecoded ? scratch : newBody(length)
    this.bodyLength = this.take(masked, this.body, 0)
  }

  private append(masked: Masked): void {
    const needed = this.bodyLength + masked.end - masked.start
    if (needed > this.body.length) this.grow(needed)
    this.bodyLength += this.take(masked, this.body, this.bodyLength)
  }

  private grow(needed: number): void {
    const size = Math.min(this.announced, Math.max(needed, 2 * this.body.length, SMALLEST_BODY))
    const body = newBody(size)
    this.body.copy(body, 0, 0, this.bodyLength)
    this.body = body
  }

  private endData(sink: FrameSink): void {
    if (++this.fragments > MOST_FRAGMENTS) return sink.faulted('tooManyFragments')
    if ((this.first & FINAL) === 0) return
    const { body, bodyLength, bits, opcode, isCompressed } = this
    this.forget()
    if (isCompressed) return sink.compressed(ofLength(body, bodyLength), opcode === TEXT)
    if (opcode === BINARY) return sink.message(ofLength(body, bodyLength))
    const text = textOf(body, bodyLength, bits)
    if (text === null) sink.faulted('notUtf8')
    else sink.message(text)
  }

  private endControl(sink: FrameSink): void {
    const { control } = this
    const opcode = this.first & OPCODE
    this.control = NOTHING
    if (opcode === PING) sink.pinged(control)
    else if (opcode === CLOSE) readClose(control, sink)
  }

  private forget(): void {
    this.opcode = 0
    this.isCompressed = false
    this.fragments = 0
    this.announced = 0
    this.body = NOTHING
    this.bodyLength = 0
  }
}

/** The reader that the next connection takes: between messages, readers are alike. */
let spare: FrameReader | null = null

/** Returns a reader that remembers nothing. */
export function takeReader(): FrameReader {
  const reader = spare ?? new FrameReader()
  spare = null
  return reader
}

/** Takes back a reader that is between messages. */
export function giveReader(reader: FrameReader): void {
  spare = reader
}

function readClose(payload: Buffer, sink: FrameSink): void {
  if (payload.length === 0) return sink.peerClosed(NO_CODE, '')
  const code = payload.readUInt16BE(0)
  const reason = textOf(payload.subarray(2), payload.length - 2, 0xff)
  if (!isCloseCode(code)) sink.faulted('closeCode')
  else if (reason === null) sink.faulted('notUtf8')
  else sink.peerClosed(code, reason)
}

function newBody(length: number): Buffer {
  gaveMemory(length)
  return Buffer.allocUnsafeSlow(length)
}

/** Returns the first `length` bytes in memory of their own. */
function ofLength(bytes: Uint8Array, length: number): Uint8Array {
  return ownBytes(bytes.length === length ? bytes : bytes.subarray(0, length))
}
