/**
 * A strict parser of a server's output, independent of the library: it knows which requests were sent, and frames each
 * response as RFC 9112 §6.3 requires of a client.
 */

/** The requests of a client. */
export interface Asked {
  readonly method: string
}

/** One response, as a client receives it. */
export interface Seen {
  readonly status: number
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
  /** Whether the whole body was received, as far as its framing tells. */
  readonly isComplete: boolean
}

const HEAD = /^HTTP\/1\.1 (\d{3}) ([\t\x20-\x7e\x80-\xff]*)\r\n((?:[!#$%&'*+.^_`|~\w-]+: [^\r\n\0]*\r\n)*)\r\n/

/** The final responses in the text, in order. Malformed text throws. The text may end within the last response. */
export function parseResponses(text: string, asked: readonly Asked[]): Seen[] {
  const seen: Seen[] = []
  let rest = text
  while (rest !== '') {
    const head = HEAD.exec(rest)
    if (head === null) {
      if (isBeginning(rest)) return seen
      throw new Error(`no response: ${JSON.stringify(rest.slice(0, 200))}`)
    }
    const status = Number(head[1])
    const fields = parseFields(head[3])
    const behind = rest.slice(head[0].length)
    if (status === 100) {
      rest = behind
      continue
    }
    const { body, isComplete, length } = parseBody(behind, bodyKind(status, fields, asked[seen.length]))
    seen.push({ status, fields, body, isComplete })
    if (status === 101) return seen
    rest = behind.slice(length)
  }
  return seen
}

/** Whether the text is a head that was cut off. */
function isBeginning(text: string): boolean {
  return !text.includes('\r\n\r\n') && 'HTTP/1.1 '.startsWith(text.slice(0, 9))
}

function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\r\n').slice(0, -1)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (fields.has(name)) throw new Error(`${name} twice`)
    fields.set(name, line.slice(colon + 2))
  }
  return fields
}

function bodyKind(status: number, fields: ReadonlyMap<string, string>, asked: Asked | undefined): string | number {
  const isTunnel = asked?.method === 'CONNECT' && status < 300
  if (asked?.method === 'HEAD' || isTunnel || status === 101 || status === 204 || status === 304) return 0
  const length = fields.get('content-length')
  const coding = fields.get('transfer-encoding')
  if (length !== undefined && coding !== undefined) throw new Error('both framings')
  if (coding !== undefined) return 'chunked'
  return length === undefined ? 'close' : Number(length)
}

interface ParsedBody {
  readonly body: string
  readonly isComplete: boolean
  /** Its length in characters, framing included. */
  readonly length: number
}

function parseBody(text: string, kind: string | number): ParsedBody {
  if (kind === 'chunked') return parseChunks(text)
  // It is close-delimited; only the connection knows whether it was cut.
  if (kind === 'close') return { body: text, isComplete: true, length: text.length }
  const body = text.slice(0, kind as number)
  return { body, isComplete: body.length === kind, length: body.length }
}

function parseChunks(text: string): ParsedBody {
  let body = ''
  let at = 0
  for (;;) {
    const size = /^([\da-f]+)\r\n/.exec(text.slice(at))
    if (size === null) return cutChunks(text, at, body)
    const length = parseInt(size[1], 16)
    const start = at + size[0].length
    if (length === 0) return parseTrailers(text, start, body)
    const data = text.slice(start, start + length)
    body += data
    at = start + length + 2
    if (text.length < at) return { body, isComplete: false, length: text.length }
    if (text.slice(at - 2, at) !== '\r\n') throw new Error('a chunk has no end')
  }
}

/** Text that is not a chunk must be the beginning of one. */
function cutChunks(text: string, at: number, body: string): ParsedBody {
  if (!/^[\da-f]*\r?$/.test(text.slice(at))) throw new Error(`no chunk: ${JSON.stringify(text.slice(at, at + 99))}`)
  return { body, isComplete: false, length: text.length }
}

function parseTrailers(text: string, start: number, body: string): ParsedBody {
  const trailers = /^(?:[\w-]+: [^\r\n\0]*\r\n)*\r\n/.exec(text.slice(start))
  if (trailers === null) return { body, isComplete: false, length: text.length }
  return { body, isComplete: true, length: start + trailers[0].length }
}
