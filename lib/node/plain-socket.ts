/**
 * Which sockets are the operating system's own, TCP and Unix: what is written to them can be taken at once. TLS and
 * other streams never say so.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** The socket if it is one of the operating system, else null. */
export function plainSocket(socket: Duplex): Socket | null {
  return socket instanceof Socket && (socket as { encrypted?: boolean }).encrypted !== true ? socket : null
}
