/**
 * Comparing parts of the text of a head, and copying them out of it.
 */

/**
 * ASCII letters in lower case, everything else as it is. `undefined` beyond latin-1, see {@link isSameText}.
 *
 * A table, because `toLowerCase` on slices makes two strings for each comparison.
 */
const LOWER_CASE = Uint8Array.from({ length: 256 }, (_, code) => (code >= 0x41 && code <= 0x5a ? code + 0x20 : code))

/**
 * Whether `text` contains `other` at `start`, except for the case of ASCII letters. The caller has compared the
 * lengths.
 *
 * An exact match, the common spelling, is tried first: 10 ns for `Connection`, where the loop takes 40.
 *
 * @see RFC 9110 §5.1
 * @internal
 */
export function isSameText(text: string, start: number, other: string): boolean {
  if (text.startsWith(other, start)) return true
  for (let i = 0; i < other.length; i++) {
    const code = text.charCodeAt(start + i)
    const otherCode = other.charCodeAt(i)
    if (code === otherCode) continue
    // Two different characters beyond the table would both be undefined.
    if (code > 0xff || LOWER_CASE[code] !== LOWER_CASE[otherCode]) return false
  }
  return true
}

/**
 * Whether two texts are equal except for the case of ASCII letters.
 *
 * @internal
 */
export function equalsIgnoringCase(text: string, other: string): boolean {
  return text.length === other.length && isSameText(text, 0, other)
}

// A slice of up to 12 characters is a copy in V8 anyway; a slice of a short text keeps little alive.
const ALWAYS_COPIED = 12
const SHORT_TEXT = 1024

/**
 * The part of `text` from `start` to `end`, as a string that does not keep a long `text` alive.
 *
 * A plain slice does: 20,000 kept values of 30 characters from heads of 8 KiB held 165 MB; copied here, they hold 1.8
 * MB. The engine copies a joined string before it slices it. That costs 60 ns, where a plain slice costs 6.
 *
 * @internal
 */
export function cutText(text: string, start: number, end: number): string {
  const part = text.substring(start, end)
  return part.length <= ALWAYS_COPIED || text.length <= SHORT_TEXT ? part : (' ' + part).slice(1)
}

/**
 * Whether the character code is a space or a tab, as in `OWS` and `BWS`.
 *
 * @see RFC 9110 §5.6.3
 * @internal
 */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/**
 * Where the blanks end that begin at `at`, at most at `end`.
 *
 * @internal
 */
export function skipBlanks(text: string, at: number, end: number): number {
  let p = at
  while (p < end && isBlank(text.charCodeAt(p))) p++
  return p
}

/**
 * Where the blanks begin that end at `at`, at least at `start`.
 *
 * @internal
 */
export function skipBlanksBack(text: string, at: number, start: number): number {
  let p = at
  while (p > start && isBlank(text.charCodeAt(p - 1))) p--
  return p
}
