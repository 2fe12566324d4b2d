/**
 * The reader of frames: faults that need no socket, and what it keeps between messages.
 */
import { describe, expect, it } from '@jest/globals'
import { FrameReader, giveReader, takeReader, type FrameSink } from '../../lib/ws/frame-reader.js'
import { CONTINUATION, frame, part, TEXT } from './frames.js'

/** Reads the frames in pieces of this size, and returns the results. */
function read(reader: FrameReader, bytes: Uint8Array, size = bytes.length, maxPayload = 0): string[] {
  const log: string[] = []
  const sink: FrameSink = {
    maxPayload,
    mayInflate: false,
    message: message => { log.push(`message ${message.length}`) },
    compressed: () => { log.push('compressed') },
    pinged: payload => { log.push(`ping ${payload.length}`) },
    peerClosed: (code, reason) => { log.push(`close ${code} ${reason}`) },
    faulted: fault => { log.push(fault) },
  }
  for (let at = 0; at < bytes.length && !log.some(line => /^[a-z]+[A-Z]/.test(line)); at += size) {
    const piece = bytes.subarray(at, at + size)
    for (let p = 0; p < piece.length;) p = reader.read(piece, p, sink)
  }
  return log
}

describe('a reader of frames', () => {
  it.each([1, 7, 100_000])('reads a long text in pieces of %d bytes', size => {
    expect(read(new FrameReader(), frame(TEXT, 'x'.repeat(50_000)), size)).toEqual(['message 50000'])
  })

  it('refuses a frame that is longer than any number of bytes', () => {
    const huge = Buffer.concat([Buffer.from([0x82, 0xff]), Buffer.alloc(8, 0x7f), Buffer.alloc(4)])
    expect(read(new FrameReader(), huge)).toEqual(['hugeFrame'])
  })

  it('refuses a message of too many fragments', () => {
    const fragments = Array.from({ length: 16 * 1024 }, () => part(CONTINUATION, ''))
    const log = read(new FrameReader(), Buffer.concat([part(TEXT, ''), ...fragments]), 8)
    expect(log).toEqual(['tooManyFragments'])
  })

  it('refuses a message as soon as it announces more than the limit', () => {
    expect(read(new FrameReader(), frame(TEXT, 'x'.repeat(200)).subarray(0, 8), 1, 100)).toEqual(['tooLong'])
  })

  it('serves the next connection once it is between messages', () => {
    const reader = takeReader()
    read(reader, part(TEXT, 'a'))
    expect(reader.isBetweenMessages).toBe(false)
    read(reader, frame(CONTINUATION, 'b'))
    expect(reader.isBetweenMessages).toBe(true)
    giveReader(reader)
    expect(takeReader()).toBe(reader)
    expect(takeReader()).not.toBe(reader)
  })
})
