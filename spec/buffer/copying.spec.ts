/**
 * The chunks of a stream that are copied, and those that are not.
 */
import { describe, expect, it } from '@jest/globals'
import { isCopied } from '../../lib/buffer/copying.js'

describe('a chunk of a stream', () => {
  it.each([
    ['of 512 bytes is copied', new Uint8Array(512), true],
    ['of more than 512 bytes is not copied', new Uint8Array(513), false],
    ['that is a part of an 8 KiB buffer is not copied', new Uint8Array(8192).subarray(0, 1000), false],
    ['that would keep a larger buffer alive is copied', new Uint8Array(8193).subarray(0, 1000), true],
    ['that is a considerable part of a large buffer is not copied', new Uint8Array(65_536).subarray(0, 2049), false],
  ])('%s', (_, chunk, isExpected) => {
    expect(isCopied(chunk)).toBe(isExpected)
  })
})
