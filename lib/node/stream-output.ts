/**
 * Writes to a stream: TLS, or any other Duplex.
 *
 * Strategy: a stream calls back only when it has taken a whole write. A slow client may need minutes for that, and must
 * not look dead in the meantime. Under TLS, the operating system's socket shows how much of the write the kernel took.
 * Other streams get a write in small pieces, one after the other.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { IOVec } from '../buffer/iovec.js'
import type { Output, WriteObserver } from '../runtime/transport.js'
import { thrownError } from '../thrown.js'
import { plainSocket } from './plain-socket.js'
import { nextTick } from './runtime.js'
import type { WriteHandle } from './write-calls.js'

/** The size of the pieces in bytes, for streams whose progress is not visible. */
const PIECE_BYTES = 16 * 1024

/** Undocumented fields of Node's sockets: the raw socket under TLS, and the handle. */
interface Internals {
  readonly _parent?: unknown
  readonly _handle?: Partial<WriteHandle> | null
}

/** The callback of a stream's write. */
type StreamCallback = (error?: Error | null) => void

/** The output of one stream. One write at a time is in flight. */
export class StreamOutput {
  private readonly stream: Duplex
  /** The raw socket that shows the progress of writes; null if none does. */
  private readonly beneath: Socket | null
  /** Whether writes are passed whole: to sockets, which are faster that way even on runtimes without progress. */
  private readonly takesAll: boolean
  /** Bytes of the write in flight that are left; with {@link beneath}, all bytes of that write. */
  private left: number
  /** Bytes that {@link beneath} had taken before the write. */
  private takenBefore: number

  constructor(stream: Duplex) {
    this.stream = stream
    this.beneath = socketBeneath(stream)
    this.takesAll = this.beneath !== null || plainSocket(stream) !== null
    this.left = 0
    this.takenBefore = 0
  }

  /** Bytes of the write in flight that were not taken yet, as far as that is visible. */
  get unwrittenBytes(): number {
    if (this.beneath === null) return this.takesAll ? 0 : this.left
    return Math.max(0, this.left - (takenBy(this.beneath) - this.takenBefore))
  }

  /** Writes, and calls the observer when everything was taken. */
  write(output: Output, observer: WriteObserver): void {
    if (this.beneath !== null) this.takenBefore = takenBy(this.beneath)
    if (!this.takesAll) {
      this.writePieces(bytesOf(output), 0, observer)
    } else {
      this.left = typeof output === 'string' ? output.length : IOVec.lengthv(output)
      put(this.stream, output, error => { this.end(observer, error) })
    }
  }

  private writePieces(bytes: Buffer, off: number, observer: WriteObserver): void {
    const end = off + PIECE_BYTES
    let isAnswered = false
    const done: StreamCallback = error => {
      if (isAnswered) return
      isAnswered = true
      if (end >= bytes.length || (error ?? null) !== null) this.end(observer, error)
      else this.writePieces(bytes, end, observer)
    }
    this.left = bytes.length - off
    // A stream of the application's may throw, or call back twice.
    try {
      this.stream.write(bytes.subarray(off, end), done)
    } catch (error) {
      nextTick(() => { done(thrownError(error) as Error) })
    }
  }

  private end(observer: WriteObserver, error?: Error | null): void {
    this.left = 0
    observer.written(error ?? null)
  }
}

function socketBeneath(stream: Duplex): Socket | null {
  const { _parent: parent } = stream as Internals
  if (!(parent instanceof Socket)) return null
  const { _handle: handle } = parent as Internals
  return typeof handle?.writeQueueSize === 'number' ? parent : null
}

/** Returns the number of bytes that the kernel took from the socket. */
function takenBy(socket: Socket): number {
  return socket.bytesWritten - ((socket as Internals)._handle?.writeQueueSize ?? 0)
}

/** Returns a copy of the output: the stream may keep what is written to it, while our memory is reused. */
function bytesOf(output: Output): Buffer {
  if (typeof output === 'string') return Buffer.from(output, 'latin1')
  return Buffer.concat(output.map(iovec => IOVec.view(iovec)))
}

function put(stream: Duplex, output: Output, done: StreamCallback): void {
  if (typeof output === 'string') stream.write(output, 'latin1', done)
  else if (output.length === 1) stream.write(bufferOf(output[0]), done)
  else putAll(stream, output, done)
}

function putAll(stream: Duplex, iovecs: readonly IOVec[], done: StreamCallback): void {
  const last = iovecs.length - 1
  stream.cork()
  for (let i = 0; i < last; i++) stream.write(bufferOf(iovecs[i]))
  stream.write(bufferOf(iovecs[last]), done)
  stream.uncork()
}

function bufferOf({ buffer, off, len }: IOVec): Buffer {
  return subarray.call(buffer, off, off + len)
}

/** Makes a Buffer view of any Uint8Array in 70 ns; Buffer.from takes 115. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with a `this` of its own
const { subarray } = Buffer.prototype as Buffer
