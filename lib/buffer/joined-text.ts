/**
 * Concatenations that many queues share.
 *
 * Strategy: the last concatenation is kept. Queues with the same texts get the same string, which the engine flattens
 * once, when the first of them is written. The process shares one such pair, which is safe: strings are immutable, and
 * a pair that another queue has replaced only costs a concatenation.
 */

let front = ''
let back = ''
let both = ''

/** Returns the two texts as one. */
export function joined(before: string, text: string): string {
  if (text === back && before === front) return both
  front = before
  back = text
  both = before + text
  return both
}
