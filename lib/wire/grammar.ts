/**
 * The character classes of HTTP as tables of 256 entries, one for each rule of the grammar. A byte or latin-1 character
 * indexes the table; anything but 0 means that it belongs.
 */
export { isBlank } from '../message/text.js'

function table(belongs: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (belongs(code) ? 1 : 0))
}

function oneOf(characters: string): (code: number) => boolean {
  return code => characters.includes(String.fromCharCode(code))
}

const isAlphaOrDigit = (code: number): boolean => /[0-9A-Za-z]/.test(String.fromCharCode(code))
const isHostMark = oneOf("-._~!$&'()*+,;=")
const isTokenMark = oneOf("!#$%&'*+-.^_`|~")

/** The characters of a text as bytes, to compare bytes of a message with. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

/** `tchar`: the characters of methods, field names and transfer codings. @see RFC 9110 §5.6.2 */
export const TOKEN = table(code => isAlphaOrDigit(code) || isTokenMark(code))

/** `field-vchar`, space and tab: the characters of field values. @see RFC 9110 §5.5 */
export const FIELD_VALUE = table(code => code === 0x09 || (code >= 0x20 && code !== 0x7f))

/**
 * The characters of a request target before its query. RFC 3986 allows less: no `" < > { } | ^` and backtick. But
 * clients send those as they are (browsers send `|` in paths, older ones `^` too, and all but `" < >` in queries),
 * nginx and haproxy pass them on, and the parser of URLs (WHATWG) keeps or percent-encodes them: none moves a boundary.
 *
 * Two do, and so have no place here. `#` begins a fragment, which is never sent. `\` is a `/` to the URL parser of
 * browsers and of Node (WHATWG) and a plain character to nginx, haproxy and Varnish: `/x\..\admin` would pass a rule
 * about paths as it is and reach the handler as `/admin`. No browser sends it there.
 *
 * @see RFC 9112 §3.2
 */
export const TARGET = table(code => code > 0x20 && code < 0x7f && code !== 0x23 && code !== 0x5c)

/** The characters of a query: also `\`, which has no special meaning there, and which browsers send. */
export const QUERY = table(code => TARGET[code] === 1 || code === 0x5c)

/** `qdtext`: the characters allowed between quotes without a backslash. @see RFC 9110 §5.6.4 */
export const QUOTED_TEXT = table(code => FIELD_VALUE[code] === 1 && code !== 0x22 && code !== 0x5c)

/** `unreserved` and `sub-delims`: the characters of a `reg-name` except `pct-encoded`. @see RFC 3986 §3.2.2 */
export const HOST_NAME = table(code => isAlphaOrDigit(code) || isHostMark(code))

/** The value in {@link HEX_VALUE} of a byte that is no hexadecimal digit. */
export const NOT_HEX = 255

/** The value of each `HEXDIG`, {@link NOT_HEX} for other bytes: a table, because digit arithmetic hides mistakes. */
export const HEX_VALUE = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase())
  return digit < 0 ? NOT_HEX : digit
})

/** The characters that the scanners look for by name. */
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const DQUOTE = 0x22
export const SLASH = 0x2f
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const EQUALS = 0x3d
export const QUESTION_MARK = 0x3f
export const BACKSLASH = 0x5c
