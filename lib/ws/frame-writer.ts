/**
 * Messages as frames of a server: whole, neither masked nor compressed (RFC 6455 §5.2).
 *
 * Strategy: a text becomes one string, frame header included, with one character for each byte. All clients share it,
 * and Node encodes it on the way to the operating system: a message of 100 characters to 200 clients takes 0.47 of the
 * CPU of sharing its bytes (ten in a turn 0.56; for an echo there is no difference). Longer texts are shared as bytes.
 * The longest are encoded part by part as each client takes them, so that the encoded text is not held for each client.
 * A message of bytes follows its header; a large one is not copied.
 */
import { PreparedText } from '../connection/prepared-text.js'
import { chunkSize } from '../demand/chunk.js'
import { queueMicrotask } from '../node/runtime.js'
import { BINARY, CLOSE, FINAL, PING, PONG, TEXT } from './frame-head.js'
import type { WebSocketMessage } from './message.js'

/** Where frames go. */
export interface FrameOutput {
  /** Writes a frame that several clients get: one character for each byte. */
  sendShared(frame: string): void
  /** Writes a frame, or a part of one. */
  sendFrame(frame: Uint8Array): void
  /** Writes a frame in two pieces. */
  sendPieces(header: Uint8Array, payload: Uint8Array): void
  /** Writes a frame whose payload is that text, of `size` bytes. */
  sendText(header: Uint8Array, text: string, size: number): void
}

/**
 * The longest payload whose length is in the second byte. For longer ones that byte is TWO_BYTES or EIGHT_BYTES, and
 * the length follows.
 */
const SHORT = 125
const TWO_BYTES = 126
const EIGHT_BYTES = 127
const MIDDLE = 65_535

/** A text message, and its frame. */
class PreparedMessage extends PreparedText {
  private characters: string
  private binary: Buffer | null

  constructor(text: string) {
    super(text)
    this.characters = ''
    this.binary = null
  }

  write(output: FrameOutput): void {
    if (!this.isLarge) output.sendShared(this.frame)
    else if (this.isLong) output.sendText(headerOf(TEXT, this.size), this.text, this.size)
    else output.sendFrame(this.binary ??= Buffer.concat([headerOf(TEXT, this.size), Buffer.from(this.text)]))
  }

  private get frame(): string {
    if (this.characters === '') this.characters = shortHeader(this.size) + this.bytes
    return this.characters
  }
}

let last = new PreparedMessage('')

/** The last text is kept until the current task ends, because many clients may get it. A short text may stay longer. */
function prepared(text: string): PreparedMessage {
  if (last.text === text) return last
  last = new PreparedMessage(text)
  if (last.isLarge) queueMicrotask(forget)
  return last
}

function forget(): void {
  if (last.isLarge) last = new PreparedMessage('')
}

/** Returns how many bytes a message has; 1 for any other value, which the outbox refuses. */
export function messageSize(message: WebSocketMessage): number {
  return typeof message === 'string' ? prepared(message).size : chunkSize(message)
}

/** Writes a message as one frame. Bytes must not change until they were taken. */
export function writeMessage(output: FrameOutput, message: WebSocketMessage): void {
  if (typeof message === 'string') prepared(message).write(output)
  else output.sendPieces(headerOf(BINARY, message.length), message)
}

/** Returns a ping, or the pong with the payload of one: at most 125 bytes. */
export function signalFrame(kind: 'ping' | 'pong', payload: Uint8Array): Uint8Array {
  return Buffer.concat([headerOf(kind === 'ping' ? PING : PONG, payload.length), payload])
}

/** Returns a close frame: without a code and a reason where the code is null. The reason has at most 123 bytes. */
export function closeFrame(code: number | null, reason: string): Uint8Array {
  if (code === null) return headerOf(CLOSE, 0)
  const text = Buffer.from(reason)
  return Buffer.concat([headerOf(CLOSE, 2 + text.length), Buffer.of(code >> 8, code & 0xff), text])
}

/** The header of a text that is written as characters. */
function shortHeader(size: number): string {
  if (size <= SHORT) return String.fromCharCode(FINAL | TEXT, size)
  return String.fromCharCode(FINAL | TEXT, TWO_BYTES, size >> 8, size & 0xff)
}

/** The header of a frame that is a whole message. */
function headerOf(opcode: number, size: number): Buffer {
  const first = FINAL | opcode
  if (size <= SHORT) return Buffer.of(first, size)
  if (size <= MIDDLE) return Buffer.of(first, TWO_BYTES, size >> 8, size & 0xff)
  const header = Buffer.alloc(10)
  header[0] = first
  header[1] = EIGHT_BYTES
  header.writeBigUInt64BE(BigInt(size), 2)
  return header
}
