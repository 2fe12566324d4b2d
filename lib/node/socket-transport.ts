/**
 * A socket of Node as a transport: TCP, TLS, Unix, or any other Duplex.
 *
 * Strategy: writes go their own way (socket-output.ts). All sockets share their listeners, which find the transport of
 * their socket at the socket: seven functions less for each connection.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Observable, type Subscriber } from 'rxjs'
import type { Ownership } from '../buffer/ownership.js'
import { ConnectionClosedError } from '../errors.js'
import type { PeerCertificate } from '../runtime/peer-certificate.js'
import type { Addresses, Output, Received, SocketWatcher, Transport, WriteObserver } from '../runtime/transport.js'
import { certificateOf } from './certificate-of.js'
import { plainSocket } from './plain-socket.js'
import { ReusedBuffer, type BytesReceiver } from './reused-buffer.js'
import { SocketOutput } from './socket-output.js'
import { watchSocket } from './watch-socket.js'

/** Where a socket has its transport. */
const TRANSPORT = Symbol('httprx transport')

type Transported = Duplex & { [TRANSPORT]: SocketTransport }

/** One socket's bytes. The socket must not be read by anybody else. */
export class SocketTransport implements Transport, BytesReceiver {
  private readonly socket: Duplex
  /** The socket if it is one of the operating system: neither TLS nor another stream. */
  private readonly plain: Socket | null
  private readonly output: SocketOutput
  private reads: ReusedBuffer | null
  private subscriber: Subscriber<Received> | null
  /** What broke the socket; null as long as nothing did. */
  private failure: Error | null

  constructor(socket: Duplex) {
    this.socket = socket
    this.plain = plainSocket(socket)
    this.output = new SocketOutput(socket)
    this.reads = null
    this.subscriber = null
    this.failure = null
    Object.assign(socket, { [TRANSPORT]: this })
    // Whoever ends its side gets what is queued, and with `allowHalfOpen` its answers.
    socket.allowHalfOpen = true
    // From the start: an error that nobody listens to ends the process.
    socket.on('error', onError).on('close', onClosed)
  }

  get remoteAddress(): string {
    return (this.socket as { remoteAddress?: string }).remoteAddress ?? ''
  }

  get addresses(): Addresses {
    const { remotePort = null, localAddress = '', localPort = null } = this.socket as Partial<Socket>
    return { remotePort, localAddress, localPort }
  }

  get isEncrypted(): boolean {
    return (this.socket as { encrypted?: boolean }).encrypted === true
  }

  get answersAtOnce(): boolean {
    return this.output.answersAtOnce
  }

  get peerCertificate(): PeerCertificate | null {
    return certificateOf(this.socket)
  }

  get unwrittenBytes(): number {
    return this.output.unwrittenBytes
  }

  get bytes$(): Observable<Received> {
    // There is nothing to undo: a subscriber that is closed ignores what comes. A teardown holds 350 bytes.
    return new Observable(subscriber => {
      this.subscriber = subscriber
      this.begin(subscriber)
    })
  }

  receive(received: Received): void {
    this.subscriber?.next(received)
  }

  prefer(ownership: Ownership): void {
    if (this.reads !== null) this.reads.wanted = ownership
  }

  pause(): void {
    this.socket.pause()
    this.reads?.paused()
  }

  resume(): void {
    this.socket.resume()
  }

  write(output: Output, observer: WriteObserver): boolean {
    return this.output.write(output, observer)
  }

  end(): void {
    this.socket.end()
  }

  /** Only TCP has a reset. TLS shows a failure by its missing close_notify; a Unix socket can't. */
  destroy(isReset: boolean): void {
    if (isReset && this.plain !== null && this.canReset) this.plain.resetAndDestroy()
    else this.socket.destroy()
  }

  release(onClose: () => void, watcher: SocketWatcher | null): Duplex {
    const { socket } = this
    this.subscriber = null
    this.reads?.release()
    socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClosed)
    // The new owner hears of errors if it listens; if it does not, the process goes on.
    socket.on('error', ignore).once('close', onClose)
    socket.pause()
    // What a new owner's `data` listener expects: a stream that nobody has started or stopped.
    Object.assign(socket, { readableFlowing: null })
    if (watcher !== null) watchSocket(socket, watcher)
    return socket
  }

  /** Bytes came by the stream. */
  emit(bytes: Uint8Array): void {
    this.receive({ bytes, ownership: ownershipOf(this.socket, bytes) })
  }

  /** The input ended. */
  complete(): void {
    this.subscriber?.complete()
  }

  /** The socket closed. For who reads no more, that is no failure. */
  closed(): void {
    if (this.subscriber?.closed === false) this.fail(new ConnectionClosedError())
  }

  /** The socket broke. */
  fail(error: Error): void {
    this.failure ??= error
    this.subscriber?.error(error)
  }

  /**
   * Node refuses to reset a socket whose FIN is on its way, and keeps its descriptor for good: there, what was to be
   * written is, so closing it says the same.
   */
  private get canReset(): boolean {
    const { writableEnded, writableFinished } = this.socket
    return writableEnded === writableFinished && this.remoteAddress !== ''
  }

  private begin(subscriber: Subscriber<Received>): void {
    const { plain, socket } = this
    const failure = this.failure ?? (socket.destroyed ? new ConnectionClosedError() : null)
    if (failure !== null) return subscriber.error(failure)
    if (socket.readableEnded) return subscriber.complete()
    if (plain !== null) this.reads = ReusedBuffer.attach(plain, this)
    // Also where the shared buffer is used: bytes may have been put back into the socket before.
    if (this.reads === null || socket.readableLength > 0) socket.on('data', onData)
    socket.on('end', onEnd)
    socket.resume()
  }
}

/**
 * A socket of Node makes an array for each read, which is its reader's. Another stream may pass on what its writer
 * still has, or a part of the pool that all Buffers of the process share.
 */
function ownershipOf(stream: Duplex, bytes: Uint8Array): Ownership {
  return stream instanceof Socket && bytes.length === bytes.buffer.byteLength ? 'owned' : 'lent'
}

function onData(this: Transported, bytes: Uint8Array): void {
  this[TRANSPORT].emit(bytes)
}

function onEnd(this: Transported): void {
  this[TRANSPORT].complete()
}

function onError(this: Transported, error: Error): void {
  this[TRANSPORT].fail(error)
}

function onClosed(this: Transported): void {
  this[TRANSPORT].closed()
}

function ignore(): void {
  // Whoever should hear of it does not listen.
}
