/**
 * Input that is received before the connection consumes it: it reaches its consumer whole and in order, is never
 * overwritten, and is released when it is consumed.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { useGivenMemory } from '../../lib/buffer/given-memory.js'
import type { Ownership } from '../../lib/buffer/ownership.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { Stage } from '../helpers/fake-transport.js'
import { get, head, post } from '../helpers/runtime.js'

/** Text of that length without a period, so that bytes at wrong positions are visible. */
function textOf(length: number): string {
  let text = ''
  for (let index = 0; text.length < length; index++) text += `${index};`
  return text.slice(0, length)
}

/** A connection whose requests wait for the test, and which lends or gives away the bytes that it reads. */
function waiting(ownership: Ownership): { readonly stage: Stage; readonly reqds: Reqd[] } {
  const reqds: Reqd[] = []
  const stage = Stage.open(reqd => { reqds.push(reqd) })
  stage.transport.ownership = ownership
  return { stage, reqds }
}

/** Reads the body of a request. The chunks are views of the input; they are kept. */
function chunksOf(reqd: Reqd): Uint8Array[] {
  const chunks: Uint8Array[] = []
  reqd.body.bytes$.subscribe(chunk => { chunks.push(chunk) })
  return chunks
}

function joined(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString()
}

const OWNERSHIPS: Ownership[] = ['owned', 'lent']

/** The lengths of bodies, and what happens: so many bytes arrive, or (0) the handler takes the next request. */
const traffic = fc.record({
  lengths: fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 12 }),
  steps: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_500 })), { maxLength: 60 }),
  ownership: fc.constantFrom(...OWNERSHIPS),
})

describe('input that arrives while a request is handled', () => {
  it('reaches the handlers whole and in order, in whatever pieces it comes and whenever they read', () => {
    fc.assert(fc.property(traffic, ({ lengths, steps, ownership }) => {
      const { stage, reqds } = waiting(ownership)
      const input = lengths.map(length => post(textOf(length))).join('')
      const bodies: Uint8Array[][] = []
      let sent = 0
      const answer = (): void => {
        if (bodies.length === reqds.length) return
        const reqd = reqds[bodies.length]
        bodies.push(chunksOf(reqd))
        reqd.respond({})
        stage.settle()
      }
      for (const step of [...steps, input.length]) {
        if (step === 0) answer()
        else stage.receive(input.slice(sent, sent += step))
      }
      while (bodies.length < reqds.length) answer()
      expect(bodies.map(joined)).toEqual(lengths.map(textOf))
    }))
  })

  it.each(OWNERSHIPS)('is received byte by byte: %s', ownership => {
    const { stage, reqds } = waiting(ownership)
    const body = textOf(3_000)
    for (const byte of get('/') + post(body)) stage.receive(byte)
    expect(reqds).toHaveLength(1)
    reqds[0].respond({})
    stage.settle()
    expect(joined(chunksOf(reqds[1]))).toBe(body)
  })

  // Around the sizes at which its buffer grows.
  it.each([1, 511, 512, 513, 1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 60_000])('is held: %i bytes', length => {
    const { stage, reqds } = waiting('lent')
    const body = textOf(length)
    stage.receive(post(body).slice(0, -length))
    for (const part of [body.slice(0, length / 2), body.slice(length / 2)]) stage.receive(part)
    stage.receive(get('/next'))
    expect(joined(chunksOf(reqds[0]))).toBe(body)
    reqds[0].respond({})
    stage.settle()
    expect(reqds[1].target).toBe('/next')
  })

  it.each(OWNERSHIPS)('is handed over at an upgrade, and is the listener\'s own: %s', ownership => {
    const { stage, reqds } = waiting(ownership)
    const given: Uint8Array[] = []
    stage.receive(get('/', 'Connection: upgrade', 'Upgrade: x') + textOf(600))
    for (const part of ['more', 'and more']) stage.receive(part)
    reqds[0].takeOver((_, head) => { given.push(head) })
    stage.settle()
    expect(joined(given)).toBe(`${textOf(600)}moreand more`)
  })
})

describe('the chunks of a body that a handler keeps', () => {
  // A chunk that ends its read is a view of the buffer; before further bytes it is a copy.
  const BEHIND = [['nothing', ''], ['a request', get('/')]]
  it.each(BEHIND)('are not overwritten by later input: %s behind them', (_, behind) => {
    const { stage, reqds } = waiting('owned')
    stage.receive(get('/')).receive(post(textOf(5_000)) + behind)
    reqds[0].respond({})
    stage.settle()
    const chunks = chunksOf(reqds[1])
    for (let count = 0; count < 100; count++) stage.receive(get('/'.padEnd(50, 'x')))
    reqds[1].respond({})
    stage.settle()
    for (let index = 2; index < reqds.length; index++) {
      reqds[index].respond({})
      stage.settle()
    }
    expect(reqds).toHaveLength(behind === '' ? 102 : 103)
    expect(joined(chunks)).toBe(textOf(5_000))
  })
})

describe('the buffer of unread input', () => {
  /** Returns how many bytes are allocated for pieces of a body of 60,000 bytes that waits for its handler. */
  const allocated = (...pieces: number[]): number => {
    const { stage } = waiting('lent')
    stage.receive(head('POST / HTTP/1.1', 'Content-Length: 60000'))
    let bytes = 0
    useGivenMemory(count => { bytes += count })
    for (const length of pieces) stage.receive(textOf(length))
    useGivenMemory(() => undefined)
    return bytes
  }

  it('has room for all of a body whose beginning is large', () => {
    expect(allocated(16_000, 16_000, 16_000, 12_000)).toBe(60_000)
  })

  it('is no larger than four times what the client sent', () => {
    expect(allocated(1)).toBe(512)
    expect(allocated(1_000)).toBe(4_000)
  })

  it('is released when all of it is consumed, while the connection stays open', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { stage, reqds } = waiting('owned')
    stage.receive(get('/')).receive(post(textOf(5_000)))
    reqds[0].respond({})
    stage.settle()
    const buffers = chunksOf(reqds[1]).splice(0).map(({ buffer }) => new WeakRef(buffer))
    reqds[1].respond({})
    stage.settle()
    expect(stage.transport.closed).toBeNull()
    reqds.length = 0
    // A reference is weak again after the current turn of the event loop.
    await new Promise(resolve => { setImmediate(resolve) })
    collect()
    expect(buffers.map(buffer => buffer.deref())).toEqual([undefined])
  })
})
