/**
 * The write calls of a socket's handle, in the two conventions that Node has had.
 *
 * Strategy: up to Node 25 the caller passes a request object; the write was taken at once if the object got no
 * asynchronous id, and then the object can be reused, for any socket (Node itself makes a new one for each write). From
 * Node 26 on the caller passes null and gets a number if the write is complete, a request object if it is not. The
 * wrong convention crashes the process (the arguments are checked by assertions), so it is detected by observing what
 * one of the runtime's sockets passes to a fake handle. All three kinds of writes must agree, or none is used.
 *
 * @see https://github.com/nodejs/node/blob/main/lib/internal/stream_base_commons.js
 */
import { Socket } from 'node:net'
import { constants } from 'node:os'
import type { WriteObserver } from '../runtime/transport.js'
import { isNode } from './runtime.js'

/** The data of a write. */
export type Data = string | Uint8Array | readonly Uint8Array[]

/** The result of a call: 0, a negative system error, or the request of a write in flight. */
type Result = number | WriteRequest

/** The methods of a socket's handle. */
export interface WriteHandle {
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): Result
  writeLatin1String(request: WriteRequest | null, text: string): Result
  writev(request: WriteRequest | null, buffers: readonly Uint8Array[], areBuffers: true): Result
  /** Bytes of all writes in flight that the kernel has not taken. */
  readonly writeQueueSize?: number
}

/** Node's object for a write in flight. */
export interface WriteRequest {
  oncomplete: ((status: number) => void) | null
  /** The bytes, referenced here so that they are not collected during the write. */
  data: Data
  observer: WriteObserver | null
  /** Node 26: the outcome of a write that completed before `oncomplete` could be set; null otherwise. */
  readonly writeStatus?: number | null
  /** Returns {@link UNUSED_ID} while no write uses the object. */
  getAsyncId(): number
}

type WriteRequestClass = new () => WriteRequest

const UNUSED_ID = -1

/** A convention of writing to handles. */
export interface WriteCalls {
  /** Writes. Returns 0 if everything was taken, a negative system error, or the request of a write in flight. */
  write(handle: WriteHandle, data: Data): Result
}

/** The convention up to Node 25: the caller passes a request, which Node uses only if the write stays in flight. */
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

/** The convention from Node 26 on: the caller passes null and gets a request only if the write stays in flight. */
export class ReturnedRequests implements WriteCalls {
  write(handle: WriteHandle, data: Data): Result {
    const result = put(handle, null, data)
    return typeof result === 'number' ? result : statusOf(result)
  }
}

/** Returns the result of a returned request. An unused one means that the write was refused after the output's end. */
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

/** Detects the convention of this runtime, with sockets that `socketOf` makes; null if it is unknown. Never throws. */
export function findWriteCalls(socketOf = socketWith): WriteCalls | null {
  if (!isNode) return null
  try {
    return callsOf(requestsOf(socketOf))
  } catch {
    return null
  }
}

/** The three kinds of writes, each tried on its own socket. */
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
 * Returns what the runtime passes to a handle as request, one for each kind of write. Each has its own socket, because
 * Node up to 25 takes a write's completion from process-wide state, and a second write would wait for it.
 * @internal
 */
export function requestsOf(socketOf: (handle: object) => Socket): unknown[] {
  const given: unknown[] = []
  for (const attempt of ATTEMPTS) attempt(watched(socketOf, given))
  return given
}

/** Returns a socket whose fake handle collects the requests that it is passed. */
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

/** Returns the convention that these requests show; null if it is unknown. @internal */
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
