/**
 * One event as the text of an event stream (WHATWG HTML §9.2.6, "Interpreting an event stream").
 *
 * Strategy: values that the format cannot carry are refused, because the client would silently drop or change them: it
 * ignores an id with a NUL, and a line end within an id or a name would begin another field. Data is the one thing that
 * may have line ends: each of its lines becomes a field of its own, and the client joins them with LF. So CR LF and CR
 * arrive as LF.
 */
import { LocalProtocolError } from '../errors.js'

/** One event, or a field alone. Only the given fields are sent. */
export interface SseEvent {
  /**
   * The data: a string is sent as it is, any other value as JSON. An event without data is not dispatched; its id and
   * its retry still count.
   */
  readonly data?: unknown
  /** The type that the client listens to: `message` unless given. */
  readonly event?: string
  /** The client sends it as `Last-Event-ID` when it reconnects; '' makes it forget the last one. */
  readonly id?: string
  /** How long the client waits before it reconnects, in whole milliseconds. */
  readonly retry?: number
}

/** A line end of the format: a CR LF, a CR or a LF (WHATWG HTML §9.2.5). A field has none in its value. */
export const LINE_END = /\r\n|\r|\n/

/**
 * Returns the event as it is sent, with the empty line that ends it. A string is the data of a `message`.
 *
 * @throws {@link LocalProtocolError} badField: an id or a name that the format cannot carry, or data that is no JSON;
 * badRange: `retry` is not a whole number of milliseconds
 */
export function formatEvent(event: SseEvent | string): string {
  if (typeof event === 'string') return `${dataField(event)}\n`
  const { event: name, id, retry, data } = event
  let text = ''
  if (name !== undefined) text += `event: ${checked('event', name, /[\r\n]/)}\n`
  if (id !== undefined) text += `id: ${checked('id', id, /[\r\n\0]/)}\n`
  if (retry !== undefined) text += retryField(retry)
  if (data !== undefined) text += dataField(typeof data === 'string' ? data : json(data))
  return `${text}\n`
}

// The space behind the colon is always there: the client takes one off, and the value may begin with one of its own.
function dataField(data: string): string {
  if (!LINE_END.test(data)) return `data: ${data}\n`
  return data.split(LINE_END).map(line => `data: ${line}\n`).join('')
}

function retryField(retry: number): string {
  if (Number.isSafeInteger(retry) && retry >= 0) return `retry: ${retry}\n`
  throw new LocalProtocolError('badRange', `retry must be a whole number of milliseconds, not ${retry}`)
}

function checked(field: string, value: string, forbidden: RegExp): string {
  if (!forbidden.test(value)) return value
  throw new LocalProtocolError('badField', `${field} must not contain ${JSON.stringify(forbidden.exec(value)?.[0])}`)
}

function json(data: unknown): string {
  const text = serialized(data)
  if (text !== undefined) return text
  throw new LocalProtocolError('badField', `data must be a string or JSON, not a ${typeof data}`)
}

/** Returns the value as JSON; undefined for functions and symbols, which the type of `stringify` omits. */
function serialized(data: unknown): string | undefined {
  try {
    return JSON.stringify(data)
  } catch (cause) {
    throw new LocalProtocolError('badField', 'data must be a string or JSON: it cannot be serialized', cause)
  }
}
