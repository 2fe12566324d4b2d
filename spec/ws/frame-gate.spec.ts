/**
 * The gate: one message at a time gets in, however many were read.
 */
import { describe, expect, it } from '@jest/globals'
import { BINARY, chopped, closeFrame, CONTINUATION, frame, part, PING, TEXT } from './frames.js'
import { set, turn } from './gate-stage.js'

const [one, two, three] = [frame(TEXT, 'a'), frame(TEXT, 'bb'), frame(TEXT, 'ccc')]

describe('input', () => {
  it('passes up to the end of a message, and continues when the gate is opened', async () => {
    const { socket, gate, log } = set()
    socket.push(Buffer.concat([frame(PING), one, frame(PING), two, three.subarray(0, 2)]))
    await turn()
    expect(log.splice(0)).toEqual(['6 bytes', '7 bytes', '6 bytes'])
    expect(gate.isHolding).toBe(true)
    expect(socket.isPaused()).toBe(true)
    gate.open()
    expect(log.splice(0)).toEqual(['8 bytes'])
    gate.open()
    expect(log.splice(0)).toEqual(['2 bytes'])
    expect(gate.isHolding).toBe(false)
    await turn()
    expect(socket.isPaused()).toBe(false)
    socket.push(three.subarray(2))
    await turn()
    expect(log).toEqual(['7 bytes'])
    expect(gate.receivedBytes).toBe(6 + 7 + 6 + 8 + 9)
  })

  it('begins with the bytes that were read before', async () => {
    const { gate, log } = set(Buffer.concat([one, two]))
    await turn()
    expect(log).toEqual(['7 bytes'])
    gate.open()
    expect(log).toEqual(['7 bytes', '8 bytes'])
  })

  it('is read at most once while the gate is closed', async () => {
    const { socket, gate, log } = set()
    socket.push(one)
    await turn()
    socket.push(two)
    await turn()
    expect(socket.isPaused()).toBe(true)
    socket.push(three)
    await turn()
    expect(socket.readableLength).toBe(three.length)
    expect(log).toEqual(['7 bytes'])
    gate.open()
    gate.open()
    await turn()
    expect(log).toEqual(['7 bytes', '8 bytes', '9 bytes'])
  })

  it('passes without a pause once the gate is free', async () => {
    const { socket, gate, log } = set()
    socket.push(Buffer.concat([one, two]))
    await turn()
    gate.free()
    socket.push(Buffer.concat([three, one]))
    await turn()
    gate.open()
    expect(log.join()).toBe('7 bytes,8 bytes,9 bytes,7 bytes')
    expect(gate.isHolding).toBe(false)
  })

  it('waits while its reader has paused', async () => {
    const { socket, gate, log } = set()
    gate.pause()
    socket.push(frame(PING))
    await turn()
    socket.push(frame(PING, 'x'))
    await turn()
    expect(log).toEqual([])
    gate.resume()
    await turn()
    expect(log).toEqual(['6 bytes', '7 bytes'])
  })

  it('ends after all messages', async () => {
    const { socket, gate, log } = set()
    gate.on('end', () => { log.push('end') })
    socket.push(Buffer.concat([one, two]))
    socket.push(null)
    await turn()
    expect(log).toEqual(['7 bytes'])
    gate.open()
    await turn()
    expect(log).toEqual(['7 bytes', '8 bytes'])
    gate.open()
    gate.open()
    await turn()
    expect(log).toEqual(['7 bytes', '8 bytes', 'ended', 'end'])
  })
})

describe('input while a message is worked on', () => {
  it('passes pings before the next message, in any pieces', async () => {
    const { socket, log } = set()
    const ping = frame(PING, 'abc')
    socket.push(Buffer.concat([one, frame(PING), ping.subarray(0, 4)]))
    await turn()
    expect(log.splice(0)).toEqual(['7 bytes', '6 bytes', '4 bytes'])
    socket.push(Buffer.concat([ping.subarray(4), two, frame(PING)]))
    await turn()
    expect(log).toEqual([`${ping.length - 4} bytes`])
  })

  it('holds a close and a part of the next message', async () => {
    for (const next of [closeFrame(1000), part(TEXT, 'x')]) {
      const { socket, gate, log } = set()
      socket.push(Buffer.concat([one, next]))
      await turn()
      expect(log.splice(0)).toEqual(['7 bytes'])
      gate.open()
      expect(log).toEqual([`${next.length} bytes`])
    }
  })

  it('passes a close and the end after a message without a subscriber', async () => {
    const { socket, log, work } = set()
    work.isWorking = false
    socket.push(Buffer.concat([one, closeFrame(1000)]))
    socket.push(null)
    await turn()
    await turn()
    expect(log).toEqual(['7 bytes', '8 bytes', 'ended'])
  })
})

describe('small pieces of a payload', () => {
  it('are joined after its header', async () => {
    const { socket, gate, log } = set()
    const chunks: Buffer[] = []
    gate.on('data', (chunk: Buffer) => { chunks.push(chunk) })
    const message = frame(BINARY, Buffer.alloc(40_000, 'abc'))
    for (const piece of chopped(message, 1)) {
      socket.push(piece)
      await Promise.resolve()
    }
    socket.push(two)
    await turn()
    expect(Buffer.concat(chunks)).toEqual(message)
    // The bytes of the header and of the end, and two times 16 KiB.
    expect(log.length).toBeLessThanOrEqual(8 + 1 + 4)
  })

  it('are not joined to large ones, and keep their order', async () => {
    const { socket, gate } = set()
    const chunks: Buffer[] = []
    gate.on('data', (chunk: Buffer) => { chunks.push(chunk) })
    const message = frame(BINARY, Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251)))
    let at = 0
    for (const size of [100, 200, 30_000, 1, 2, 20_000, 50_000]) {
      socket.push(message.subarray(at, at += size))
      await turn()
    }
    expect(Buffer.concat(chunks).equals(message.subarray(0, 100_303))).toBe(true)
    expect(chunks.map(chunk => chunk.length)).toEqual([100, 200, 30_000, 3, 20_000, 49_711])
  })
})

describe('many small frames', () => {
  it('pass some in each turn, whatever they are', async () => {
    for (const flood of [frame(PING), part(CONTINUATION, ''), part(TEXT, 'x')]) {
      const { socket, gate, log } = set()
      gate.free()
      socket.push(Buffer.concat(Array<Buffer>(100).fill(flood)))
      const counts: number[] = []
      while (log.length < 100) {
        await turn()
        counts.push(log.length)
      }
      expect(counts.length).toBeGreaterThanOrEqual(3)
      // There is one turn in front of the test's own, and one behind.
      expect(Math.max(...counts.map((count, i) => count - (counts[i - 1] ?? 0)))).toBeLessThanOrEqual(64)
    }
  })
})
