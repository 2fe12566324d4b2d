/**
 * The gate: output passes, and counts until it was taken; the end of one side is that of the other.
 */
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { plain, set, turn } from './gate-stage.js'

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
