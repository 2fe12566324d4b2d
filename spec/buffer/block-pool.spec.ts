/**
 * The pool of blocks into which output is copied.
 */
import { describe, expect, it } from '@jest/globals'
import { BLOCK_SIZE, giveBlock, POOL_LIMIT, pooledBlocks, takeBlock } from '../../lib/buffer/block-pool.js'

describe('the pool of blocks', () => {
  it('reuses a returned block, reset to empty', () => {
    const block = takeBlock()
    block.fill = BLOCK_SIZE
    block.pending = 1
    giveBlock(block)
    expect(takeBlock()).toBe(block)
    expect(block).toMatchObject({ fill: 0, pending: 0 })
    expect(block.bytes).toHaveLength(BLOCK_SIZE)
  })

  it('never hands out a block twice', () => {
    const blocks = Array.from({ length: POOL_LIMIT + 1 }, takeBlock)
    expect(new Set(blocks).size).toBe(blocks.length)
  })

  it('keeps POOL_LIMIT blocks at most', () => {
    const blocks = Array.from({ length: POOL_LIMIT + 10 }, takeBlock)
    blocks.forEach(giveBlock)
    expect(pooledBlocks()).toBe(POOL_LIMIT)
  })
})
