import { isValidHost } from '../message/host.js'

/**
 * The four forms of a request target (RFC 9112 §3.2): which form a method may use, and the authority of an absolute form.
 */

/** scheme "://" authority, then a path, a query or nothing. @see RFC 3986 §3 */
const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?]*)/

/** authority-form: uri-host ":" port, the port not empty. @see RFC 9112 §3.2.3 */
const AUTHORITY_FORM = /^.+:[0-9]+$/

/**
 * Whether the target has a form that the method allows: origin-form and absolute-form for all but CONNECT, authority-form
 * for CONNECT only, `*` for OPTIONS only.
 */
export function isValidTarget(method: string, target: string): boolean {
  if (method === 'CONNECT') return AUTHORITY_FORM.test(target) && isValidHost(target)
  if (target.charCodeAt(0) === 0x2f) return true
  if (target === '*') return method === 'OPTIONS'
  const authority = absoluteAuthority(target)
  return authority !== null && authority !== '' && isValidHost(authority)
}

/** The authority of an absolute-form target, or null where the target has another form. */
export function absoluteAuthority(target: string): string | null {
  const match = ABSOLUTE_FORM.exec(target)
  return match === null ? null : match[1]!
}
