/**
 * The syntax of text that this side sends in a head: field names, field values, a reason phrase.
 *
 * Strategy: one expression for each rule, tested on the whole text. The parser checks bytes of the peer by the tables
 * of wire/grammar.ts; a spec compares the two.
 */

/** `token`, with `\w` for its letters, digits and `_`. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

/** `field-vchar`, spaces and tabs: one byte each, so nothing above U+00FF. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Whether the text is a token, as a field name or the name of a subprotocol is. @see RFC 9110 §5.6.2 */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/**
 * Whether the text has no CR, LF, NUL or other control: the value of a field, or a reason phrase; '' is.
 *
 * @see RFC 9110 §5.5, RFC 9112 §4
 */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text)
}
