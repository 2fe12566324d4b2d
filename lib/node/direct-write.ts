/**
 * Writing to a socket's handle.
 *
 * Strategy: a socket of Node writes through a Writable, which keeps a queue, counts, and calls back by the queue of
 * ticks. A connection has its own queue and counts itself, so here the call is made that is beneath all that. It takes
 * a request object, which Node makes anew for each write and uses only where the kernel did not take all at once: it
 * has an asynchronous id then. As long as it has none it serves again, for any socket. Where the parts are not as
 * expected (another version of Node, a handle of another kind), the socket is written to in the plain way. Measured on
 * hello: 0.90 of the CPU of the plain way.
 *
 * It deliberately does not wait for writes of the stream: nobody writes to the socket otherwise until it is released.
 */
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { IOVec } from '../buffer/iovec.js'
import type { Output, WriteObserver } from '../reactive/transport.js'

/** What a handle takes. */
type Data = string | Uint8Array | readonly Uint8Array[]

/** What the handle of a socket can do. Each call returns 0, or the number of a system error, which is negative. */
interface WriteHandle {
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  writeLatin1String(request: WriteRequest, text: string): number
  writev(request: WriteRequest, buffers: readonly Uint8Array[], areBuffers: true): number
  /** How many bytes of all writes under way the kernel did not take yet. */
  readonly writeQueueSize?: number
}

/** Node's object of a write that is under way. */
interface WriteRequest {
  oncomplete: ((status: number) => void) | null
  /** The bytes, which nothing else would keep while they are being written. */
  data: Data
  observer: WriteObserver | null
  /** {@link UNUSED_ID} as long as no write uses the object. */
  getAsyncId(): number
}

type WriteRequestClass = new () => WriteRequest

const UNUSED_ID = -1

/** How a write went: all was taken, the observer will be told, or the number of a system error. */
export type WriteStatus = number
export const TAKEN = 0
export const PENDING = 1
const DESTROYED = -constants.errno.EPIPE

/** Writes to handles. */
export class DirectWriter {
  private readonly requestClass: WriteRequestClass
  /** The request of the next write. */
  private spare: WriteRequest

  /** A writer whose requests are of this class, or null where that is not as expected. */
  static create(requestClass: WriteRequestClass | null): DirectWriter | null {
    if (requestClass === null) return null
    const request = new requestClass() as Partial<WriteRequest>
    const isUnused = typeof request.getAsyncId === 'function' && request.getAsyncId() === UNUSED_ID
    return isUnused ? new DirectWriter(requestClass) : null
  }

  private constructor(requestClass: WriteRequestClass) {
    this.requestClass = requestClass
    this.spare = newRequest(requestClass)
  }

  /** Whether the socket can be written to. */
  canWriteTo(socket: Socket): boolean {
    const { _handle: handle } = socket as unknown as { _handle?: Partial<WriteHandle> | null }
    return typeof handle?.writeBuffer === 'function' && typeof handle.writeLatin1String === 'function'
      && typeof handle.writev === 'function'
  }

  /** How many bytes of the writes under way the kernel did not take yet. */
  unwrittenBytes(socket: Socket): number {
    const { _handle: handle } = socket as unknown as { readonly _handle: WriteHandle | null }
    return handle?.writeQueueSize ?? 0
  }

  /** Writes to a socket that it can write to. The observer is told only where this is {@link PENDING}. */
  write(socket: Socket, output: Output, observer: WriteObserver): WriteStatus {
    const { _handle: handle } = socket as unknown as { readonly _handle: WriteHandle | null }
    return handle === null ? DESTROYED : this.writeTo(handle, output, observer)
  }

  private writeTo(handle: WriteHandle, output: Output, observer: WriteObserver): WriteStatus {
    const request = this.spare
    const data = dataOf(output)
    const status = put(handle, request, data)
    if (status === 0 && request.getAsyncId() === UNUSED_ID) return TAKEN
    this.spare = newRequest(this.requestClass)
    if (status !== 0) return status
    request.data = data
    request.observer = observer
    return PENDING
  }
}

/** The class of Node's write requests, which it does not export, as a socket shows it to its handle; null if not. */
function findRequestClass(): WriteRequestClass | null {
  let found: WriteRequestClass | null = null
  const take = (request: WriteRequest): number => {
    found = request.constructor as WriteRequestClass
    return 0
  }
  const nothing = (): number => 0
  const handle = {
    close: nothing, getAsyncId: nothing, readStart: nothing, readStop: nothing, writeLatin1String: take,
  }
  new Socket({ handle } as object).on('error', () => undefined).write('x', 'latin1')
  return found
}

/** The writer of all sockets; null where sockets must be written to in the plain way. */
export const directWriter = DirectWriter.create(findRequestClass())

/** The error of a system call, as Node's streams report it. */
export function writeError(status: number): Error {
  const code = getSystemErrorName(status)
  return Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' })
}

function newRequest(requestClass: WriteRequestClass): WriteRequest {
  const request = new requestClass()
  request.oncomplete = complete
  request.data = ''
  request.observer = null
  return request
}

function complete(this: WriteRequest, status: number): void {
  const { observer } = this
  this.data = ''
  this.observer = null
  observer?.written(status < 0 ? writeError(status) : null)
}

function dataOf(output: Output): Data {
  if (typeof output === 'string') return output
  return output.length === 1 ? IOVec.view(output[0]) : output.map(iovec => IOVec.view(iovec))
}

function put(handle: WriteHandle, request: WriteRequest, data: Data): number {
  if (typeof data === 'string') return handle.writeLatin1String(request, data)
  return Array.isArray(data) ? handle.writev(request, data, true) : handle.writeBuffer(request, data as Uint8Array)
}
