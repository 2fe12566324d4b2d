/**
 * The Host field: `uri-host [ ":" port ]` (RFC 9112 §3.2, RFC 3986 §3.2.2). A proxy routes by it, so a value that two
 * parsers could read differently is refused.
 *
 * An IPv6 address has no zone here: `[fe80::1%25eth0]` and `[fe80::1%eth0]` are refused. RFC 3986 §3.2.2 decides, which
 * HTTP refers to (RFC 9110 §4.1) and which has none. RFC 6874 added one to URIs, is obsolete since RFC 9844, and said
 * itself that a zone, which means something on the client's machine only, is removed before the URI is sent.
 */
import type { RemoteErrorCode } from '../errors.js'
import type { Request } from './request.js'
import { Version } from './version.js'

/**
 * A name or an IPv4 address, and a port. The class is `unreserved` and `sub-delims`; it and `pct-encoded` start with
 * different characters, so the expression never backtracks. A loop over a table took twice the time.
 */
const NAME_AND_PORT = /^[\w.~!$&'()*+,;=-]*(?:%[\da-f]{2}[\w.~!$&'()*+,;=-]*)*(?::\d*)?$/i
const IP_LITERAL_AND_PORT = /^\[([^\]]*)\](?::\d*)?$/

const IPV_FUTURE = /^v[\da-f]+\.[\w.~!$&'()*+,;=:-]+$/i
const SIXTEEN_BITS = /^[\da-f]{1,4}$/i
const IPV4 = /^(?:(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!$)|$)){4}$/

/** The number of 16-bit pieces in a part of an IPv6 address, where an IPv4 address at the end makes two; -1 if bad. */
function countPieces(part: string, mayEndInIpv4: boolean): number {
  if (part === '') return 0
  const pieces = part.split(':')
  const hasIpv4 = mayEndInIpv4 && IPV4.test(pieces[pieces.length - 1])
  const numbers = hasIpv4 ? pieces.slice(0, -1) : pieces
  if (!numbers.every(piece => SIXTEEN_BITS.test(piece))) return -1
  return numbers.length + (hasIpv4 ? 2 : 0)
}

/** `IPv6address`: eight pieces, or fewer and one `::` that stands for at least one. @see RFC 3986 §3.2.2 */
function isIpv6(address: string): boolean {
  const halves = address.split('::')
  if (halves.length === 1) return countPieces(address, true) === 8
  if (halves.length > 2) return false
  const [before, after] = [countPieces(halves[0], false), countPieces(halves[1], true)]
  return before >= 0 && after >= 0 && before + after <= 7
}

function isIpLiteral(address: string): boolean {
  return isIpv6(address) || IPV_FUTURE.test(address)
}

/**
 * Whether the value is a host (a name, an IPv4 address or an IP address in brackets), with or without a port. It may be
 * empty; it has no user information, blank or control. A port is any number of digits, even none.
 *
 * @see RFC 9112 §3.2
 * @internal
 */
export function isValidHost(value: string): boolean {
  return NAME_AND_PORT.test(value) || isIpLiteralAndPort(value)
}

function isIpLiteralAndPort(value: string): boolean {
  const literal = IP_LITERAL_AND_PORT.exec(value)
  return literal !== null && isIpLiteral(literal[1])
}

/**
 * The fault of a request's Host fields, or null: HTTP/1.1 requires exactly one, HTTP/1.0 allows one, and it must be
 * valid.
 *
 * @see RFC 9112 §3.2
 * @internal
 */
export function hostFault(request: Request): RemoteErrorCode | null {
  const { headers } = request
  if (headers.parsed?.hasPlainHost === true) return null
  const index = headers.indexOf('Host', 0)
  if (index < 0) return request.version.compare(Version.HTTP_1_1) < 0 ? null : 'badHost'
  const isOnly = headers.indexOf('Host', index + 1) < 0
  return isOnly && isValidHost(headers.valueAt(index)) ? null : 'badHost'
}
