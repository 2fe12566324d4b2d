/**
 * The output queue: copied and scheduled bytes and text, and what is pending of them.
 */
import { describe, expect, it } from '@jest/globals'
import { BLOCK_SIZE, pooledBlocks } from '../../lib/buffer/block-pool.js'
import { Faraday, IOVec } from '../../lib/buffer/index.js'
import { misuse, output, written } from './output.js'

describe('Faraday: an empty queue', () => {
  it('has no iovecs', () => {
    const queue = new Faraday()
    expect(queue).toMatchObject({ pendingBytes: 0, hasPending: false, isClosed: false })
    expect(queue.iovecs()).toEqual([])
  })

  it('stays empty after empty writes', () => {
    const queue = new Faraday()
    queue.writeLatin1('')
    queue.writeString('')
    queue.writeBytes(new Uint8Array())
    queue.writeBytes(Uint8Array.of(1, 2), 1, 0)
    queue.scheduleBytes(new Uint8Array())
    expect(queue.iovecs()).toEqual([])
  })

  it('holds a block of the pool only while copied bytes are pending', () => {
    const queue = new Faraday()
    queue.writeLatin1('abc')
    written(queue)
    const idle = pooledBlocks()
    queue.writeLatin1('abc')
    queue.iovecs()
    expect(pooledBlocks()).toBe(idle - 1)
    queue.shift(2)
    expect(pooledBlocks()).toBe(idle - 1)
    queue.shift(1)
    expect(pooledBlocks()).toBe(idle)
  })
})

