/**
 * The window of text through which parsers read bytes.
 */
import { describe, expect, it } from '@jest/globals'
import { TextWindow } from '../../lib/wire/text-window.js'

const bytes = Uint8Array.from({ length: 40_000 }, (_, index) => index % 251)

/** The part of the text for the bytes from `off` on, as bytes. */
function seen(window: TextWindow, base: number, off: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => window.text.charCodeAt(off - base + index))
}

describe('a text window', () => {
  it('decodes 4 KiB from its anchor, not the whole input', () => {
    const window = new TextWindow()
    expect(window.anchor(100)).toBe(100)
    window.cover(bytes, 150, bytes.length)
    expect(seen(window, 100, 100, 3)).toEqual([100, 101, 102])
    expect(window.text.length).toBe(4096)
  })

  it('serves further heads from the decoded text', () => {
    const window = new TextWindow()
    window.anchor(100)
    window.cover(bytes, 150, bytes.length)
    const { text } = window
    expect(window.anchor(300)).toBe(100)
    window.cover(bytes, 4196, bytes.length)
    expect(window.text).toBe(text)
    expect(seen(window, 100, 300, 1)).toEqual([300 % 251])
  })

  it('decodes again from the same anchor if more is needed', () => {
    const window = new TextWindow()
    window.anchor(100)
    window.cover(bytes, 150, bytes.length)
    window.anchor(4000)
    window.cover(bytes, 20_000, bytes.length)
    expect(seen(window, 100, 19_999, 1)).toEqual([19_999 % 251])
    expect(window.text.length).toBe(19_900)
  })

  it('moves to an anchor before or after the text that it covers', () => {
    const window = new TextWindow()
    window.anchor(5000)
    window.cover(bytes, 5010, 5010)
    expect(window.text.length).toBe(10)
    expect(window.anchor(5010)).toBe(5010)
    window.cover(bytes, 5020, 5020)
    expect(window.anchor(4999)).toBe(4999)
    window.cover(bytes, 5000, 5000)
    expect(seen(window, 4999, 4999, 1)).toEqual([4999 % 251])
  })

  it('drops its text when it is released', () => {
    const window = new TextWindow()
    window.anchor(0)
    window.cover(new Uint8Array(50), 50, 50)
    window.release()
    expect(window.anchor(10)).toBe(10)
    window.cover(bytes, 11, 50)
    expect(seen(window, 10, 10, 1)).toEqual([10])
  })
})
