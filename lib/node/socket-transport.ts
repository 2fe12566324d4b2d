/**
 * The transport of a Node socket: TCP, TLS, Unix, or any other Duplex.
 *
 * Strategy: input arrives through a reused buffer (reused-buffer.ts) or the stream's events, output leaves through
 * socket-output.ts. All sockets share their listeners, which find the transport in a property of the socket; that saves
 * seven functions a connection.
 *
 * A Duplex of the application's may do what Node's sockets do not: throw, emit something other than bytes, or never
 * emit `close`. It counts as broken then, and ends its own connection alone.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { gaveMemory } from '../buffer/given-memory.js'
import type { Ownership } from '../buffer/ownership.js'
import { isBytes } from '../demand/chunk.js'
import { ConnectionClosedError, LocalProtocolError } from '../errors.js'
import type { PeerCertificate } from '../runtime/peer-certificate.js'
import type { Addresses, Output, SocketWatcher, Transport, WriteObserver } from '../runtime/transport.js'
import { certificateOf } from './certificate-of.js'
import { plainSocket } from './plain-socket.js'
import { ReusedBuffer } from './reused-buffer.js'
import { nextTick } from './runtime.js'
import { SocketOutput } from './socket-output.js'
import { TransportInput } from './transport-input.js'
import { watchSocket } from './watch-socket.js'

/** The property of a socket that holds its transport. */
const TRANSPORT = Symbol('httprx transport')

/** The property is null once the socket is closed. */
type Transported = Duplex & { [TRANSPORT]: SocketTransport | null }

/** The transport of one socket, which nobody else may read or write. */
export class SocketTransport extends TransportInput implements Transport {
  private readonly socket: Duplex
  /** The socket if it is one of the operating system: neither TLS nor another stream. */
  private readonly plain: Socket | null
  private readonly output: SocketOutput
  private reads: ReusedBuffer | null
  /** Whether the input was subscribed before. */
  private isAttached: boolean

  constructor(socket: Duplex) {
    super()
    this.socket = socket
    this.plain = plainSocket(socket)
    this.output = new SocketOutput(socket)
    this.reads = null
    this.isAttached = false
    const transported = socket as Transported
    transported[TRANSPORT] = this
    // A client that half-closes still gets queued output, and with the option `allowHalfOpen` its responses.
    socket.allowHalfOpen = true
    // Attached from the start: an `error` event without a listener ends the process.
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

  prefer(ownership: Ownership): void {
    if (this.reads !== null) this.reads.wanted = ownership
  }

  override pause(): void {
    super.pause()
    this.reads?.paused()
  }

  protected get isReading(): boolean {
    return !this.socket.isPaused()
  }

  protected stopReading(): void {
    this.call('pause')
  }

  protected startReading(): void {
    if (!this.isAttached) this.attach()
    this.call('resume')
  }

  write(output: Output, observer: WriteObserver): boolean {
    return this.output.write(output, observer)
  }

  end(): void {
    this.call('end')
  }

  /** Only TCP can reset. With TLS the missing close_notify shows the failure; a Unix socket cannot show it. */
  destroy(isReset: boolean): void {
    if (isReset && this.plain !== null && this.canReset) this.plain.resetAndDestroy()
    else this.call('destroy')
    if (!(this.socket instanceof Socket)) nextTick(() => { this.closed() })
  }

  release(onClose: () => void, watcher: SocketWatcher | null): Duplex {
    const { socket } = this
    this.subscriber = null
    this.owner = { closed: onClose }
    this.reads?.release()
    socket.off('data', onData).off('end', onEnd).off('error', onError)
    // Without a listener of the new owner, an `error` event would end the process.
    socket.on('error', ignore)
    socket.pause()
    // Neither flowing nor paused, so that a `data` listener of the new owner starts the stream.
    Object.assign(socket, { readableFlowing: null })
    if (watcher !== null) watchSocket(socket, watcher)
    return socket
  }

  /** The stream emitted bytes, or what only the application's own streams emit: text, objects. */
  emit(bytes: unknown): void {
    if (isBytes(bytes)) this.pass(bytes, ownershipOf(this.socket, bytes))
    else this.fail(new LocalProtocolError('badState', 'the stream of a connection emitted something other than bytes'))
  }

  /**
   * The socket closed, which is a failure only while the input is subscribed. It forgets its transport, because Node's
   * sockets survive the collections of young garbage, and would keep the whole connection with them.
   */
  closed(): void {
    const transported = this.socket as Transported
    transported[TRANSPORT] = null
    this.reads?.detach()
    if (this.owner !== null) this.owner.closed()
    else if (this.subscriber?.closed === false) this.fail(new ConnectionClosedError())
  }

  protected get isClosed(): boolean {
    return this.socket.destroyed
  }

  protected get isInputEnded(): boolean {
    return this.socket.readableEnded
  }

  /**
   * Whether the socket can be reset. Node refuses to reset a socket whose FIN is in flight and leaks its descriptor;
   * that socket has written everything, so closing it is equivalent.
   */
  private get canReset(): boolean {
    const { writableEnded, writableFinished } = this.socket
    return writableEnded === writableFinished && this.remoteAddress !== ''
  }

  private pass(bytes: Uint8Array, ownership: Ownership): void {
    const { length } = bytes
    if (ownership === 'owned') gaveMemory(length)
    this.receive({ bytes, length, ownership })
  }

  private call(method: 'pause' | 'resume' | 'end' | 'destroy'): void {
    try {
      this.socket[method]()
    } catch (error) {
      nextTick(() => { this.fail(error as Error) })
    }
  }

  private attach(): void {
    const { socket } = this
    this.isAttached = true
    if (socket instanceof Socket) this.reads = ReusedBuffer.attach(socket, this)
    // Also with a reused buffer, if bytes were put back into the socket (`unshift`) before.
    if (this.reads === null || socket.readableLength > 0) socket.on('data', onData)
    socket.on('end', onEnd)
  }
}

/**
 * Returns the ownership of bytes from a stream. A Node socket allocates an array for each read, which the reader owns.
 * Another stream may emit bytes that its writer still uses, or a slice of the process's Buffer pool.
 */
function ownershipOf(stream: Duplex, bytes: Uint8Array): Ownership {
  return stream instanceof Socket && bytes.length === bytes.buffer.byteLength ? 'owned' : 'lent'
}

function onData(this: Transported, bytes: unknown): void {
  this[TRANSPORT]?.emit(bytes)
}

function onEnd(this: Transported): void {
  this[TRANSPORT]?.complete()
}

function onError(this: Transported, error: Error): void {
  this[TRANSPORT]?.fail(error)
}

function onClosed(this: Transported): void {
  this[TRANSPORT]?.closed()
}

function ignore(): void {
  // The new owner of the socket has no error listener.
}
