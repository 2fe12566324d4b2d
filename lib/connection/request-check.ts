/**
 * The checks of a request's head that need all of it, and the choice of the decoder of its body.
 *
 * Strategy: the parser checks each line by its grammar; here stand the rules about fields together (Host, framing,
 * Expect, scheme). A request that breaks one is refused before a handler sees it.
 */
import type { RemoteErrorCode } from '../errors.js'
import type { BodyLength } from '../message/body-length.js'
import { hostFault } from '../message/host.js'
import type { Request } from '../message/request.js'
import type { BodyDecoder } from '../wire/body-decoder.js'
import { ChunkedDecoder } from '../wire/chunked-decoder.js'
import { FixedDecoder } from '../wire/fixed-decoder.js'
import { SLASH } from '../wire/grammar.js'
import { absoluteScheme } from '../wire/request-target.js'
import type { Config } from './config.js'

/**
 * The fault for which the request is refused before it reaches a handler, or null: RFC 9112 §3.2 (Host), §6.3
 * (framing), RFC 9110 §10.1.1 (Expect), §7.4 (scheme).
 *
 * @internal
 */
export function requestFault(
  request: Request, length: BodyLength, expected: string, config: Config,
): RemoteErrorCode | null {
  const fault = hostFault(request)
  if (fault !== null) return fault
  if (length.type === 'error') return length.code
  if (expected === 'unknown') return 'expectationFailed'
  return isMisdirected(request.target, config) ? 'misdirected' : null
}

/** RFC 9110 §7.4: whether the target's scheme differs from the connection's. Only an absolute-form has a scheme. */
function isMisdirected(target: string, { scheme }: Config): boolean {
  if (target.charCodeAt(0) === SLASH || scheme === null) return false
  const named = absoluteScheme(target)
  return named !== null && named !== scheme
}

/** The decoder of a body of this length, or null if there is no body. @internal */
export function decoderOf(length: BodyLength, config: Config): BodyDecoder | null {
  if (length.type !== 'fixed') return new ChunkedDecoder(config.maxHeaderSize, config.maxHeadersCount)
  return length.length === 0 ? null : new FixedDecoder(length.length)
}
