/**
 * The queue of segments: how blocks are filled and returned to the pool.
 */
import { describe, expect, it } from '@jest/globals'
import { BLOCK_SIZE } from '../../lib/buffer/block-pool.js'
import { SegmentQueue } from '../../lib/buffer/segment-queue.js'

/** Adds `length` bytes of value `byte` by way of a block. */
function copyInto(queue: SegmentQueue, length: number, byte = 1): void {
  const block = queue.blockWithRoom(length)
  block.bytes.fill(byte, block.fill, block.fill + length)
  queue.commit(block, length)
}

describe('SegmentQueue', () => {
  it('has the room of a whole block if it has none or a full one', () => {
    const queue = new SegmentQueue()
    expect(queue.room).toBe(BLOCK_SIZE)
    copyInto(queue, 10)
    expect(queue.room).toBe(BLOCK_SIZE - 10)
    copyInto(queue, BLOCK_SIZE - 10)
    expect(queue.room).toBe(BLOCK_SIZE)
  })

  it('fills a block to its last byte before it begins another', () => {
    const queue = new SegmentQueue()
    copyInto(queue, BLOCK_SIZE - 1)
    copyInto(queue, 1)
    copyInto(queue, 1)
    expect(queue.iovecs().map(({ off, len }) => [off, len])).toEqual([[0, BLOCK_SIZE], [0, 1]])
  })

  it('continues the same block after a segment that is not copied', () => {
    const queue = new SegmentQueue()
    const scheduled = Uint8Array.of(7)
    copyInto(queue, 3)
    queue.append(scheduled, 0, 1)
    copyInto(queue, 2)
    const [first, second, third] = queue.iovecs()
    expect(second.buffer).toBe(scheduled)
    expect(third).toEqual({ buffer: first.buffer, off: 3, len: 2 })
  })

  it('returns a block when its last byte is dropped, although other segments are pending', () => {
    const queue = new SegmentQueue()
    copyInto(queue, 5)
    const used = queue.blockWithRoom(1)
    queue.append(Uint8Array.of(7), 0, 1)
    queue.drop(4)
    expect(used.pending).toBe(1)
    queue.drop(1)
    expect(used).toMatchObject({ fill: 0, pending: 0 })
    expect(queue.room).toBe(BLOCK_SIZE)
    expect(new SegmentQueue().blockWithRoom(1)).toBe(used)
  })

  it('returns a block that is no longer open', () => {
    const queue = new SegmentQueue()
    copyInto(queue, BLOCK_SIZE)
    const [{ buffer }] = queue.iovecs()
    copyInto(queue, 1)
    queue.drop(BLOCK_SIZE)
    expect(new SegmentQueue().blockWithRoom(1).bytes).toBe(buffer)
    expect(queue.iovecs()).toHaveLength(1)
  })

  it('does not return abandoned blocks', () => {
    const queue = new SegmentQueue()
    copyInto(queue, 4, 9)
    const [handedOut] = queue.iovecs()
    queue.abandon()
    expect(queue.iovecs()).toEqual([])
    expect(queue.blockWithRoom(1).bytes).not.toBe(handedOut.buffer)
    expect([...handedOut.buffer.subarray(0, 4)]).toEqual([9, 9, 9, 9])
  })
})
