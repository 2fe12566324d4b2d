/**
 * Reading into one buffer that all sockets share, as our own sockets do.
 */
import type { Socket } from 'node:net'
import { internal } from './internals.js'

interface ReusedBufferModule {
  readonly ReusedBuffer: {
    attach(socket: Socket, receiver: { receive(bytes: Uint8Array, isOwned: boolean): void }): object | null
  }
}

const { ReusedBuffer } = await internal<ReusedBufferModule>('node/reused-buffer')

/** Reads the socket, which must be paused. What `receive` is given changes when it returns. */
export function readShared(socket: Socket, receive: (bytes: Uint8Array) => void): void {
  if (ReusedBuffer.attach(socket, { receive }) === null) throw new Error('this Node has no shared reads')
  socket.resume()
}
