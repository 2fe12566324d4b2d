/**
 * The transport of an accepted socket whose handle nobody else uses: TCP or Unix.
 *
 * Strategy: the transport is the owner of the handle. Node's read function calls it as if it were a Socket, so a few of
 * its names are Node's. A read goes into the shared buffer (reused-buffer.ts), a write to the handle (direct-write.ts).
 */
import { Socket, type Server } from 'node:net'
import { constants } from 'node:os'
import type { Duplex } from 'node:stream'
import type { Observer } from 'rxjs'
import type { Ownership } from '../buffer/ownership.js'
import type {
  Addresses, Output, Received, SocketWatcher, Transport, TransportOwner, WriteObserver,
} from '../runtime/transport.js'
import { handleCalls, takeHandles, type EndAddress, type Handle, type HandleCalls } from './accepted-handles.js'
import { directWriter, systemError, TAKEN, type DirectWriter } from './direct-write.js'
import { canReuseBuffers, ReusedBuffer } from './reused-buffer.js'
import { nextTick } from './runtime.js'
import { SocketTransport } from './socket-transport.js'
import { TransportInput } from './transport-input.js'

/** Node's note of whether a stream told its reader of the end; ours never has when Node asks. */
const STATE = { endEmitted: false }

/** What the transport needs of Node. */
interface HandlePlatform {
  readonly calls: HandleCalls
  readonly writer: DirectWriter
}

const platform: HandlePlatform | null = handleCalls !== null && directWriter !== null && canReuseBuffers
  ? { calls: handleCalls, writer: directWriter }
  : null

/** Gives the transports of what the server accepts from now on, if that is possible. It must be listening. */
export function acceptHandles(server: Server, take: (transport: HandleTransport) => void): void {
  if (platform !== null) takeHandles(server, handle => { take(new HandleTransport(handle, platform)) })
}

/** The transport of one handle. After a hand-over, both ends of the connection close it, as they do a Socket. */
export class HandleTransport extends TransportInput implements Transport {
  /** Node ignores further reads. */
  destroyed: boolean
  readonly _readableState: { readonly endEmitted: boolean }
  readonly remoteAddress: string
  readonly isEncrypted: boolean
  readonly answersAtOnce: boolean
  readonly peerCertificate: null
  private readonly calls: HandleCalls
  private readonly writer: DirectWriter
  private readonly handle: Handle
  private readonly reads: ReusedBuffer
  protected isInputEnded: boolean
  private isOutputEnded: boolean
  /** Whether the end of the output, and all before it, is on the wire. */
  private isShutDown: boolean
  /** The transport of the Socket that was made when the connection was handed over. */
  private successor: SocketTransport | null

  constructor(handle: Handle, { calls, writer }: HandlePlatform) {
    super()
    this.destroyed = false
    this._readableState = STATE
    this.remoteAddress = peerOf(handle).address ?? ''
    this.isEncrypted = false
    this.answersAtOnce = true
    this.peerCertificate = null
    this.calls = calls
    this.writer = writer
    this.handle = handle
    this.reads = ReusedBuffer.between(this, handle, this)
    this.isInputEnded = false
    this.isOutputEnded = false
    this.isShutDown = false
    this.successor = null
    // Not with Object.assign, which takes 1,900 instructions.
    const owned = handle as unknown as Record<symbol, unknown>
    owned[calls.owner] = this
    handle.onread = calls.onread
  }

  get addresses(): Addresses {
    if (this.successor !== null) return this.successor.addresses
    const { port: remotePort = null } = peerOf(this.handle)
    const { address: localAddress = '', port: localPort = null } = localOf(this.handle)
    return { remotePort, localAddress, localPort }
  }

  get unwrittenBytes(): number {
    return this.destroyed ? 0 : this.handle.writeQueueSize ?? 0
  }

  prefer(ownership: Ownership): void {
    this.reads.wanted = ownership
  }

  override pause(): void {
    super.pause()
    this.reads.paused()
  }

  protected get isReading(): boolean {
    return this.handle.reading
  }

