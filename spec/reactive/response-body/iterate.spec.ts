/**
 * The size of the writes from a pulled source to a client that keeps up with it.
 */
import { describe, expect, it } from '@jest/globals'
import { Stage } from '../../helpers/fake-transport.js'
import { get } from '../../helpers/runtime.js'

describe('a client that keeps up with a pulled source', () => {
  const CHUNK = new Uint8Array(5_000)
  const FRAMED = CHUNK.length + '1388\r\n\r\n'.length
  /** The bytes that must be taken at once before the client counts as keeping up. */
  const MUCH = 8 * 2 ** 20

  /** An endless download of which the client took `count` bytes as fast as they came. */
  function download(count: number, highWaterMark: number): Stage {
    const stage = Stage.open(() => ({ body: (function* () { for (;;) yield CHUNK })(), highWaterMark }))
    stage.receive(get('/'))
    while (stage.text.length < count) stage.turn()
    return stage
  }

  /** The mean size of the writes in the next turn. */
  function nextWrites(stage: Stage): number {
    const { transport } = stage
    const { writes, text } = transport
    stage.turn()
    return (transport.text.length - text.length) / (transport.writes - writes)
  }

  it.each([
    [1_000, 16_000],
    [16_384, 262_144],
    [200_000, 262_144],
  ])('receives larger writes: with a high-water mark of %i bytes, up to %i', (highWaterMark, atOnce) => {
    const usual = nextWrites(download(MUCH / 2, highWaterMark))
    expect(usual).toBeLessThanOrEqual(highWaterMark + FRAMED)
    const writes = nextWrites(download(MUCH + 262_144, highWaterMark))
    expect(writes).toBeGreaterThan(Math.max(usual, 0.8 * atOnce))
    expect(writes).toBeLessThanOrEqual(atOnce + FRAMED)
  })

  it('makes the server hold one such write at most when it stops reading', () => {
    const stage = download(MUCH + 262_144, 16_384)
    stage.transport.capacity = 0
    stage.turn()
    expect(stage.heldBytes).toBeGreaterThan(200_000)
    expect(stage.heldBytes).toBeLessThanOrEqual(262_144 + FRAMED)
  })

  it('receives small writes again after it was slow', () => {
    const stage = download(MUCH + 262_144, 16_384)
    stage.transport.capacity = 0
    stage.turn().take(Infinity)
    expect(nextWrites(stage)).toBeLessThanOrEqual(16_384 + FRAMED)
  })
})
