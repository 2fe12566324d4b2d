/**
 * The input that was received and not consumed.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { UnreadInput } from '../../lib/runtime/unread-input.js'

function contentOf({ bytes, off, length }: UnreadInput): number[] {
  return [...bytes.subarray(off, off + length)]
}

/** Takes all input and puts back the bytes that a read of that many leaves. */
function consume(pending: UnreadInput, count: number): void {
  const { bytes, off, length } = pending.lift()
  pending.put(bytes, off + count, length - count)
}

const steps = fc.array(fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
))

describe('UnreadInput', () => {
  it('holds what was appended and not consumed, in order', () => {
    fc.assert(fc.property(steps, taken => {
      const pending = new UnreadInput()
      let model: number[] = []
      for (const step of taken) {
        if (typeof step === 'number') {
          const count = Math.floor(step * model.length)
          consume(pending, count)
          model = model.slice(count)
        } else {
          pending.append(step)
          model.push(...step)
        }
        expect(contentOf(pending)).toEqual(model)
        expect(pending.length).toBe(model.length)
      }
    }))
  })

  it('never changes bytes that were there, consumed or not', () => {
    const pending = new UnreadInput()
    pending.append(Uint8Array.of(1, 2, 3))
    const view = pending.bytes.subarray(0, 3)
    consume(pending, 2)
    for (let i = 0; i < 2000; i++) pending.append(Uint8Array.of(9))
    consume(pending, 2001)
    pending.append(Uint8Array.of(7))
    expect([...view]).toEqual([1, 2, 3])
    expect(contentOf(pending)).toEqual([7])
  })

  it('copies what is appended', () => {
    const pending = new UnreadInput()
    const lent = Uint8Array.of(1, 2, 3)
    pending.append(lent)
    lent.fill(0)
    expect(contentOf(pending)).toEqual([1, 2, 3])
  })

  it('holds no memory when it is empty', () => {
    const pending = new UnreadInput()
    pending.append(new Uint8Array(0))
    expect(pending.bytes).toHaveLength(0)
    pending.append(new Uint8Array(10_000))
    consume(pending, 10_000)
    expect(pending).toMatchObject({ off: 0, length: 0 })
    expect(pending.bytes).toHaveLength(0)
  })
})
