/**
 * The size of a chunk, as demand counts it.
 */
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { chunkSize } from '../../lib/demand/chunk.js'
import { BackpressureError } from '../../lib/errors.js'

describe('chunkSize', () => {
  it.each<[string, unknown, number]>([
    ['an empty string', '', 0],
    ['ASCII', 'abc', 3],
    ['text beyond it', 'é€😀', 9],
    ['bytes', new Uint8Array(5), 5],
    ['a view of bytes', new Uint8Array(5).subarray(1, 3), 2],
    ['bytes of another realm', runInNewContext('new Uint8Array(7)'), 7],
    ['an item', { id: 1 }, 1],
    ['nothing', null, 1],
  ])('counts the bytes of %s', (_, chunk, size) => {
    expect(chunkSize(chunk)).toBe(size)
  })
})

describe('BackpressureError', () => {
  it('has a stable code', () => {
    expect(new BackpressureError()).toMatchObject({
      name: 'BackpressureError', code: 'overflow', message: 'the source is faster than its consumer',
    })
    expect(new BackpressureError('too fast').message).toBe('too fast')
  })
})
