/**
 * Reads the peer's certificate of a TLS socket.
 */
import type { Duplex } from 'node:stream'
import { TLSSocket, type PeerCertificate as NodeCertificate } from 'node:tls'
import type { PeerCertificate } from '../runtime/peer-certificate.js'

/** Returns the peer's certificate; null if it presented none, or if the socket is closed or has no TLS. */
export function certificateOf(socket: Duplex): PeerCertificate | null {
  if (!(socket instanceof TLSSocket)) return null
  const certificate = socket.getPeerCertificate() as NodeCertificate | null
  // Node returns an empty object if there is none, and null after the socket is closed.
  if (certificate?.raw === undefined) return null
  const { authorized: isAuthorized, authorizationError } = socket
  return { ...certificate, isAuthorized, authorizationError: isAuthorized ? '' : String(authorizationError) }
}
