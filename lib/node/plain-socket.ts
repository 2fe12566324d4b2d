/**
 * Tells the operating system's own sockets (TCP and Unix), whose writes can complete at once, from TLS sockets and
 * other streams, whose writes always call back.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Returns the socket if it is one of the operating system, else null. */
export function plainSocket(socket: Duplex): Socket | null {
  return socket instanceof Socket && (socket as { encrypted?: boolean }).encrypted !== true ? socket : null
}
