/**
 * Reads from sockets into one shared buffer.
 *
 * Strategy: Node's `onread` option lets a socket read into a user's buffer, but only outgoing sockets accept it; an
 * accepted socket reads into fresh memory each time. This file sets the option on accepted sockets through the three
 * internal properties in which Node keeps it, found by name. If they are not as expected (another version of Node,
 * another runtime, or Windows, where reads are posted ahead), the socket is read as a stream. Measured on hello: 0.81
 * of the CPU of the stream; on an upload over TLS 0.62.
 *
 * Bytes in the shared buffer are lent: the next read overwrites them. While a body is read whose chunks the application
 * will own, a socket whose reads fill the shared buffer reads into memory of its own. A read that fills that buffer is
 * passed on as owned and the buffer is never reused, because the application may transfer it to a worker. A smaller
 * read is lent, and copied by those who keep it: collecting the memory that a chunk does not fill costs more than
 * copying what it does. (Of 50 uploads with 1 MiB a second each, chunks held 1.5 times their bytes when a buffer was
 * given away half full.) A client that became slow holds no buffer.
 */
import { Socket } from 'node:net'
import { beginEvent } from '../application/context.js'
import { copyBytes } from '../buffer/bytes.js'
import { gaveMemory } from '../buffer/given-memory.js'
import type { Ownership } from '../buffer/ownership.js'
import type { Received } from '../runtime/transport.js'
import { plainSocket } from './plain-socket.js'
import { isNode, now, v8Version } from './runtime.js'

/** The size of the shared buffer in bytes: a body of 64 KiB and its head fit into one read. */
const SHARED_SIZE = 80 * 1024

/** The size of a body's first own buffer, and of all while the consumer applies backpressure: that of libuv's own. */
const PACED_SIZE = 64 * 1024

/**
 * The largest buffer while the consumer keeps up. An upload of 1 GiB alone on its core takes 0.83 of the CPU that it
 * takes with {@link PACED_SIZE}; beside another upload 0.95. V8 keeps text of more than 128 KiB as a large object, and
 * before Node 26 that makes the decoding of chunks dear: lines of JSON would take 1.15 of the CPU.
 */
const LARGEST_SIZE = (v8Version < 14 ? 112 : 256) * 1024

/** The largest buffer of a TLS socket, whose reads end with a record. */
const RECORD_SIZE = 16 * 1024

/** The shared buffer. It is filled and consumed within one callback of one socket, so all sockets can share it. */
const shared = Buffer.allocUnsafeSlow(SHARED_SIZE)

/**
 * How long a connection may be busy with reads that fill their buffers, in milliseconds, before others have their turn.
 * The event loop reads such a socket up to 32 times in a row: of pipelined requests that is 2.5 MiB, or a tenth of a
 * second for each client that does so. An upload is not busy for so long.
 */
const BUSY = 2

const NO_BYTES = Buffer.alloc(0)

/** The property of a socket that holds its {@link ReusedBuffer}. */
const READS = Symbol('httprx reads')

interface ReadSocket {
  [READS]: ReusedBuffer | null
}

/** The reader whose read has just ended: Node asks for its next buffer right after, without naming the socket. */
let justRead: ReusedBuffer | null = null

/** The read callback of all sockets; Node calls it with the socket as `this`. */
function receiveRead(this: ReadSocket, count: number, buffer: Uint8Array): boolean {
  const reads = this[READS]
  const goesOn = reads?.receive(count, buffer) ?? false
  justRead = reads
  return goesOn
}

/** Returns the buffer of the next read; null: the same again. */
function nextBuffer(): Uint8Array | null {
  const reads = justRead
  justRead = null
  return reads === null ? null : reads.nextBuffer()
}

interface Keys {
  readonly buffer: symbol
  readonly callback: symbol
  readonly generator: symbol
}

interface Handle {
  useUserBuffer?: (buffer: Uint8Array) => void
}

/** The properties of the runtime's sockets; null if they are not as expected. */
const keys = process.platform === 'win32' || !isNode ? null : findKeys(new Socket())

/** Returns the properties in which a socket keeps its `onread` option; null if they are not as expected. @internal */
export function findKeys(socket: object): Keys | null {
  const symbols = Object.getOwnPropertySymbols(socket)
  const find = (name: string): symbol | undefined => symbols.find(symbol => symbol.description === name)
  const buffer = find('kBuffer')
  const callback = find('kBufferCb')
  const generator = find('kBufferGen')
  if (buffer === undefined || callback === undefined || generator === undefined) return null
  return { buffer, callback, generator }
}

/** Whether sockets of this runtime can read into reused buffers. */
export const canReuseBuffers = keys !== null

/** Receives the bytes of a socket. */
export interface BytesReceiver {
  receive(received: Received): void
  /** Its input takes much time: other connections are to have their turn before the next read. */
  rest(): void
}

/** The reads of one socket, into the shared buffer or into its own. */
export class ReusedBuffer {
  /** The preferred ownership of further bytes: for `owned` the socket reads into its own memory. */
  wanted: Ownership
  /** The stream that gets what is read once there is no receiver. */
  private socket: Socket | null
  private receiver: BytesReceiver | null
  /** The own buffer of the next read; null if there is none. */
  private own: Buffer | null
  /** The size of the next own buffer in bytes; 0 as long as the shared one is enough. */
  private size: number
  private current: Uint8Array
  /** The largest size of an own buffer in bytes. */
  private largest: number
  /** The time of the first of the reads in a row that filled their buffers; 0 after another one. */
  private busySince: number

