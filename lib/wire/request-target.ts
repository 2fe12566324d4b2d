/**
 * The four forms of a request target (RFC 9112 §3.2): which form a method may use, and the authority of an absolute
 * form.
 *
 * Strategy: nearly all targets begin with `/`, which one comparison decides; the request line has checked their
 * characters. Regular expressions handle the rare forms. A target is only classified here, never decoded.
 */
import { isValidHost } from '../message/host.js'
import { COLON, SLASH } from './grammar.js'

/**
 * scheme "://" authority, then a path, a query or nothing (RFC 3986 §3). The schemes are those that an HTTP server
 * answers for (RFC 9110 §4.2): a request for `javascript://a/` or `file://a/` would give the application a URL whose
 * meaning the client chose.
 */
const ABSOLUTE_FORM = /^(https?):\/\/([^/?]*)/i

/** authority-form: uri-host ":" port, neither of them empty. @see RFC 9112 §3.2.3 */
const AUTHORITY_FORM = /^.+:([0-9]+)$/

const MAX_PORT = 65535

/**
 * Whether the target has a form that the method allows: origin-form and absolute-form for all but CONNECT,
 * authority-form for CONNECT only, `*` for OPTIONS only. `isPath`: the target begins with a slash.
 */
export function isValidTarget(method: string, target: string, isPath = target.charCodeAt(0) === SLASH): boolean {
  if (method === 'CONNECT') return isTunnelTarget(target)
  if (isPath) return true
  if (target === '*') return method === 'OPTIONS'
  const authority = absoluteAuthority(target)
  return authority !== null && hasHost(authority) && isValidHost(authority)
}

/** RFC 9110 §9.3.6: a target without a valid port is refused. */
function isTunnelTarget(target: string): boolean {
  const match = AUTHORITY_FORM.exec(target)
  return match !== null && Number(match[1]) <= MAX_PORT && isValidHost(target)
}

/** RFC 9110 §4.2.1: a URI with an empty host is invalid. */
function hasHost(authority: string): boolean {
  return authority !== '' && authority.charCodeAt(0) !== COLON
}

/** The authority of an absolute-form target, or null where the target has another form. */
export function absoluteAuthority(target: string): string | null {
  const match = ABSOLUTE_FORM.exec(target)
  return match === null ? null : match[2]
}

/** The scheme of an absolute-form target in lower case, `http` or `https`; null where the target has another form. */
export function absoluteScheme(target: string): string | null {
  const match = ABSOLUTE_FORM.exec(target)
  return match === null ? null : match[1].toLowerCase()
}
