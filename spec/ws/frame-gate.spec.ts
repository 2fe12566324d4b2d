/**
 * The gate: one message at a time gets in, however many were read.
 */
import { once } from 'node:events'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { FrameGate } from '../../lib/ws/frame-gate.js'
import { frame, PING, TEXT } from './frames.js'

/** A socket whose other end is the test. */
class FakeSocket extends Duplex {
  readonly written: string[] = []
  private readonly waiting: (() => void)[] = []

  override _read(): void {
    // The test pushes.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk.toString())
    this.waiting.push(done)
  }

  /** The operating system takes a chunk. */
  accept(): void {
    this.waiting.shift()?.()
  }
}

/** A socket of Node, which takes all at once until it is full. */
class PlainSocket extends Socket {
  readonly written: string[] = []
  isFull = false
  private waiting: (() => void) | null = null

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.written.push(chunk.toString())
    if (this.isFull) this.waiting = done
    else done()
  }

  override _writev(chunks: { chunk: Buffer | string }[], done: () => void): void {
    for (const { chunk } of chunks) this.written.push(chunk.toString())
    done()
  }

  /** It is not full any more. */
  accept(): void {
    this.isFull = false
    this.waiting?.()
  }
}

interface Setting<T extends Duplex> {
  readonly socket: T
  readonly gate: FrameGate
  readonly log: string[]
}

function set(head: Uint8Array = new Uint8Array(0)): Setting<FakeSocket> {
  return gated(new FakeSocket(), head)
}

function plain(): Setting<PlainSocket> {
  return gated(new PlainSocket(), new Uint8Array(0))
}

function gated<T extends Duplex>(socket: T, head: Uint8Array): Setting<T> {
  const log: string[] = []
  const gate = new FrameGate(socket, head, {
    drained: () => { log.push(`drained ${gate.writtenBytes}`) },
    inputEnded: () => { log.push('ended') },
  })
  gate.on('error', error => { log.push(error.message) })
  gate.on('data', (chunk: Buffer) => { log.push(`${chunk.length} bytes`) })
  return { socket, gate, log }
}

const [one, two, three] = [frame(TEXT, 'a'), frame(TEXT, 'bb'), frame(TEXT, 'ccc')]
const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

describe('input', () => {
  it('passes up to the end of a message, and on when the gate is opened', async () => {
    const { socket, gate, log } = set()
    socket.push(Buffer.concat([frame(PING), one, frame(PING), two, three.subarray(0, 2)]))
    await turn()
    expect(log).toEqual([`${6 + 7} bytes`])
    expect(gate.isShut).toBe(true)
    expect(socket.isPaused()).toBe(true)
    gate.open()
    expect(log.splice(0)).toEqual(['13 bytes', `${6 + 8} bytes`])
    gate.open()
    expect(log.splice(0)).toEqual(['2 bytes'])
    expect(gate.isShut).toBe(false)
    await turn()
    expect(socket.isPaused()).toBe(false)
    socket.push(three.subarray(2))
    await turn()
    expect(log).toEqual(['7 bytes'])
    expect(gate.receivedBytes).toBe(6 + 7 + 6 + 8 + 9)
  })

  it('begins with what was read before', async () => {
    const { gate, log } = set(Buffer.concat([one, two]))
    await turn()
    expect(log).toEqual(['7 bytes'])
    gate.open()
    expect(log).toEqual(['7 bytes', '8 bytes'])
  })

  it('takes one read ahead while it is shut, no more', async () => {
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

  it('passes without stop once it is free', async () => {
    const { socket, gate, log } = set()
    socket.push(Buffer.concat([one, two]))
    await turn()
    gate.free()
    socket.push(Buffer.concat([three, one]))
    await turn()
    gate.open()
    expect(log.join()).toBe('7 bytes,8 bytes,9 bytes,7 bytes')
    expect(gate.isShut).toBe(false)
  })

  it('waits for a reader that has paused', async () => {
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

  it('ends behind all messages', async () => {
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

describe('output', () => {
  it('is pending until the operating system has taken it', async () => {
    const { socket, gate, log } = set()
    for (const text of ['a', 'bb', 'ccc']) gate.write(text)
    expect(gate.pending).toBe(6)
    for (const left of [5, 3, 0]) {
      socket.accept()
      await turn()
      expect(gate.pending).toBe(left)
      expect(gate.writtenBytes).toBe(6 - left)
    }
    expect(log).toEqual(['drained 1', 'drained 3', 'drained 6'])
    expect(socket.written).toEqual(['a', 'bb', 'ccc'])
  })

  it('keeps the order of frames and what is written as to a stream', async () => {
    const { socket, gate, log } = set()
    gate.send('aa')
    gate.cork()
    gate.write('b', () => { log.push('written') })
    gate.sendPieces(Buffer.from('c'), Buffer.from('d'))
    gate.uncork()
    for (let i = 0; i < 4; i++) {
      socket.accept()
      await turn()
    }
    expect(socket.written.join('|')).toBe('aa|b|c|d')
    expect(log).toEqual(['drained 2', 'written', 'drained 3', 'drained 4', 'drained 5'])
  })

  it('is not announced where it was taken at once', async () => {
    const { socket, gate, log } = plain()
    gate.send('a')
    gate.send('bb')
    expect(gate.pending).toBe(0)
    await turn()
    expect(log).toEqual([])
    expect(socket.written).toEqual(['a', 'bb'])
  })

  it('is announced where it was not', async () => {
    const { socket, gate, log } = plain()
    socket.isFull = true
    gate.send('a')
    gate.send('bb')
    expect(gate.pending).toBe(3)
    socket.accept()
    await turn()
    expect(gate.pending).toBe(0)
    expect(log).toEqual(['drained 3', 'drained 3'])
    gate.send('x'.repeat(5_000))
    await turn()
    expect(log.splice(2)).toEqual(['drained 5003'])
  })

  it('ends when it is ended', async () => {
    const { socket, gate } = set()
    gate.end('bye')
    socket.accept()
    await once(socket, 'finish')
    expect(socket.written).toEqual(['bye'])
  })
})

describe('the end', () => {
  it('of the socket is that of the gate', async () => {
    const { socket, gate } = set()
    socket.destroy()
    await once(gate, 'close')
    expect(gate.destroyed).toBe(true)
  })

  it('with an error, too', async () => {
    const { socket, gate, log } = set()
    socket.destroy(new Error('reset'))
    await new Promise(resolve => { gate.on('close', resolve) })
    expect(log).toEqual(['reset'])
  })

  it('of the gate is that of the socket', async () => {
    const { socket, gate } = set()
    gate.destroy()
    await once(socket, 'close')
    expect(socket.destroyed).toBe(true)
  })
})
