/**
 * A Node socket as the transport of the loops. It is read only on demand, so that a handler which does not read a body
 * slows its client down, and closed in stages, so that the client gets the last response (RFC 9112 §9.6).
 */
import type { Socket } from 'node:net'
import type { Transport } from './loops.js'

/** How long a client may keep sending after the last response, in milliseconds. */
const LINGER_MS = 2000

/** The transport of a socket. Socket and server need the option `allowHalfOpen`. */
export function socketTransport(socket: Socket): Transport {
  // The next read or write reports the error.
  socket.on('error', () => undefined)
  return {
    async read() {
      for (;;) {
        const bytes = socket.read() as Uint8Array | null
        if (bytes !== null) return bytes
        if (socket.errored !== null) throw socket.errored
        if (socket.readableEnded || socket.destroyed) return null
        await new Promise<void>(resolve => {
          const done = (): void => {
            for (const name of ['readable', 'end', 'close']) socket.off(name, done)
            resolve()
          }
          for (const name of ['readable', 'end', 'close']) socket.on(name, done)
        })
      }
    },
    write(parts) {
      return new Promise((resolve, reject) => {
        const bytes = Buffer.concat(parts)
        socket.write(bytes, error => { if (error) reject(error); else resolve(bytes.length) })
      })
    },
    end() {
      socket.end()
      socket.resume()
      setTimeout(() => { socket.destroy() }, LINGER_MS).unref()
    },
    reset() {
      // Only TCP can reset: Node throws for TLS and Unix sockets.
      try { socket.resetAndDestroy() } catch { socket.destroy() }
    },
  }
}
