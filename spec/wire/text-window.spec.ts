import { describe, expect, it } from '@jest/globals'
import { TextWindow } from '../../lib/wire/text-window.js'

const bytes = Uint8Array.from({ length: 40_000 }, (_, index) => index % 251)

/** What stands in the window from `at` on, as bytes. */
function seen(window: TextWindow, at: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => window.text.charCodeAt(at + index))
}

describe('a text window', () => {
  it('decodes some bytes from the offset on, and not all that there is', () => {
    const window = new TextWindow()
    const at = window.cover(bytes, 100, bytes.length)
    expect(seen(window, at, 3)).toEqual([100, 101, 102])
    expect(window.text.length).toBe(4096)
    expect([window.reaches(100 + 4096), window.reaches(100 + 4097)]).toEqual([true, false])
  })

  it('finds what it decoded already', () => {
    const window = new TextWindow()
    window.cover(bytes, 100, bytes.length)
    const { text } = window
    expect(seen(window, window.cover(bytes, 300, bytes.length), 1)).toEqual([300 % 251])
    expect(window.text).toBe(text)
    expect(window.textUpTo(350)).toBe(text.slice(0, 250))
    expect(window.textUpTo(bytes.length)).toBe(text)
  })

  it('decodes anew before and behind what it covers', () => {
    const window = new TextWindow()
    window.cover(bytes, 5000, 5010)
    expect(seen(window, window.cover(bytes, 4999, 5010), 1)).toEqual([4999 % 251])
    expect(seen(window, window.cover(bytes, 5010, 5020), 1)).toEqual([5010 % 251])
  })

  it('widens at least fourfold, so that a long head is decoded a few times only', () => {
    const window = new TextWindow()
    window.cover(bytes, 0, bytes.length)
    expect(window.widen(bytes, 0, bytes.length)).toBe(0)
    expect(window.text.length).toBe(4 * 4096)
    window.widen(bytes, 0, bytes.length)
    expect(window.text.length).toBe(bytes.length)
    expect(window.reaches(bytes.length)).toBe(true)
  })

  it('widens from where the head begins, however little of it was covered', () => {
    const window = new TextWindow()
    window.cover(bytes, 0, 4096)
    expect(window.widen(bytes, 4090, bytes.length)).toBe(0)
    expect(window.text.length).toBe(4096)
    expect(seen(window, 0, 1)).toEqual([4090 % 251])
  })

  it('does not trust bytes of an earlier read', () => {
    const window = new TextWindow()
    window.cover(new Uint8Array(50), 0, 50)
    window.release()
    expect(seen(window, window.cover(bytes, 10, 50), 1)).toEqual([10])
  })
})