describe('Faraday: copied output', () => {
  it('is handed out as one iovec, in the order of the calls', () => {
    const queue = new Faraday()
    queue.writeLatin1('caf\u00e9 ')
    queue.writeString('caf\u00e9 ')
    queue.writeBytes(Uint8Array.of(0x41, 0x42, 0x43), 1)
    queue.writeString('and ')
    queue.writeLatin1('on')
    expect(queue.iovecs()).toHaveLength(1)
    expect(queue.pendingBytes).toBe(19)
    expect(output(queue)).toBe('caf\u00e9 caf\u00c3\u00a9 BCand on')
  })

  it('does not change when the caller overwrites its bytes', () => {
    const queue = new Faraday()
    const [small, large] = [Buffer.from('small'), Buffer.alloc(BLOCK_SIZE + 1, 'l')]
    queue.writeBytes(small)
    queue.writeBytes(large)
    small.fill('x')
    large.fill('x')
    expect(output(queue)).toBe('small' + 'l'.repeat(BLOCK_SIZE + 1))
  })

  it.each([
    ['writeLatin1', (queue: Faraday, length: number) => { queue.writeLatin1('a'.repeat(length)) }],
    ['writeString', (queue: Faraday, length: number) => { queue.writeString('a'.repeat(length)) }],
  ])('by %s has an array of its own if it is larger than a block', (_, write) => {
    const queue = new Faraday()
    write(queue, BLOCK_SIZE)
    write(queue, BLOCK_SIZE + 1)
    const [block, own] = queue.iovecs()
    expect(block).toMatchObject({ off: 0, len: BLOCK_SIZE })
    expect(own).toMatchObject({ off: 0, len: BLOCK_SIZE + 1 })
    expect(own.buffer).toHaveLength(BLOCK_SIZE + 1)
    expect(output(queue)).toBe('a'.repeat(2 * BLOCK_SIZE + 1))
  })

  it('by writeBytes fills blocks one after the other', () => {
    const queue = new Faraday()
    queue.writeBytes(Buffer.alloc(BLOCK_SIZE - 10, 'a'))
    queue.writeBytes(Buffer.alloc(2 * BLOCK_SIZE, 'b'))
    expect(queue.iovecs().map(({ len }) => len)).toEqual([BLOCK_SIZE, BLOCK_SIZE, BLOCK_SIZE - 10])
    expect(output(queue)).toBe('a'.repeat(BLOCK_SIZE - 10) + 'b'.repeat(2 * BLOCK_SIZE))
  })

  it('by writeBytes has an array of its own if it is larger than eight blocks', () => {
    const queue = new Faraday()
    const length = 8 * BLOCK_SIZE + 1
    queue.writeBytes(Buffer.alloc(length, 'a'))
    expect(queue.iovecs()).toMatchObject([{ off: 0, len: length }])
    expect(queue.iovecs()[0].buffer).toHaveLength(length)
    expect(output(queue)).toBe('a'.repeat(length))
  })

  it('stays text until it is handed out as iovecs', () => {
    const queue = new Faraday()
    expect(queue.pendingText).toBe('')
    queue.writeLatin1('caf\u00e9 ')
    queue.writeString('as well')
    expect(queue.pendingText).toBe('caf\u00e9 as well')
    queue.shift(12)
    expect([queue.pendingText, queue.pendingBytes]).toEqual(['', 0])
    queue.writeLatin1('again')
    queue.iovecs()
    expect(queue.pendingText).toBe('')
    queue.writeLatin1(' and on')
    expect(queue.pendingText).toBe('')
    expect(output(queue)).toBe('again and on')
  })

  it('becomes bytes when a part of the text is shifted', () => {
    const queue = new Faraday()
    queue.writeLatin1('one two')
    queue.shift(4)
    expect(queue.pendingText).toBe('')
    expect(output(queue)).toBe('two')
  })

  it('by writeString is measured in bytes: a text of fewer characters may be larger than a block', () => {
    const queue = new Faraday()
    const text = '\u20ac'.repeat(6_000)
    queue.writeString(text)
    expect(queue.pendingBytes).toBe(18_000)
    expect(Buffer.from(written(queue), 'latin1').toString()).toBe(text)
  })

  it('fits into a block by its actual encoding, not by the longest possible one', () => {
    const queue = new Faraday()
    queue.writeLatin1('a'.repeat(BLOCK_SIZE - 100))
    queue.writeString('\u00e9'.repeat(50))
    expect(queue.iovecs()).toHaveLength(1)
    queue.writeString('\u00e9')
    expect(queue.iovecs()).toHaveLength(2)
  })

  it('begins a new block if it does not fit into the open one', () => {
    const queue = new Faraday()
    queue.writeLatin1('a'.repeat(10_000))
    queue.writeLatin1('b'.repeat(10_000))
    queue.writeLatin1('c'.repeat(2_000))
    expect(queue.iovecs().map(IOVec.length)).toEqual([10_000, 12_000])
    expect(output(queue)).toBe('a'.repeat(10_000) + 'b'.repeat(10_000) + 'c'.repeat(2_000))
  })

  it('has U+FFFD for a lone surrogate, even if the next write begins with the other half', () => {
    const queue = new Faraday()
    queue.writeString('\ud83d')
    queue.writeString('\ude00')
    expect(Buffer.from(output(queue), 'latin1').toString()).toBe('\ufffd\ufffd')
  })

  it('keeps the order of heads and texts, whether short or long, ASCII or not', () => {
    const queue = new Faraday()
    queue.writeLatin1('head ')
    queue.writeString('short ')
    queue.writeString('l\u00f6ng '.repeat(60))
    queue.writeLatin1('head ')
    queue.writeString('long '.repeat(60))
    expect(Buffer.from(output(queue), 'latin1').toString())
      .toBe('head short ' + 'l\u00f6ng '.repeat(60) + 'head ' + 'long '.repeat(60))
  })
})

