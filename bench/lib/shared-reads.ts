/**
 * Reading into one buffer that all sockets share, as our own sockets do.
 */
import type { Socket } from 'node:net'
import { internal } from './internals.js'

interface Read {
  readonly bytes: Uint8Array
  readonly length: number
}

interface ReusedBufferModule {
  readonly ReusedBuffer: {
    attach(socket: Socket, receiver: { receive(received: Read): void }): object | null
  }
}

const { ReusedBuffer } = await internal<ReusedBufferModule>('node/reused-buffer')

/** Reads the socket, which must be paused. The bytes passed to `receive` change when it returns. */
export function readShared(socket: Socket, receive: (bytes: Uint8Array) => void): void {
  const reads = ReusedBuffer.attach(socket, { receive: ({ bytes, length }) => { receive(bytes.subarray(0, length)) } })
  if (reads === null) throw new Error('this Node has no shared reads')
  socket.resume()
}
