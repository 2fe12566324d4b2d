/**
 * Copies of ranges of bytes.
 */
import { describe, expect, it } from '@jest/globals'
import { copyBytes } from '../../lib/buffer/bytes.js'

describe('copyBytes', () => {
  it.each([
    ['a Uint8Array', Uint8Array.of(1, 2, 3, 4)],
    ['a Buffer, whose slice would be a view', Buffer.from([1, 2, 3, 4])],
  ])('copies a range of %s', (_, bytes) => {
    const copy = copyBytes(bytes, 1, 3)
    bytes.fill(9)
    expect([...copy]).toEqual([2, 3])
  })
})