  /** Makes the socket read into a reused buffer. Returns null if that is not possible. */
  static attach(socket: Socket, receiver: BytesReceiver): ReusedBuffer | null {
    const handle = (socket as unknown as { _handle?: Handle | null })._handle
    if (keys === null || typeof handle?.useUserBuffer !== 'function' || !(keys.buffer in socket)) return null
    const reads = ReusedBuffer.between(socket, handle as Required<Handle>, receiver)
    reads.socket = socket
    if (plainSocket(socket) === null) reads.largest = RECORD_SIZE
    return reads
  }

  /**
   * Makes the handle read into a reused buffer for its owner, of whom Node takes the buffer and the callback. Only if
   * {@link canReuseBuffers}.
   */
  static between(owner: object, handle: Required<Handle>, receiver: BytesReceiver): ReusedBuffer {
    const reads = new ReusedBuffer(receiver)
    reads.connect(owner)
    handle.useUserBuffer(shared)
    return reads
  }

  private constructor(receiver: BytesReceiver) {
    this.wanted = 'lent'
    this.socket = null
    this.receiver = receiver
    this.own = null
    this.size = 0
    this.current = shared
    this.largest = LARGEST_SIZE
    this.busySince = 0
  }

  /** The socket was paused: its consumer does not keep up, so further buffers are smaller. */
  paused(): void {
    this.size = Math.min(this.size, PACED_SIZE)
  }

  /** Makes the socket an ordinary stream again: from now on its bytes are copied and pushed into it. */
  release(): void {
    this.receiver = null
    this.wanted = 'lent'
    // The stream has a read pending, whose bytes came here; without an answer it would never read again.
    this.socket?.push(NO_BYTES)
  }

  /** The handle has a new owner, an ordinary stream: its bytes are copied and pushed into it. */
  moveTo(socket: Socket): void {
    this.socket = socket
    this.receiver = null
    this.wanted = 'lent'
    this.connect(socket)
  }

  /** The socket is closed: nothing is read any more. */
  detach(): void {
    if (this.socket !== null) (this.socket as unknown as ReadSocket)[READS] = null
  }

  /** @internal Receives a read: the first `count` bytes of the buffer. */
  receive(count: number, buffer: Uint8Array): boolean {
    if (this.receiver === null) return this.passOn(copyBytes(this.current, 0, count) as Buffer)
    const isFull = count === buffer.length || count >= this.largest
    if (!isFull) this.busySince = 0
    else if (this.busySince === 0) this.busySince = now()
    beginEvent(this.receiver)
    try {
      // The size comes first, because the receiver may pause the socket.
      if (isFull) this.grow()
      if (buffer === shared) this.receiver.receive({ bytes: buffer, length: count, ownership: 'lent' })
      else this.receiver.receive(this.receivedOwn(buffer, count))
    } finally {
      beginEvent(null)
    }
    if (isFull && now() - this.busySince > BUSY) this.rest()
    return true
  }

  /** @internal Returns the buffer of the next read; null: the same again. */
  nextBuffer(): Uint8Array | null {
    const next = this.wanted === 'owned' && this.size > 0 ? this.ownBuffer() : this.sharedBuffer()
    if (next === this.current) return null
    this.current = next
    return next
  }

  private connect(owner: object): void {
    if (keys === null) return
    const fields = owner as Record<symbol, unknown>
    fields[READS] = this
    fields[keys.buffer] = this.current
    fields[keys.callback] = receiveRead
    fields[keys.generator] = nextBuffer
  }

  private rest(): void {
    this.busySince = 0
    // It has none any more if the connection was handed over.
    this.receiver?.rest()
  }

  private passOn(bytes: Buffer): boolean {
    return this.socket !== null && pass(this.socket, bytes)
  }

  /** Returns the shared buffer and drops the own one, so that an idle connection holds no buffer. */
  private sharedBuffer(): Buffer {
    this.own = null
    this.size = 0
    return shared
  }

  private ownBuffer(): Buffer {
    return (this.own ??= this.newBuffer())
  }

  private newBuffer(): Buffer {
    gaveMemory(this.size)
    return Buffer.allocUnsafeSlow(this.size)
  }

  /** The last read filled its buffer. */
  private grow(): void {
    this.size = Math.min(Math.max(2 * this.size, PACED_SIZE), this.largest)
  }

  private receivedOwn(buffer: Uint8Array, count: number): Received {
    if (4 * count < buffer.length) this.size = 0
    if (count < buffer.length) return { bytes: buffer, length: count, ownership: 'lent' }
    this.own = null
    return { bytes: buffer, length: count, ownership: 'owned' }
  }
}

/**
 * Passes bytes to the readers of the stream and returns whether there is room for more. If the stream would emit them
 * at once, they are emitted here, which saves the stream's next read, a turn of the tick queue. An echo over WebSocket
 * takes 0.93 of the CPU.
 */
function pass(socket: Socket, bytes: Buffer): boolean {
  const isFlowing = socket.readableFlowing === true && socket.readableLength === 0 && socket.readableEncoding === null
  // A watched socket (watch-socket.ts) has its own `push`.
  if (!isFlowing || Object.hasOwn(socket, 'push')) return socket.push(bytes)
  socket.emit('data', bytes)
  return true
}
