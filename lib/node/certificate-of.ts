/**
 * The certificate of the client behind a TLS socket.
 */
import type { Duplex } from 'node:stream'
import { TLSSocket, type PeerCertificate as NodeCertificate } from 'node:tls'
import type { PeerCertificate } from '../runtime/peer-certificate.js'

/** The certificate that the peer showed; null where it showed none, the socket is closed or without TLS. */
export function certificateOf(socket: Duplex): PeerCertificate | null {
  if (!(socket instanceof TLSSocket)) return null
  const certificate = socket.getPeerCertificate() as NodeCertificate | null
  // Node gives an empty object where there is none, and null when the socket is closed.
  if (certificate?.raw === undefined) return null
  const { authorized: isAuthorized, authorizationError } = socket
  return { ...certificate, isAuthorized, authorizationError: isAuthorized ? '' : String(authorizationError) }
}
