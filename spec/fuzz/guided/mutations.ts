/**
 * Random changes of bytes: the same seed makes the same changes.
 */

/** Numbers from a seed (mulberry32). */
export class Draw {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** A whole number from 0 to `limit`, exclusive. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * limit)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }
}

/** Strings with a meaning to some HTTP parser. */
const WORDS = [
  '\r', '\n', '\r\n', '\0', ' ', '\t', ':', ';', ',', '"', '\\', '/', '?', '#', '%', '@', '*', '\x0b', '\x7f',
  '\x80', '\xff', '\r\n\r\n', '\r\n ', '0', '1', '00000000', 'ffffffff', '0x', '+1', '-1', '4294967296',
  '9007199254740993', '18446744073709551616', 'GET ', 'POST ', 'HEAD ', 'OPTIONS ', 'CONNECT ', 'PRI ', 'http://b',
  'https://b', ' HTTP/1.1', ' HTTP/1.0', ' HTTP/2.0', 'Host: a\r\n', 'Content-Length: 1\r\n',
  'Content-Length: 0\r\n', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: gzip, chunked\r\n',
  'Connection: close\r\n', 'Connection: keep-alive\r\n', 'Expect: 100-continue\r\n',
  'Connection: upgrade\r\nUpgrade: x\r\n', '0\r\n\r\n', '1\r\nx\r\n', ';a=b', ';a="b;\\""', 'X: y\r\n', 'chunked',
  'identity', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
]

/** The greatest length of inputs, which keeps an execution short. */
const MOST = 2000

/** The text with one to four changes, some of which insert parts of `others`. */
export function mutate(text: string, others: readonly string[], draw: Draw): string {
  let changed = text
  for (let n = 1 + draw.below(4); n > 0; n--) changed = change(changed, others, draw)
  return changed.slice(0, MOST)
}

function change(text: string, others: readonly string[], draw: Draw): string {
  const at = draw.below(text.length + 1)
  const end = Math.min(text.length, at + 1 + draw.below(draw.below(4) === 0 ? 200 : 8))
  const [before, part, behind] = [text.slice(0, at), text.slice(at, end), text.slice(end)]
  switch (draw.below(9)) {
    case 0: return before + behind
    case 1: return before + part + part + behind
    case 2: return before + String.fromCharCode(draw.below(256)) + text.slice(at + 1)
    case 3: return before + String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << draw.below(8))) + text.slice(at + 1)
    case 4: return splice(before, draw.pick(others), draw)
    case 5: return before + slicedFrom(draw.pick(others), draw) + text.slice(at)
    case 6: return before + draw.pick(WORDS) + behind
    default: return before + draw.pick(WORDS) + text.slice(at)
  }
}

function splice(before: string, other: string, draw: Draw): string {
  return before + other.slice(draw.below(other.length + 1))
}

function slicedFrom(other: string, draw: Draw): string {
  const from = draw.below(other.length + 1)
  return other.slice(from, from + draw.below(100))
}

/** The text without the parts that can be removed such that `isWanted` still holds. */
export async function minimized(text: string, isWanted: (text: string) => Promise<boolean>): Promise<string> {
  let best = text
  for (let size = Math.ceil(text.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length;) {
      const shorter = best.slice(0, at) + best.slice(at + size)
      if (await isWanted(shorter)) best = shorter
      else at += size
    }
  }
  return best
}
