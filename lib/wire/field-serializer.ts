import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { listIncludes } from '../message/list-value.js'
import { TOKEN } from './grammar.js'

/**
 * Fields, written: `name ":" SP value CRLF`, each checked so that no value can start a line of its own (response splitting,
 * RFC 9112 §11.1).
 *
 * Strategy: a `Headers` value never changes, so its text is made and checked once and kept with it. A handler that answers
 * with the same `Headers` each time pays for a property read.
 */

/** The text of a field list, and what it says about framing. */
export interface SerializedFields {
  readonly text: string
  /** The value of Content-Length, or -1 where there is none. */
  readonly contentLength: number
  /** Whether there is a Transfer-Encoding; its last coding is chunked then. */
  readonly isChunked: boolean
  /** Whether `close` stands in Connection. */
  readonly closes: boolean
  readonly hasConnection: boolean
  readonly hasDate: boolean
}

/** RFC 9110 §5.5: a field value has visible characters, spaces and tabs; one byte each, so nothing above U+00FF. */
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/**
 * The fields as text, checked.
 *
 * @throws {@link LocalProtocolError} badField: a name is not a token, or a value has CR, LF, NUL, another control character
 *   or one above U+00FF
 * @throws {@link LocalProtocolError} badFraming: Content-Length or Transfer-Encoding make no sense
 */
export function serializeFields(headers: Headers): SerializedFields {
  const cached = headers.serialized as SerializedFields | null
  if (cached !== null) return cached
  const serialized = serialize(headers)
  headers.serialized = serialized
  return serialized
}

function serialize(headers: Headers): SerializedFields {
  let text = ''
  headers.iter((name, value) => { text += fieldLine(name, value) })
  return {
    text,
    contentLength: contentLength(headers),
    isChunked: isChunked(headers),
    closes: listIncludes(headers, 'connection', 'close'),
    hasConnection: headers.mem('connection'),
    hasDate: headers.mem('date'),
  }
}

function fieldLine(name: string, value: string): string {
  if (!isToken(name)) throw new LocalProtocolError('badField', `${JSON.stringify(name)} is not a field name`)
  if (FORBIDDEN_IN_VALUE.test(value)) {
    throw new LocalProtocolError('badField', `the value of ${name} has a character that no field value has`)
  }
  return `${name}: ${value}\r\n`
}

function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] !== 1) return false
  return text.length > 0
}

function contentLength(headers: Headers): number {
  const values = headers.getMulti('content-length')
  if (values.length === 0) return -1
  const length = Number(values[0])
  const isOne = values.length === 1 && /^[0-9]+$/.test(values[0]!) && Number.isSafeInteger(length)
  if (!isOne) throw new LocalProtocolError('badFraming', 'Content-Length is not one decimal number')
  return length
}

function isChunked(headers: Headers): boolean {
  const codings = headers.getMulti('transfer-encoding').join(',').toLowerCase()
  if (codings === '') return false
  if (/(?:^|,)[ \t]*chunked[ \t]*$/.test(codings)) return true
  throw new LocalProtocolError('badFraming', 'the last transfer coding is not chunked')
}