describe('Faraday: scheduled output', () => {
  it('is not copied', () => {
    const queue = new Faraday()
    const bytes = Buffer.from('abcd')
    queue.scheduleBytes(bytes)
    queue.scheduleBytes(bytes, 1)
    queue.scheduleBytes(bytes, 1, 2)
    expect(queue.iovecs()).toEqual([
      { buffer: bytes, off: 0, len: 4 },
      { buffer: bytes, off: 1, len: 3 },
      { buffer: bytes, off: 1, len: 2 },
    ])
    expect(queue.iovecs()[0].buffer).toBe(bytes)
  })

  it('keeps its position among copied writes', () => {
    const queue = new Faraday()
    queue.writeLatin1('1 ')
    queue.scheduleBytes(Buffer.from('2 '))
    queue.writeLatin1('3 ')
    queue.writeString('4 ')
    queue.scheduleBytes(Buffer.from('5'))
    expect(queue.iovecs().map(IOVec.length)).toEqual([2, 2, 4, 1])
    expect(output(queue)).toBe('1 2 3 4 5')
  })
})

describe('Faraday: shifting', () => {
  it('removes a part of an iovec, several, or all', () => {
    const queue = new Faraday()
    queue.writeLatin1('head ')
    queue.scheduleBytes(Buffer.from('body '))
    queue.writeLatin1('tail')
    queue.shift(2)
    expect(output(queue)).toBe('ad body tail')
    queue.shift(0)
    queue.shift(5)
    expect(output(queue)).toBe('dy tail')
    queue.shift(7)
    expect(queue).toMatchObject({ pendingBytes: 0, hasPending: false })
    expect(queue.iovecs()).toEqual([])
  })

  it('may exceed what was handed out', () => {
    const queue = new Faraday()
    queue.writeLatin1('abc')
    queue.iovecs()
    queue.writeLatin1('def')
    queue.shift(4)
    expect(output(queue)).toBe('ef')
  })

  it('leaves the rest of the block to further writes', () => {
    const queue = new Faraday()
    queue.writeLatin1('abc')
    expect(written(queue, 2)).toBe('ab')
    queue.writeLatin1('def')
    expect(queue.iovecs()).toHaveLength(1)
    expect(written(queue)).toBe('cdef')
  })

  it.each([-1, 0.5, 4, NaN, Infinity])('refuses %d of 3 bytes, and changes nothing', count => {
    const queue = new Faraday()
    queue.writeLatin1('abc')
    expect(() => { queue.shift(count) }).toThrow(misuse('badRange'))
    expect(output(queue)).toBe('abc')
  })
})

describe('Faraday: iovecs that were handed out', () => {
  it('are not moved or changed by further writes', () => {
    const queue = new Faraday()
    queue.writeLatin1('abc')
    const handedOut = queue.iovecs()
    queue.writeLatin1('def')
    queue.writeString('x'.repeat(BLOCK_SIZE))
    expect(Buffer.from(IOVec.view(handedOut[0])).toString()).toBe('abc')
    expect(handedOut).toHaveLength(1)
  })
})

describe('Faraday: ranges', () => {
  it.each([[-1, 1], [0, 5], [5, 0], [1, 4], [0.5, 1], [0, NaN]])('refuses off %d and len %d of 4 bytes', (off, len) => {
    const queue = new Faraday()
    expect(() => { queue.writeBytes(new Uint8Array(4), off, len) }).toThrow(misuse('badRange'))
    expect(() => { queue.scheduleBytes(new Uint8Array(4), off, len) }).toThrow(misuse('badRange'))
    expect(queue.hasPending).toBe(false)
  })

  it('refuses an array whose length is not that of its memory, as after a transfer, and counts nothing of it', () => {
    const queue = new Faraday()
    const stale = Object.defineProperty(new Uint8Array(), 'length', { value: 4 })
    expect(() => { queue.writeBytes(stale) }).toThrow(misuse('badRange'))
    expect(() => { queue.scheduleBytes(stale) }).toThrow(misuse('badRange'))
    expect(queue.pendingBytes).toBe(0)
  })

  it('counts nothing of bytes that cannot be copied', () => {
    const queue = new Faraday()
    const unlike = Object.defineProperty(new Uint8Array(BLOCK_SIZE + 1), 'length', { value: 4 })
    expect(() => { queue.writeBytes(unlike) }).toThrow('out of bounds')
    expect(queue.pendingBytes).toBe(0)
  })
})
