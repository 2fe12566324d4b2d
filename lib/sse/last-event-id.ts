/**
 * The position at which a client resumes an event stream.
 */
import type { Headers } from '../message/headers.js'

/**
 * Returns the id of the last event that the client got, as it was sent; null if it names none. It is input from the
 * client: check it.
 */
export function lastEventId(reqd: { readonly headers: Headers }): string | null {
  const value = reqd.headers.get('last-event-id')
  if (value === null || value === '') return null
  // The field carries UTF-8 (WHATWG HTML §9.2.3), and fields are read as latin-1: one character a byte.
  return new TextDecoder().decode(Uint8Array.from(value, character => character.charCodeAt(0)))
}
