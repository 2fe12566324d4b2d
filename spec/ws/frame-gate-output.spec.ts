/**
 * The gate: output passes, and counts until it was taken; the end of one side is that of the other.
 */
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { plain, set, turn } from './gate-stage.js'

/** Where the last write is over, and nothing else waits. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await turn()
}

describe('output', () => {
  it('is pending until the stream has taken it, and is gathered meanwhile', async () => {
    const { socket, gate, log } = set()
    for (const text of ['a', 'bb', 'ccc']) gate.write(text)
    expect(socket.written).toEqual(['a'])
    for (const left of [6, 5]) {
      expect(gate.output.pending).toBe(left)
      expect(gate.output.writtenBytes).toBe(6 - left)
      socket.accept()
      await turn()
    }
    expect(gate.output.pending).toBe(0)
    expect(gate.output.writtenBytes).toBe(6)
    expect(socket.written).toEqual(['a', 'bbccc'])
    expect(log).toEqual(['drained 1', 'drained 6'])
  })

  it('leaves in one write per turn, to a socket', async () => {
    const { socket, gate, log } = plain()
    for (const text of ['a', 'bb', 'ccc']) gate.output.sendShared(text)
    expect(socket.written).toEqual([])
    await turn()
    expect(socket.written).toEqual(['abbccc'])
    expect(log).toEqual(['drained 6'])
  })

  it('keeps the order of frames and of stream writes', async () => {
    const { socket, gate, log } = set()
    gate.output.sendShared('aa')
    gate.cork()
    gate.write('b', () => { log.push('written') })
    gate.output.sendPieces(Buffer.from('c'), Buffer.from('d'))
    gate.output.send(Buffer.from('e'))
    gate.output.sendText(Buffer.from('f'), 'g\u20ac', 4)
    gate.uncork()
    for (let i = 0; i < 4; i++) {
      socket.accept()
      await turn()
    }
    expect(socket.written.join('|')).toBe('aa|bcdefg\u20ac')
    expect(log).toEqual(['drained 2', 'written', 'drained 11'])
  })

  it('leaves at once if that is requested', () => {
    const { socket, gate } = plain()
    gate.output.sendShared('a')
    expect(gate.output.offer()).toBe(false)
    expect(socket.written).toEqual(['a'])
  })

  it('is encoded as the socket takes it, if it is a long text', async () => {
    const { socket, gate } = set()
    const text = '\u20ac'.repeat(1_000_000)
    gate.output.sendText(Buffer.from('h'), text, 3_000_000)
    await settled()
    const held = socket.written.join('').length
    expect(held).toBeLessThan(200_000)
    for (let i = 0; i < 1_000 && gate.output.pending > 0; i++) {
      socket.accept()
      await turn()
    }
    expect(gate.output.pending).toBe(0)
  })

  it('ends after what is pending', async () => {
    const { socket, gate } = set()
    const finished = once(socket, 'finish')
    gate.end('bye')
    await turn()
    socket.accept()
    await finished
    expect(socket.written).toEqual(['bye'])
  })

  it('is dropped when the gate is destroyed, and its callbacks get an error', async () => {
    const { gate, log } = set()
    gate.write('a', error => { log.push(error?.name ?? 'written') })
    gate.destroy()
    await once(gate, 'close')
    gate.write('b', error => { log.push(error?.name ?? 'written') })
    gate.output.sendShared('c')
    gate.output.sendText(Buffer.from('d'), 'e', 1)
    expect(gate.output.pending).toBe(0)
    expect(log).toEqual(['ConnectionClosedError', 'ConnectionClosedError'])
  })
})

describe('the end of a gate and of its socket', () => {
  it('closes the gate when the socket closes', async () => {
    const { socket, gate } = set()
    socket.destroy()
    await once(gate, 'close')
    expect(gate.destroyed).toBe(true)
  })

  it('passes on the error of the socket', async () => {
    const { socket, gate, log } = set()
    socket.destroy(new Error('reset'))
    await new Promise(resolve => { gate.on('close', resolve) })
    expect(log).toEqual(['reset'])
  })

  it('destroys the socket when the gate is destroyed', async () => {
    const { socket, gate } = set()
    gate.destroy()
    await once(socket, 'close')
    expect(socket.destroyed).toBe(true)
  })
})
