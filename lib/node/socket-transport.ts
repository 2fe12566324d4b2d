/**
 * A socket of Node as a transport: TCP, TLS, Unix, or any other Duplex.
 *
 * Strategy: a write is reported at once where the socket took all of it at once, which is the common case; only
 * otherwise is its callback waited for. Each write's callback comes in order, so the callbacks of writes that were
 * reported already are simply counted off.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Observable, type Subscriber } from 'rxjs'
import type { IOVec } from '../buffer/iovec.js'
import type { Transport } from '../reactive/transport.js'
import { ReusedBuffer, type BytesReceiver } from './reused-buffer.js'

/** The peer went away in the middle of something. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError'
  /** The code that Node gives to a reset. */
  readonly code = 'ECONNRESET'

  constructor() {
    super('the peer closed the connection')
  }
}

/** One socket's bytes. The socket must not be read by anybody else. */
export class SocketTransport implements Transport, BytesReceiver {
  readonly remoteAddress: string
  readonly isEncrypted: boolean
  isLending: boolean
  private readonly socket: Duplex
  private reads: ReusedBuffer | null
  private subscriber: Subscriber<Uint8Array> | null
  private done: (() => void) | null
  private reportedWrites: number
  private readonly written: () => void
  private readonly onData: (chunk: Uint8Array) => void
  private readonly onEnd: () => void
  private readonly onError: (error: Error) => void
  private readonly onClose: () => void

  constructor(socket: Duplex) {
    const { remoteAddress, encrypted } = socket as { remoteAddress?: string; encrypted?: boolean }
    this.remoteAddress = remoteAddress ?? ''
    this.isEncrypted = encrypted === true
    this.isLending = false
    this.socket = socket
    this.reads = null
    this.subscriber = null
    this.done = null
    this.reportedWrites = 0
    this.written = () => { this.finishWrite() }
    this.onData = chunk => { this.subscriber?.next(chunk) }
    this.onEnd = () => { this.subscriber?.complete() }
    this.onError = error => { this.subscriber?.error(error) }
    this.onClose = () => { this.subscriber?.error(new ConnectionClosedError()) }
  }

  get bytes$(): Observable<Uint8Array> {
    return new Observable(subscriber => {
      this.subscriber = subscriber
      this.attach()
      this.socket.resume()
      return () => { this.subscriber = null }
    })
  }

  receive(bytes: Uint8Array, isOwned: boolean): void {
    this.isLending = !isOwned
    this.subscriber?.next(bytes)
    this.isLending = false
  }

  keepBytes(areKept: boolean): void {
    if (this.reads !== null) this.reads.keepsBytes = areKept
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  write(iovecs: readonly IOVec[], done: () => void): boolean {
    const { socket } = this
    if (iovecs.length === 1) socket.write(bufferOf(iovecs[0]), this.written)
    else this.writeAll(iovecs)
    if (socket.writableLength > 0) {
      this.done = done
      return false
    }
    this.reportedWrites++
    return true
  }

  end(): void {
    this.socket.end()
  }

  destroy(isReset: boolean): void {
    const { socket } = this
    if (isReset && socket instanceof Socket && !this.isEncrypted) socket.resetAndDestroy()
    else socket.destroy()
  }

  release(onClose: () => void): Duplex {
    const { socket } = this
    this.subscriber = null
    this.reads?.release()
    socket.off('data', this.onData).off('end', this.onEnd).off('error', this.onError).off('close', this.onClose)
    socket.once('close', onClose)
    socket.pause()
    // What a new owner's `data` listener expects: a stream that nobody has started or stopped.
    Object.assign(socket, { readableFlowing: null })
    return socket
  }

  private attach(): void {
    const { socket } = this
    if (socket instanceof Socket && !this.isEncrypted) this.reads = ReusedBuffer.attach(socket, this)
    if (this.reads === null) socket.on('data', this.onData)
    socket.on('end', this.onEnd).on('error', this.onError).on('close', this.onClose)
  }

  private writeAll(iovecs: readonly IOVec[]): void {
    const { socket } = this
    const last = iovecs.length - 1
    socket.cork()
    for (let i = 0; i < last; i++) socket.write(bufferOf(iovecs[i]))
    socket.write(bufferOf(iovecs[last]), this.written)
    socket.uncork()
  }

  private finishWrite(): void {
    if (this.reportedWrites > 0) {
      this.reportedWrites--
      return
    }
    const { done } = this
    this.done = null
    done?.()
  }
}

function bufferOf({ buffer, off, len }: IOVec): Buffer {
  return Buffer.from(buffer.buffer as ArrayBuffer, buffer.byteOffset + off, len)
}
