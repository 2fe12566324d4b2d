/**
 * Writes to a Node socket: to its handle if possible (direct-write.ts), else to its stream. A handle reports at once
 * that the kernel took a whole write, which is the common case; a callback would cost a turn of the tick queue each
 * time.
 */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Output, OutputTransport, WriteObserver } from '../runtime/transport.js'
import { directWriter, systemError, TAKEN, type DirectWriter, type WriteStatus } from './direct-write.js'
import { plainSocket } from './plain-socket.js'
import { nextTick } from './runtime.js'
import { StreamOutput } from './stream-output.js'

/** The output of one socket. Nobody else may write to it. */
export class SocketOutput implements OutputTransport {
  private readonly socket: Duplex
  /** The socket if it is one of the operating system: neither TLS nor another stream. */
  private readonly plain: Socket | null
  /** Writes to the handle; null if the socket is written to as a stream. */
  private readonly writer: DirectWriter | null
  /** Writes to the stream; null if there is a {@link writer}. */
  private readonly stream: StreamOutput | null

  constructor(socket: Duplex) {
    this.socket = socket
    this.plain = plainSocket(socket)
    this.writer = this.plain !== null && isWritable(this.plain) ? directWriter : null
    this.stream = this.writer === null ? new StreamOutput(socket) : null
  }

  get answersAtOnce(): boolean {
    return this.writer !== null
  }

  get unwrittenBytes(): number {
    const { plain, writer } = this
    return plain === null || writer === null ? this.stream?.unwrittenBytes ?? 0 : writer.unwrittenBytes(plain)
  }

  write(output: Output, observer: WriteObserver): boolean {
    const { plain, writer } = this
    if (plain !== null && writer !== null) return this.reported(writer.write(plain, output, observer), observer)
    this.stream?.write(output, observer)
    return false
  }

  private reported(status: WriteStatus, observer: WriteObserver): boolean {
    if (status < 0) this.breakDown(systemError('write', status), observer)
    return status === TAKEN
  }

  /** Fails as a stream does: the observer is called, but not within the write. */
  private breakDown(error: Error, observer: WriteObserver): void {
    nextTick(() => { observer.written(error) })
    this.socket.destroy(error)
  }
}

/** Whether the handle may be written to. A socket whose `_write` was replaced (to watch its writes) is a stream. */
function isWritable(socket: Socket): boolean {
  return directWriter?.canWriteTo(socket) === true && !Object.hasOwn(socket, '_write')
}
