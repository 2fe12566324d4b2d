/**
 * Chunks of a response that are, or look like, unusual arrays.
 */
import { describe, expect, it } from '@jest/globals'
import { map, of, timer } from 'rxjs'
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

class Unmeasured extends Uint8Array {
  override get byteLength(): never {
    throw new Error('of byteLength')
  }
}

/** Arrays that say of themselves what is not so. */
const LYING: readonly [string, PropertyDescriptorMap][] = [
  ['lengths', { length: { value: 300_000 }, byteLength: { value: 300_000 } }],
  ['memory', { buffer: { value: new ArrayBuffer(1) } }],
  ['place', { byteOffset: { value: 1_000_000_000 } }],
  ['memory, which throws', { buffer: { get: () => { throw new Error('of the buffer') } } }],
]

describe('a chunk', () => {
  it.each(LYING)('with false %s cuts its response', async (_, descriptors) => {
    const body = (): Uint8Array => Object.defineProperties(new Uint8Array(100_000), descriptors)
    const server = await start(reqd => {
      if (reqd.target === '/') return { body: body() }
      return { body: reqd.target === '/pulled' ? [body()] : of(body()) }
    })
    for (const path of ['/', '/pulled', '/pushed']) await expect(ask(server, { path })).rejects.toThrow()
    expect(server.errors).toMatchObject([{ code: 'badState' }, { code: 'badState' }, { code: 'badState' }])
  })

  it('that throws when it is written is told as the cause', async () => {
    const [, descriptors] = LYING[3]
    const server = await start(() => ({ body: [Object.defineProperties(new Uint8Array(100_000), descriptors)] }))
    await expect(ask(server)).rejects.toThrow()
    expect(server.errors).toMatchObject([
      { message: 'bytes of a response cannot be read', cause: { message: 'of the buffer' } },
    ])
  })

  it('whose byteLength throws fails its response', async () => {
    const server = await start(() => ({ body: timer(0).pipe(map(() => new Unmeasured(100_000))) }))
    expect(await ask(server)).toMatchObject({ status: 500 })
    expect(server.errors).toMatchObject([{ message: 'of byteLength' }])
  })

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
