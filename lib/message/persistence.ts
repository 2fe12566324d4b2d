/**
 * What a request's fields say about its connection: whether it goes on, whether it becomes another protocol, and
 * whether the client waits for leave to send the body.
 */
import type { Request } from './request.js'
import { listIncludes, listMembers } from './list-value.js'
import { Version } from './version.js'

function isBeforeHttp11(request: Request): boolean {
  return request.version !== Version.HTTP_1_1 && request.version.compare(Version.HTTP_1_1) < 0
}

/**
 * Whether the connection may serve another request after this one, as far as the client decides that: in HTTP/1.1
 * unless Connection has `close`, in HTTP/1.0 only if it has `keep-alive` and not `close`.
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
 * Whether the client offers to go on in another protocol: Upgrade, with `upgrade` in Connection, and not in HTTP/1.0.
 *
 * @see RFC 9110 §7.8
 */
export function isUpgradeRequest(request: Request): boolean {
  const { headers } = request
  return headers.mem('Upgrade') && !isBeforeHttp11(request) && listIncludes(headers, 'Connection', 'upgrade')
}

/**
 * What the client expects before it sends the body: `'continue'` for `100-continue`, `'unknown'` if there is anything
 * else in Expect, and always `'none'` in HTTP/1.0.
 *
 * @see RFC 9110 §10.1.1
 */
export function expectation(request: Request): 'none' | 'continue' | 'unknown' {
  if (!request.headers.mem('Expect') || isBeforeHttp11(request)) return 'none'
  const members = listMembers(request.headers, 'Expect')
  if (members.length === 0) return 'none'
  return members.every(member => member === '100-continue') ? 'continue' : 'unknown'
}
