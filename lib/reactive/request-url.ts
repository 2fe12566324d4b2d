/**
 * Converts the target of a request to a URL.
 *
 * Strategy: scheme, authority and target are joined as text and parsed once, because resolving a path that begins with
 * `//` against a base would take its first segment for a host.
 */
import { RemoteProtocolError } from '../errors.js'
import type { Request } from '../message/request.js'
import { absoluteAuthority } from '../wire/request-target.js'

/**
 * Returns the target URI (RFC 9112 §3.3).
 *
 * @throws {@link RemoteProtocolError} badTarget: not a URL
 */
export function urlOf(request: Request, scheme: string): URL {
  const { target } = request
  if (absoluteAuthority(target) !== null) return parseUrl(target)
  const host = request.headers.get('Host') ?? ''
  const origin = `${scheme}://${host === '' ? 'localhost' : host}`
  if (target.startsWith('/')) return parseUrl(origin + target)
  return parseUrl(request.method === 'CONNECT' ? `${scheme}://${target}` : origin)
}

function parseUrl(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new RemoteProtocolError('badTarget')
  }
}
