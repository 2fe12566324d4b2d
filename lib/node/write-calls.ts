/**
 * The write calls of a socket's handle, in the two ways that Node has had.
 *
 * Strategy: up to Node 25 the caller gives a request object, and the write was taken at once if the object got no
 * asynchronous id. As long as it has none it serves again, for any socket, where Node makes a new one for each write.
 * From Node 26 on the caller gives null, and gets a number where the write is over, a request object where it is not.
 * The wrong one of the two ends the process (the arguments are checked by assertions), so a socket of the runtime is
 * watched writing to a handle of ours. It must do all three kinds of writes in the same way, or no way is found.
 *
 * @see https://github.com/nodejs/node/blob/main/lib/internal/stream_base_commons.js
 */
import { Socket } from 'node:net'
import { constants } from 'node:os'
import type { WriteObserver } from '../runtime/transport.js'
import { isNode } from './runtime.js'

/** What a handle takes. */
export type Data = string | Uint8Array | readonly Uint8Array[]

/** What a call returns: 0, or the number of a system error, which is negative, or the request of a write under way. */
type Result = number | WriteRequest

/** What the handle of a socket can do. */
export interface WriteHandle {
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): Result
  writeLatin1String(request: WriteRequest | null, text: string): Result
  writev(request: WriteRequest | null, buffers: readonly Uint8Array[], areBuffers: true): Result
  /** How many bytes of all writes under way the kernel did not take yet. */
  readonly writeQueueSize?: number
}

/** Node's object of a write that is under way. */
export interface WriteRequest {
  oncomplete: ((status: number) => void) | null
  /** The bytes, which nothing else would keep while they are being written. */
  data: Data
  observer: WriteObserver | null
  /** The outcome of a write that was over before `oncomplete` could be set; null otherwise. Node 26. */
  readonly writeStatus?: number | null
  /** {@link UNUSED_ID} as long as no write uses the object. */
  getAsyncId(): number
}

type WriteRequestClass = new () => WriteRequest

const UNUSED_ID = -1

/** A way to write to handles. */
export interface WriteCalls {
  /** Writes, and returns 0 if all was taken, the negative number of a system error, or the request if it goes on. */
  write(handle: WriteHandle, data: Data): Result
}

/** Calls that are given a request, which Node uses only where the kernel did not take all at once. */
export class GivenRequests implements WriteCalls {
  private readonly requestClass: WriteRequestClass
  /** The request of the next write. */
  private spare: WriteRequest

  constructor(requestClass: WriteRequestClass) {
    this.requestClass = requestClass
    this.spare = new requestClass()
  }

  write(handle: WriteHandle, data: Data): Result {
    const request = this.spare
    const status = put(handle, request, data)
    if (status === 0 && request.getAsyncId() === UNUSED_ID) return 0
    this.spare = new this.requestClass()
    return status === 0 ? request : status
  }
}

/** Calls that are given null, and return a request where the kernel did not take all at once. */
export class ReturnedRequests implements WriteCalls {
  write(handle: WriteHandle, data: Data): Result {
    const result = put(handle, null, data)
    return typeof result === 'number' ? result : statusOf(result)
  }
}

/** A request that nobody uses is one of a write that was refused: the socket's side was ended. */
function statusOf(request: WriteRequest): Result {
  const { writeStatus } = request
  if (typeof writeStatus === 'number') return Math.min(writeStatus, 0)
  return request.getAsyncId() === UNUSED_ID ? -constants.errno.EPIPE : request
}

function put(handle: WriteHandle, request: WriteRequest | null, data: Data): Result {
  if (typeof data === 'string') return handle.writeLatin1String(request, data)
  return Array.isArray(data) ? handle.writev(request, data, true) : handle.writeBuffer(request, data as Uint8Array)
}

function socketWith(handle: object): Socket {
  return new Socket({ handle } as object)
}

/** The write calls of this runtime, whose sockets `socketOf` makes; null where they are not known. It never throws. */
export function findWriteCalls(socketOf = socketWith): WriteCalls | null {
  if (!isNode) return null
  try {
    return callsOf(requestsOf(socketOf))
  } catch {
    return null
  }
}

/** The three kinds of writes, each as the only one of its socket. */
const ATTEMPTS: readonly ((socket: Socket) => void)[] = [
  socket => socket.write('x', 'latin1'),
  socket => socket.write(Buffer.of(0)),
  socket => {
    socket.cork()
    socket.write(Buffer.of(0))
    socket.write(Buffer.of(0))
    socket.uncork()
  },
]

/**
 * What the runtime gives to a handle as requests, one for each kind of write. Each is tried with a socket of its own:
 * Node up to 25 asks the last write of the whole process whether a write is over, and the next would wait for it.
 * @internal
 */
export function requestsOf(socketOf: (handle: object) => Socket): unknown[] {
  const given: unknown[] = []
  for (const attempt of ATTEMPTS) attempt(watched(socketOf, given))
  return given
}

/** A socket that does nothing but tell what its handle is given. */
function watched(socketOf: (handle: object) => Socket, given: unknown[]): Socket {
  const take = (request: unknown): number => {
    given.push(request)
    return 0
  }
  const nothing = (): number => 0
  const socket = socketOf({
    close: nothing, getAsyncId: nothing, readStart: nothing, readStop: nothing,
    writeBuffer: take, writeLatin1String: take, writev: take,
  })
  return socket.on('error', () => undefined)
}

/** The calls that go with requests as given; null where none do. @internal */
export function callsOf(given: readonly unknown[]): WriteCalls | null {
  if (given.length !== 3) return null
  if (given.every(request => request === null)) return new ReturnedRequests()
  const requestClass = classOf(given[0])
  const isKnown = requestClass !== null && given.every(request => classOf(request) === requestClass)
    && idOf(new requestClass()) === UNUSED_ID
  return isKnown ? new GivenRequests(requestClass) : null
}

function classOf(request: unknown): WriteRequestClass | null {
  const found = (request as { constructor?: unknown } | null | undefined)?.constructor
  return typeof found === 'function' ? found as WriteRequestClass : null
}

function idOf(request: Partial<WriteRequest>): number | null {
  return typeof request.getAsyncId === 'function' ? request.getAsyncId() : null
}
