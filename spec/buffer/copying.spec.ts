/**
 * Which chunks of a stream are copied.
 */
import { describe, expect, it } from '@jest/globals'
import { isCopied } from '../../lib/buffer/copying.js'

describe('a chunk', () => {
  it.each([
    ['that is short', new Uint8Array(512), true],
    ['that is longer', new Uint8Array(513), false],
    ['that is part of a small buffer', new Uint8Array(8192).subarray(0, 1000), false],
    ['that would keep a large buffer alive', new Uint8Array(8193).subarray(0, 1000), true],
    ['that is a good part of a large buffer', new Uint8Array(65_536).subarray(0, 2049), false],
  ])('%s', (_, chunk, isExpected) => {
    expect(isCopied(chunk)).toBe(isExpected)
  })
})
