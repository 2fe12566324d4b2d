/**
 * Bytes that are lent for the length of one call.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { endLoan, lend } from '../../lib/buffer/loan.js'

const bytesOf = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

describe('a loan', () => {
  it('has the bytes, and is empty when it has ended', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const loan = lend(bytes)
    expect(loan).toEqual(bytes)
    expect(loan.buffer).not.toBe(bytes.buffer)
    endLoan(loan)
    expect(loan).toHaveLength(0)
    expect(loan.buffer.byteLength).toBe(0)
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('shows in its memory nothing of earlier loans', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 8 }), lengths => {
      for (const length of lengths) {
        const loan = lend(bytesOf(length, 7))
        const memory = new Uint8Array(loan.buffer)
        expect(memory.subarray(0, length).every(byte => byte === 7)).toBe(true)
        expect(memory.subarray(length).every(byte => byte === 0)).toBe(true)
        endLoan(loan)
      }
    }), { numRuns: 50 })
  })

  it('has an array of its own within another', () => {
    const outer = lend(bytesOf(10, 1))
    const inner = lend(bytesOf(20, 2))
    expect(inner.buffer).not.toBe(outer.buffer)
    endLoan(inner)
    expect(outer).toEqual(bytesOf(10, 1))
    endLoan(outer)
    expect(outer).toHaveLength(0)
  })

  it('is kept by a receiver that transfers it', () => {
    const loan = lend(bytesOf(10, 1))
    const kept = structuredClone(loan, { transfer: [loan.buffer as ArrayBuffer] })
    endLoan(loan)
    const next = lend(bytesOf(10, 2))
    expect(kept).toEqual(bytesOf(10, 1))
    endLoan(next)
    expect(kept).toEqual(bytesOf(10, 1))
  })

  it('moves its memory where there is no `transfer`, too', () => {
    const loan = lend(bytesOf(10, 1))
    Object.defineProperty(loan.buffer, 'transfer', { value: undefined })
    endLoan(loan)
    expect(loan).toHaveLength(0)
  })
})
