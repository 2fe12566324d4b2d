/**
 * Chunks of a response that are, or look like, unusual arrays.
 */
import { describe, expect, it } from '@jest/globals'
import { ask, start } from '../helpers/net.js'

/** An array whose constructor knows no views, so that its `subarray` returns other bytes. */
class Block extends Uint8Array {
  constructor() {
    super(100_000)
  }
}

class Stubborn extends Uint8Array {
  override subarray(): never {
    throw new Error('of subarray')
  }
}

describe('a chunk', () => {
  it.each<[string, Uint8Array]>([
    ['that has a constructor of its own', new Block()], ['whose subarray throws', new Stubborn(100_000)],
  ])('%s is sent as it is', async (_, chunk) => {
    const server = await start(() => ({ body: [chunk.fill(0x61)] }))
    expect(await ask(server)).toMatchObject({ status: 200, body: 'a'.repeat(100_000) })
    expect(server.errors).toEqual([])
  })

  it.each<[string, object]>([
    ['has its name', { [Symbol.toStringTag]: 'Uint8Array', length: 100_000 }],
    ['has its prototype', Object.create(Uint8Array.prototype) as object],
    ['stands for it', new Proxy(new Uint8Array(10), {})],
  ])('that is no Uint8Array, but %s, fails its response', async (_, chunk) => {
    const server = await start(() => ({ body: [chunk as Uint8Array] }))
    expect(await ask(server)).toMatchObject({ status: 500 })
    expect(server.errors).toEqual([expect.any(TypeError)])
  })
})
