/**
 * The fields of a request that concern its connection: whether it stays open, whether it becomes another protocol, and
 * whether the client waits for `100 Continue` before it sends the body.
 */
import type { Request } from './request.js'
import { listIncludes, listMembers } from './list-value.js'
import { Version } from './version.js'

function isBeforeHttp11(request: Request): boolean {
  return request.version !== Version.HTTP_1_1 && request.version.compare(Version.HTTP_1_1) < 0
}

/**
 * Whether the client allows another request on the connection after this one: in HTTP/1.1 unless Connection has
 * `close`, in HTTP/1.0 only if it has `keep-alive` and not `close`.
 *
 * @see RFC 9112 §9.3
 */
export function requestIsPersistent(request: Request): boolean {
  const { headers } = request
  if (headers.parsed?.saysKeepAlive === true) return true
  if (listIncludes(headers, 'Connection', 'close')) return false
  return !isBeforeHttp11(request) || listIncludes(headers, 'Connection', 'keep-alive')
}

/**
 * Whether the client offers another protocol: Upgrade, with `upgrade` in Connection, and not in HTTP/1.0.
 *
 * @see RFC 9110 §7.8
 */
export function isUpgradeRequest(request: Request): boolean {
  const { headers } = request
  return headers.mem('Upgrade') && !isBeforeHttp11(request) && listIncludes(headers, 'Connection', 'upgrade')
}

/**
 * The client's expectation before it sends the body: `'continue'` for `100-continue`, `'unknown'` if Expect contains
 * anything else, and always `'none'` in HTTP/1.0.
 *
 * @see RFC 9110 §10.1.1
 */
export function expectation(request: Request): 'none' | 'continue' | 'unknown' {
  const { headers } = request
  if (headers.parsed?.saysNoBody === true || !headers.mem('Expect') || isBeforeHttp11(request)) return 'none'
  const members = listMembers(headers, 'Expect')
  if (members.length === 0) return 'none'
  return members.every(member => member === '100-continue') ? 'continue' : 'unknown'
}
