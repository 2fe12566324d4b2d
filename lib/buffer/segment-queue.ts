/**
 * The pending bytes of an output queue: a linked list of segments, each a range of some array, in the order in which
 * they leave.
 *
 * Strategy: copied bytes go to the end of the open block (block-pool.ts), and extend the last segment if it ends there.
 * Bytes are only appended, and a block returns to the pool only when all of its bytes were dropped from the front: so
 * ranges that were handed out neither move nor change before that.
 *
 * A long text is a segment, too, at first without bytes. In its turn it becomes the bytes of its next part, and the
 * rest of the text becomes another segment after it.
 */
import { BLOCK_SIZE, type Block, giveBlock, takeBlock } from './block-pool.js'
import { NO_BYTES } from './bytes.js'
import type { IOVec } from './iovec.js'
import type { LongText } from './long-text.js'

/**
 * A pending range of bytes. `block` is the block of the pool that holds it, if any; `text` is the text that is still to
 * be encoded into it.
 */
class Segment {
  buffer: Uint8Array
  off: number
  len: number
  readonly block: Block | null
  text: LongText | null
  next: Segment | null

  constructor(buffer: Uint8Array, off: number, len: number, block: Block | null) {
    this.buffer = buffer
    this.off = off
    this.len = len
    this.block = block
    this.text = null
    this.next = null
  }
}

/** `iovecs` stops encoding long texts once it has this many bytes. */
const ENOUGH_BYTES = 128 * 1024

/** A first-in, first-out queue of bytes, added by segments and dropped by counts. */
export class SegmentQueue {
  private first: Segment | null
  private last: Segment | null
  /** The block that further copies go to. It has pending bytes, or is null: an empty queue holds no block. */
  private open: Block | null

  constructor() {
    this.first = null
    this.last = null
    this.open = null
  }

  /** The number of bytes, at least 1, that can be copied before another block is needed. */
  get room(): number {
    const open = this.open
    return open === null || open.fill === BLOCK_SIZE ? BLOCK_SIZE : BLOCK_SIZE - open.fill
  }

  /** Adds `len` bytes of `buffer` from `off` on, at least one, without copying them. */
  append(buffer: Uint8Array, off: number, len: number): void {
    this.link(new Segment(buffer, off, len, null))
  }

  /** Adds a text of `len` bytes, at least one. */
  appendText(text: LongText, len: number): void {
    const segment = new Segment(NO_BYTES, 0, len, null)
    segment.text = text
    this.link(segment)
  }

  /**
   * Returns a block with room for `length` bytes, at most {@link BLOCK_SIZE}, after `fill`: the open one if they fit,
   * else a new one, which abandons the rest of the other. Then call {@link SegmentQueue.commit}.
   */
  blockWithRoom(length: number): Block {
    const open = this.open
    if (open !== null && open.fill + length <= BLOCK_SIZE) return open
    const block = takeBlock()
    this.open = block
    return block
  }

  /** Adds the `length` bytes, at least one, that were just written after `fill` in `block`. */
  commit(block: Block, length: number): void {
    const start = block.fill
    const last = this.last
    block.fill += length
    block.pending += length
    if (last !== null && last.block === block) last.len += length
    else this.link(new Segment(block.bytes, start, length, block))
  }

  /**
   * Returns the segments as a list of iovecs, valid until their bytes are dropped: all, or those up to a long text that
   * is not encoded yet, and then {@link ENOUGH_BYTES} at least.
   */
  iovecs(): IOVec[] {
    const first = this.first
    if (first === null) return []
    if (first.text !== null) this.encode(first, first.text)
    // A list of one, the usual case, made at its size: `push` on an empty array reserves 17 places. 176 ns in place
    // of 195 for a response of 140 characters, from writing to shifting it.
    const iovecs: IOVec[] = [{ buffer: first.buffer, off: first.off, len: first.len }]
    let length = first.len
    for (let segment = first.next; segment !== null; segment = segment.next) {
      if (segment.text !== null) {
        if (length >= ENOUGH_BYTES) break
        this.encode(segment, segment.text)
      }
      length += segment.len
      iovecs.push({ buffer: segment.buffer, off: segment.off, len: segment.len })
    }
    return iovecs
  }

  /** Drops the first `count` bytes, which must exist. Blocks without pending bytes return to the pool. */
  drop(count: number): void {
    let rest = count
    let segment = this.first
    while (segment !== null && rest > 0) {
      if (segment.text !== null) this.encode(segment, segment.text)
      const taken = Math.min(rest, segment.len)
      rest -= taken
      segment.off += taken
      segment.len -= taken
      if (segment.block !== null) this.settle(segment.block, taken)
      if (segment.len > 0) break
      segment = segment.next
    }
    this.first = segment
    if (segment === null) this.last = null
  }

  /** Drops all bytes, and leaves the blocks to the garbage collector: ranges that were handed out stay unchanged. */
  abandon(): void {
    this.first = null
    this.last = null
    this.open = null
  }

  /** Makes the segment the next part of its text. */
  private encode(segment: Segment, text: LongText): void {
    const bytes = text.nextPart()
    const left = segment.len - bytes.length
    segment.buffer = bytes
    segment.len = bytes.length
    segment.text = null
    if (left === 0) return
    const rest = new Segment(NO_BYTES, 0, left, null)
    rest.text = text
    rest.next = segment.next
    segment.next = rest
    if (this.last === segment) this.last = rest
  }

  private link(segment: Segment): void {
    if (this.last === null) this.first = segment
    else this.last.next = segment
    this.last = segment
  }

  /** Counts `taken` bytes of `block` as dropped, and gives it back when none is left. */
  private settle(block: Block, taken: number): void {
    block.pending -= taken
    if (block.pending > 0) return
    if (block === this.open) this.open = null
    giveBlock(block)
  }
}
