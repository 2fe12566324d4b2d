/**
 * Reading into one buffer that all sockets share.
 *
 * Strategy: Node's `onread` option lets a socket read into a buffer of the user, but only sockets that connect take it;
 * an accepted socket reads into fresh memory each time. What the option does can be done to an accepted socket as well,
 * through the three properties that Node keeps it in, which are found by name. Where they are not as expected (another
 * version of Node, another runtime, TLS, Windows, where reads are posted ahead), the socket is read in the plain way.
 * Measured on hello: 0.81 of the CPU of the plain way.
 *
 * The shared buffer is only lent: each read overwrites it. While a body is being read, whose chunks are handed out, a
 * socket reads into memory of its own. A read that fills half of that has it: what is handed out may be given away (by
 * a transfer to a worker), so it is never read into again. Less is lent, and copied for those who keep it.
 */
import { Socket } from 'node:net'
import { copyBytes } from '../buffer/bytes.js'
import type { Ownership } from '../buffer/ownership.js'
import type { Received } from '../runtime/transport.js'
import { isNode } from './runtime.js'

/** The size of the shared buffer: a body of 64 KiB comes with its head in one read. */
const SHARED_SIZE = 80 * 1024

/**
 * How large the first buffer of a body is: behind a body that came with its head there is often little left. A read
 * that fills its buffer doubles the size of the next one.
 */
const FIRST_SIZE = 16 * 1024

/** How large the buffers of a body become whose consumer lets the client wait: as large as libuv's own. */
const PACED_SIZE = 64 * 1024

/**
 * How large the buffers of a body become whose consumer keeps up. An upload of 1 GiB alone on its core takes 0.83 of
 * the CPU that it takes with {@link PACED_SIZE}; beside another 0.95.
 */
const LARGEST_SIZE = 256 * 1024

/** The shared buffer. It is read into and used up within one callback of one socket, so all of them can have it. */
const shared = Buffer.allocUnsafeSlow(SHARED_SIZE)

/**
 * The views of the shared buffer's first bytes, each made once for the lengths that requests have: all that is lent is
 * only good until the next read anyway. It saves two objects for each read.
 */
const views: Received[] = []
const KEPT_VIEWS = 2048

function lent(count: number): Received {
  return count < KEPT_VIEWS ? (views[count] ??= lend(count)) : lend(count)
}

function lend(count: number): Received {
  return { bytes: shared.subarray(0, count), ownership: 'lent' }
}

const NO_BYTES = Buffer.alloc(0)

/** Where a socket has its reads. */
const READS = Symbol('httprx reads')

interface ReadSocket {
  readonly [READS]: ReusedBuffer
}

/** Whose read is just over: Node asks for its next buffer right behind it, and does not say for which socket. */
let justRead: ReusedBuffer | null = null

/** The callback of all sockets: Node calls it as the socket's. */
function receiveRead(this: ReadSocket, count: number, buffer: Uint8Array): boolean {
  const reads = this[READS]
  const goesOn = reads.receive(count, buffer)
  justRead = reads
  return goesOn
}

/** Says which buffer is read into next; null for the same again. */
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

const keys = process.platform === 'win32' || !isNode ? null : findKeys(new Socket())

/** The properties in which a socket keeps its `onread` option, or null where they are not as expected. @internal */
export function findKeys(socket: object): Keys | null {
  const symbols = Object.getOwnPropertySymbols(socket)
  const find = (name: string): symbol | undefined => symbols.find(symbol => symbol.description === name)
  const buffer = find('kBuffer')
  const callback = find('kBufferCb')
  const generator = find('kBufferGen')
  if (buffer === undefined || callback === undefined || generator === undefined) return null
  return { buffer, callback, generator }
}

/** Receives what is read. */
export interface BytesReceiver {
  receive(received: Received): void
}

/** The reads of one socket into the shared buffer, or into memory of its own. */
export class ReusedBuffer {
  /** How coming bytes are wanted: for `owned` ones the socket reads into memory of its own. */
  wanted: Ownership
  private readonly socket: Socket
  private receiver: BytesReceiver | null
  /** What is read into next, where that is not the shared buffer. */
  private own: Buffer | null
  /** How large the next buffer of its own is. */
  private size: number
  private current: Uint8Array

  /** Makes the socket read through this, and says whether that is possible. */
  static attach(socket: Socket, receiver: BytesReceiver): ReusedBuffer | null {
    const handle = (socket as unknown as { _handle?: Handle | null })._handle
    if (keys === null || typeof handle?.useUserBuffer !== 'function' || !(keys.buffer in socket)) return null
    const reads = new ReusedBuffer(socket, receiver)
    const fields = socket as unknown as Record<symbol, unknown>
    fields[READS] = reads
    fields[keys.buffer] = shared
    fields[keys.callback] = receiveRead
    fields[keys.generator] = nextBuffer
    handle.useUserBuffer(shared)
    return reads
  }

  private constructor(socket: Socket, receiver: BytesReceiver) {
    this.wanted = 'lent'
    this.socket = socket
    this.receiver = receiver
    this.own = null
    this.size = FIRST_SIZE
    this.current = shared
  }

  /** The socket was paused: its consumer does not keep up, so it is to hold less at once. */
  paused(): void {
    this.size = Math.min(this.size, PACED_SIZE)
  }

  /** Gives the socket back to whoever reads it as a stream: bytes are copied into it from now on. */
  release(): void {
    this.receiver = null
    this.wanted = 'lent'
    // The stream has asked for bytes and got none, as they came here: without an answer it would not ask again.
    this.socket.push(NO_BYTES)
  }

  /** @internal Takes what was read: the first bytes of the buffer. */
  receive(count: number, buffer: Uint8Array): boolean {
    if (this.receiver === null) return pass(this.socket, copyBytes(buffer, 0, count) as Buffer)
    this.receiver.receive(buffer === shared ? lent(count) : this.receivedOwn(buffer, count))
    return true
  }

  /** @internal The buffer of the next read, or null for the same again. */
  nextBuffer(): Uint8Array | null {
    const next = this.wanted === 'owned' ? this.ownBuffer() : this.sharedBuffer()
    if (next === this.current) return null
    this.current = next
    return next
  }

  /** An idle connection holds no memory of its own. */
  private sharedBuffer(): Buffer {
    this.own = null
    this.size = FIRST_SIZE
    return shared
  }

  private ownBuffer(): Buffer {
    return (this.own ??= Buffer.allocUnsafeSlow(this.size))
  }

  private receivedOwn(buffer: Uint8Array, count: number): Received {
    const bytes = buffer.subarray(0, count)
    if (2 * count < buffer.length) return { bytes, ownership: 'lent' }
    // Before the receiver, which may pause the socket.
    this.giveUp(buffer, count)
    return { bytes, ownership: 'owned' }
  }

  private giveUp(buffer: Uint8Array, count: number): void {
    if (count === buffer.length) this.size = Math.min(2 * this.size, LARGEST_SIZE)
    this.own = null
  }
}

/**
 * Gives bytes to whoever reads the socket as a stream, and returns whether there is room for more. Where the stream
 * would emit them at once that is done here: the stream would ask for more then, in a turn of the tick queue, and gets
 * it without. An echo over WebSocket takes 0.93 of the CPU.
 */
function pass(socket: Socket, bytes: Buffer): boolean {
  const isFlowing = socket.readableFlowing === true && socket.readableLength === 0 && socket.readableEncoding === null
  // One that is watched has a `push` of its own.
  if (!isFlowing || Object.hasOwn(socket, 'push')) return socket.push(bytes)
  socket.emit('data', bytes)
  return true
}
