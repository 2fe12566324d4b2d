/**
 * Serializes fields: `name ":" SP value CRLF`, each checked so that no value can start a line of its own (response
 * splitting, RFC 9112 §11.1).
 *
 * Strategy: a `Headers` value never changes, so its text is made and checked once and kept with it. A handler that
 * answers with the same `Headers` each time pays for a property read.
 */
import { LocalProtocolError, REMOTE_FAULTS } from '../errors.js'
import { isFieldValue, isToken } from '../field-syntax.js'
import { announcedLength } from '../message/body-length.js'
import { givenHeaders } from '../message/given-headers.js'
import type { Headers } from '../message/headers.js'
import { listIncludes } from '../message/list-value.js'

/** The framing that a field list announces. */
interface FramingFields {
  /** The value of Content-Length, or -1 where there is none. */
  readonly contentLength: number
  /** Whether there is a Transfer-Encoding; its last coding is chunked then. */
  readonly isChunked: boolean
  /** Whether Connection contains `close`. */
  readonly closes: boolean
  readonly hasConnection: boolean
  readonly hasDate: boolean
}

const NO_FRAMING: FramingFields = {
  contentLength: -1, isChunked: false, closes: false, hasConnection: false, hasDate: false,
}

/** The text of a field list, and what it says about framing. */
export class SerializedFields implements FramingFields {
  readonly text: string
  readonly contentLength: number
  readonly isChunked: boolean
  readonly closes: boolean
  readonly hasConnection: boolean
  readonly hasDate: boolean
  /** The last head with these fields, which may serve again: see response-head.ts. */
  kept: object | null

  constructor(text: string, framing: FramingFields) {
    this.text = text
    this.contentLength = framing.contentLength
    this.isChunked = framing.isChunked
    this.closes = framing.closes
    this.hasConnection = framing.hasConnection
    this.hasDate = framing.hasDate
    this.kept = null
  }
}

/**
 * The fields as text, checked.
 *
 * @throws {@link LocalProtocolError} badField: a name is not a token, or a value has CR, LF, NUL, another control
 *   character or one above U+00FF
 * @throws {@link TypeError} not Headers
 * @throws {@link LocalProtocolError} badFraming: an invalid Content-Length or Transfer-Encoding
 */
export function serializeFields(headers: Headers): SerializedFields {
  if (headers.serialized instanceof SerializedFields) return headers.serialized
  const serialized = serialize(headers)
  headers.serialized = serialized
  return serialized
}

function serialize(headers: Headers): SerializedFields {
  let text = ''
  let framing = 0
  givenHeaders(headers).iter((name, value) => {
    text += fieldLine(name, value)
    if (isFramingLength(name.length)) framing++
  })
  return new SerializedFields(text, framing > 0 ? framingOf(headers) : NO_FRAMING)
}

/** Whether Date, Connection, Content-Length or Transfer-Encoding could have a name of this length. */
function isFramingLength(length: number): boolean {
  return length === 4 || length === 10 || length === 14 || length === 17
}

function framingOf(headers: Headers): FramingFields {
  const length = announcedLength(headers)
  if (length.type === 'error') throw new LocalProtocolError('badFraming', REMOTE_FAULTS[length.code][2])
  return {
    contentLength: length.type === 'fixed' ? length.length : -1,
    isChunked: length.type === 'chunked',
    closes: listIncludes(headers, 'Connection', 'close'),
    hasConnection: headers.mem('Connection'),
    hasDate: headers.mem('Date'),
  }
}

function fieldLine(name: string, value: string): string {
  if (!isToken(name)) throw new LocalProtocolError('badField', `${JSON.stringify(name)} is not a field name`)
  if (!isFieldValue(value)) {
    throw new LocalProtocolError('badField', `the value of ${name} has a character that no field value has`)
  }
  return `${name}: ${value}\r\n`
}
