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
  private readonly isSocket: boolean
  private reads: ReusedBuffer | null
  private subscriber: Subscriber<Uint8Array> | null
  /** What broke the socket; undefined as long as nothing did. */
  private failure: Error | undefined
  private done: ((error?: unknown) => void) | null
  private reportedWrites: number
  private readonly written: (error?: Error | null) => void
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
    this.isSocket = socket instanceof Socket
    this.reads = null
    this.subscriber = null
    this.failure = socket.destroyed ? new ConnectionClosedError() : undefined
    this.done = null
    this.reportedWrites = 0
    this.written = error => { this.finishWrite(error ?? undefined) }
    this.onData = chunk => { this.subscriber?.next(chunk) }
    this.onEnd = () => { this.subscriber?.complete() }
    this.onError = error => { this.fail(error) }
    this.onClose = () => { this.fail(new ConnectionClosedError()) }
    // A client that ends its side still gets its answers.
    socket.allowHalfOpen = true
    // From the start: an error that nobody listens to ends the process.
    socket.on('error', this.onError).on('close', this.onClose)
  }

  get bytes$(): Observable<Uint8Array> {
    return new Observable(subscriber => {
      this.subscriber = subscriber
      this.begin(subscriber)
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

  write(iovecs: readonly IOVec[], done: (error?: unknown) => void): boolean {
    const { socket } = this
    if (iovecs.length === 1) socket.write(this.bufferOf(iovecs[0]), this.written)
    else this.writeAll(iovecs)
    if (socket.writableLength > 0 || socket.destroyed) {
      this.done = done
      return false
    }
    this.reportedWrites++
    return true
  }

  end(): void {
    this.socket.end()
  }

  /** Only TCP has a reset. TLS shows a failure by its missing close_notify; a Unix socket can't. */
  destroy(isReset: boolean): void {
    const { socket } = this
    const isTcp = socket instanceof Socket && !this.isEncrypted && this.remoteAddress !== ''
    if (isReset && isTcp) socket.resetAndDestroy()
    else socket.destroy()
  }

  release(onClose: () => void): Duplex {
    const { socket } = this
    this.subscriber = null
    this.reads?.release()
    socket.off('data', this.onData).off('end', this.onEnd).off('error', this.onError).off('close', this.onClose)
    // The new owner hears of errors if it listens; if it does not, the process goes on.
    socket.on('error', ignore).once('close', onClose)
    socket.pause()
    // What a new owner's `data` listener expects: a stream that nobody has started or stopped.
    Object.assign(socket, { readableFlowing: null })
    return socket
  }

  private begin(subscriber: Subscriber<Uint8Array>): void {
    const { socket } = this
    if (this.failure !== undefined) return subscriber.error(this.failure)
    if (socket.readableEnded) return subscriber.complete()
    if (socket instanceof Socket && !this.isEncrypted) this.reads = ReusedBuffer.attach(socket, this)
    // Also where the shared buffer is used: bytes may have been put back into the socket before.
    socket.on('data', this.onData).on('end', this.onEnd)
    socket.resume()
  }

  private fail(error: Error): void {
    this.failure ??= error
    this.subscriber?.error(error)
  }

  private writeAll(iovecs: readonly IOVec[]): void {
    const { socket } = this
    const last = iovecs.length - 1
    socket.cork()
    for (let i = 0; i < last; i++) socket.write(this.bufferOf(iovecs[i]))
    socket.write(this.bufferOf(iovecs[last]), this.written)
    socket.uncork()
  }

  private finishWrite(error: Error | undefined): void {
    if (this.reportedWrites > 0) {
      this.reportedWrites--
      return
    }
    const { done } = this
    this.done = null
    done?.(error)
  }

  /** The bytes as they are; but a copy for a stream that may hold what is written to it, as their place is reused. */
  private bufferOf({ buffer, off, len }: IOVec): Buffer {
    const view = subarray.call(buffer, off, off + len)
    return this.isSocket ? view : Buffer.from(view)
  }
}

/** Makes a view of any Uint8Array a Buffer: 70 ns, where Buffer.from takes 115. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with a `this` of its own
const { subarray } = Buffer.prototype as Buffer

function ignore(): void {
  // Whoever should hear of it does not listen.
}