  protected stopReading(): void {
    if (this.destroyed || !this.handle.reading) return
    this.handle.reading = false
    this.handle.readStop()
  }

  protected startReading(): void {
    if (this.destroyed || this.handle.reading) return
    this.handle.reading = true
    const status = this.handle.readStart()
    if (status < 0) this.breakDown(systemError('read', status), null)
  }

  write(output: Output, observer: WriteObserver): boolean {
    const status = this.destroyed ? -constants.errno.EPIPE : this.writer.writeTo(this.handle, output, observer)
    if (status < 0) this.breakDown(systemError('write', status), observer)
    return status === TAKEN
  }

  end(): void {
    if (this.destroyed) return
    this.isOutputEnded = true
    const request = new this.calls.shutdownRequest()
    request.oncomplete = this.owner === null ? null : () => { this.shutDown() }
    const status = this.handle.shutdown(request)
    if (status < 0 && status !== -constants.errno.ENOTCONN) this.breakDown(systemError('shutdown', status), null)
  }

  /**
   * Closes the socket. Only TCP can reset; a Unix socket cannot show a failure. Node calls it with an error that a read
   * had.
   */
  destroy(reason: boolean | Error): void {
    if (this.successor !== null) return this.successor.destroy(reason === true)
    if (this.destroyed) return
    this.close(reason === true)
    if (typeof reason === 'object') this.fail(reason)
  }

  override handOver(input: Observer<Received>, owner: TransportOwner): void {
    if (this.destroyed) nextTick(() => { owner.closed() })
    super.handOver(input, owner)
  }

  release(onClose: () => void, watcher: SocketWatcher | null): Duplex {
    this.subscriber = null
    const socket = this.socket()
    if (this.isInputEnded) socket.push(null)
    this.successor = new SocketTransport(socket)
    return this.successor.release(onClose, watcher)
  }

  /** Node calls it at the end of the input. */
  push(): boolean {
    this.isInputEnded = true
    this.complete()
    this.closeEnded()
    return true
  }

  /** Node calls it after the end of the input. */
  read(): null {
    return null
  }

  /** A Socket in the place of this. Of a closed handle, it would never learn that it is closed. */
  private socket(): Socket {
    if (this.destroyed) return new Socket({ allowHalfOpen: true }).destroy()
    const options = { handle: this.handle, allowHalfOpen: true, pauseOnCreate: true, readable: true, writable: true }
    const socket = new Socket(options)
    this.reads.moveTo(socket)
    return socket
  }

  protected get isClosed(): boolean {
    return this.destroyed
  }

  private shutDown(): void {
    this.isShutDown = true
    this.closeEnded()
  }

  private closeEnded(): void {
    if (this.owner !== null && this.isInputEnded && this.isShutDown && !this.destroyed) this.close(false)
  }

  /** Fails as a stream does: the observers are called, but not within the call that failed. */
  private breakDown(error: Error, observer: WriteObserver | null): void {
    if (!this.destroyed) this.close(false)
    nextTick(() => {
      observer?.written(error)
      this.fail(error)
    })
  }

  /**
   * A handle whose shutdown is in flight must not be reset: Node refuses that and leaks its descriptor. All was written
   * then, so closing it is equivalent.
   */
  private close(isReset: boolean): void {
    this.destroyed = true
    const { handle } = this
    if (!isReset || this.isOutputEnded || handle.reset === undefined) handle.close()
    else handle.reset(nothing)
    const { owner } = this
    if (owner !== null) nextTick(() => { owner.closed() })
  }
}

function nothing(): void {
  // Nobody waits for the end of a reset, and there are no timers of single sockets.
}

const { updateTimer = Symbol() } = handleCalls ?? {}
Object.defineProperty(HandleTransport.prototype, updateTimer, { value: nothing })

function peerOf(handle: Handle): EndAddress {
  const result: EndAddress = {}
  handle.getpeername?.(result)
  return result
}

function localOf(handle: Handle): EndAddress {
  const result: EndAddress = {}
  handle.getsockname?.(result)
  return result
}
