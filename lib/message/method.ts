/**
 * Request methods and their registered properties.
 */

/** A method that RFC 9110 §9.3 defines, or PATCH (RFC 5789). */
export type StandardMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'CONNECT' | 'OPTIONS' | 'TRACE' | 'PATCH'

/** A request method: any token, case-sensitive. The intersection keeps the standard names in completion lists. */
export type Method = StandardMethod | (string & {})

const STANDARD: readonly StandardMethod[] = Object.freeze([
  'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH',
] as const)

function isStandard(method: Method): method is StandardMethod {
  return (STANDARD as readonly Method[]).includes(method)
}

function isSafe(method: Method): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
}

function isIdempotent(method: Method): boolean {
  return isSafe(method) || method === 'PUT' || method === 'DELETE'
}

function isCacheable(method: Method): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'POST'
}

/**
 * The properties of methods. Names are case-sensitive. For a method that is not standard, every property is false.
 *
 * - `isSafe(m) ⇒ isIdempotent(m)`
 * - `isSafe(m) ∨ isIdempotent(m) ∨ isCacheable(m) ⇒ isStandard(m)`
 */
export const Method = {
  /** The standard methods, in the order of RFC 9110 §9.1, then PATCH. */
  standard: STANDARD,
  /** Whether the method is one of {@link StandardMethod}. */
  isStandard,
  /** Whether the method asks for no change of state on the server. @see RFC 9110 §9.2.1 */
  isSafe,
  /** Whether many equal requests are meant to have the effect of one. @see RFC 9110 §9.2.2 */
  isIdempotent,
  /**
   * Whether a response to the method may be stored for later requests with that method. Not so for PATCH: RFC 5789 §2
   * lets its response be stored only for a later GET or HEAD.
   *
   * @see RFC 9110 §9.2.3
   */
  isCacheable,
} as const
