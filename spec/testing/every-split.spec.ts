/**
 * `everySplit`: all splits, and the error for a split with another result.
 */
import { describe, expect, it } from '@jest/globals'
import { everySplit, SplitError } from '../../lib/testing/index.js'

function text(pieces: readonly Uint8Array[]): string {
  return pieces.map(piece => Buffer.from(piece).toString('latin1')).join('|')
}

describe('everySplit', () => {
  it('runs with the bytes whole, byte by byte, and split in two at every place', () => {
    const cuts: string[] = []
    everySplit('abcd', pieces => { cuts.push(text(pieces)) })
    expect(cuts).toEqual(['abcd', 'a|b|c|d', 'a|bcd', 'ab|cd', 'abc|d'])
  })

  it('gives each run its own copy of the bytes, and returns the result of the whole', () => {
    const result = everySplit(new Uint8Array([1, 2, 3]), pieces => {
      const sum = pieces.flatMap(piece => [...piece]).reduce((a, b) => a + b, 0)
      for (const piece of pieces) piece.fill(0)
      return { sum }
    })
    expect(result).toEqual({ sum: 6 })
  })

  it('treats an empty input as one piece', () => {
    expect(everySplit('', text)).toBe('')
  })

  it('names the split with a different result', () => {
    expect(() => everySplit('ab\r\ncd', pieces => pieces.map(piece => piece.indexOf(10)).filter(at => at >= 0).length))
      .not.toThrow()
    expect(() => everySplit('ab\r\ncd', pieces => text(pieces).includes('\r\n')))
      .toThrow(new SplitError('byte by byte, it is not what it is in one piece: expected true, received false'))
    expect(() => everySplit('ab\r\ncd', pieces => pieces.length !== 2 || text(pieces) !== 'ab\r|\ncd'))
      .toThrow('cut at 3 of 6 bytes, it is not what it is in one piece: expected true, received false')
  })

  it('names the split that throws, and why', () => {
    const run = (pieces: Uint8Array[]): void => { if (pieces.length === 2) throw new RangeError('too short') }
    expect(() => { everySplit('abc', run) }).toThrow('cut at 1 of 3 bytes: too short')
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    expect(() => { everySplit('abc', pieces => { if (pieces.length > 1) throw 'text' }) }).toThrow('byte by byte: text')
  })

  it('refuses promises, two of which are always equal', () => {
    expect(() => everySplit('abc', () => Promise.resolve(1))).toThrow(TypeError)
  })
})
