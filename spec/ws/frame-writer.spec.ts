/**
 * Messages as frames: a reader of frames gets each message, in one frame.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { writeMessage } from '../../lib/ws/frame-writer.js'
import type { WebSocketMessage } from '../../lib/ws/message.js'
import { BINARY, FrameReader, TEXT } from './frames.js'

/** The pieces in which a message is written. */
function written(message: WebSocketMessage): Buffer[] {
  const pieces: Buffer[] = []
  writeMessage({
    sendShared: frame => { pieces.push(Buffer.from(frame, 'latin1')) },
    sendFrame: frame => { pieces.push(Buffer.from(frame)) },
    sendPieces: (header, payload) => { pieces.push(Buffer.from(header), Buffer.from(payload)) },
    sendText: (header, text, size) => {
      expect(Buffer.byteLength(text)).toBe(size)
      pieces.push(Buffer.from(header), Buffer.from(text))
    },
  }, message)
  return pieces
}

function expectOneFrame(message: WebSocketMessage): void {
  const frames = new FrameReader().read(Buffer.concat(written(message)))
  const opcode = typeof message === 'string' ? TEXT : BINARY
  expect(frames).toEqual([{ opcode, payload: Buffer.from(message), isFinal: true, reserved: 0 }])
}

describe('a message of one frame', () => {
  const sizes = [0, 1, 125, 126, 127, 255, 256, 2_048, 2_049, 4_096, 4_097, 65_535, 65_536, 70_000, 140_000]
  it.each(sizes)('holds %d ASCII characters', size => { expectOneFrame('a'.repeat(size)) })
  it.each(sizes)('holds %d other characters', size => { expectOneFrame('\u20ac'.repeat(size)) })
  it.each(sizes)('holds %d bytes', size => { expectOneFrame(new Uint8Array(size).fill(0xfe)) })

  it('holds any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), expectOneFrame))
  })

  it('has U+FFFD for a lone surrogate', () => {
    const [frame] = new FrameReader().read(Buffer.concat(written('a\ud800b')))
    expect(frame.payload.toString()).toBe('a\ufffdb')
  })
})

describe('a message of bytes', () => {
  it('holds only the given part of a buffer', () => {
    expectOneFrame(new Uint8Array(8).fill(7).subarray(2, 5))
  })

  it('is not copied if it is large', () => {
    const bytes = new Uint8Array(4_096)
    const payloads: Uint8Array[] = []
    const nothing = (): void => undefined
    const sendPieces = (_: Uint8Array, payload: Uint8Array): void => { payloads.push(payload) }
    writeMessage({ sendShared: nothing, sendFrame: nothing, sendText: nothing, sendPieces }, bytes)
    expect(payloads[0]).toBe(bytes)
  })
})

describe('a text for many clients', () => {
  it('is encoded once', () => {
    const frames: unknown[] = []
    const output = {
      sendShared: (frame: string): void => { frames.push(frame) },
      sendFrame: (frame: Uint8Array): void => { frames.push(frame) },
      sendPieces: (): void => undefined,
      sendText: (_header: Uint8Array, text: string): void => { frames.push(text) },
    }
    for (const text of ['a', '\u20ac'.repeat(5_000), 'x'.repeat(200_000)]) {
      for (let clients = 0; clients < 3; clients++) writeMessage(output, text)
      const [first, ...others] = frames.splice(0)
      for (const other of others) expect(other).toBe(first)
    }
  })

  it('is released at the end of the turn if it is long', async () => {
    const frames: unknown[] = []
    const nothing = (): void => undefined
    const output = {
      sendShared: nothing, sendPieces: nothing, sendText: nothing,
      sendFrame: (frame: Uint8Array): void => { frames.push(frame) },
    }
    const text = 'x'.repeat(5_000)
    writeMessage(output, text)
    await Promise.resolve()
    writeMessage(output, text)
    expect(frames[1]).not.toBe(frames[0])
    expect(frames[1]).toEqual(frames[0])
  })
})
