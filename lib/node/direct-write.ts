/**
 * Writes to a socket's handle directly.
 *
 * Strategy: a Node socket writes through a Writable, which queues, counts bytes and calls back through the tick queue.
 * A connection has its own queue and counters, so this file calls the handle underneath. How the handle tells whether
 * the kernel took everything at once depends on the version of Node; write-calls.ts detects it. If the internals are
 * not as expected (another version of Node, another runtime, another kind of handle), the socket is written to as a
 * stream. Measured on hello: 0.90 of the CPU of the stream.
 *
 * It deliberately does not wait for the stream's own writes: nobody else writes to the socket until it is released.
 */
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { IOVec } from '../buffer/iovec.js'
import type { Output, WriteObserver } from '../runtime/transport.js'
import { findWriteCalls, type Data, type WriteCalls, type WriteHandle, type WriteRequest } from './write-calls.js'

/** The result of a write: {@link TAKEN}, {@link PENDING} (the observer is called later), or a negative system error. */
export type WriteStatus = number
export const TAKEN = 0
export const PENDING = 1
const DESTROYED = -constants.errno.EPIPE

/** Writes to the handles of sockets. */
export class DirectWriter {
  private readonly calls: WriteCalls

  /** Returns a writer that uses these calls; null if there are none. */
  static create(calls: WriteCalls | null): DirectWriter | null {
    return calls === null ? null : new DirectWriter(calls)
  }

  private constructor(calls: WriteCalls) {
    this.calls = calls
  }

  /** Whether the socket's handle has the expected methods. */
  canWriteTo(socket: Socket): boolean {
    const { _handle: handle } = socket as unknown as { _handle?: Partial<WriteHandle> | null }
    return typeof handle?.writeBuffer === 'function' && typeof handle.writeLatin1String === 'function'
      && typeof handle.writev === 'function'
  }

  /** Bytes of the writes in flight that the kernel has not taken. */
  unwrittenBytes(socket: Socket): number {
    const { _handle: handle } = socket as unknown as { readonly _handle: WriteHandle | null }
    return handle?.writeQueueSize ?? 0
  }

  /** Writes to a socket for which {@link canWriteTo} is true. The observer is called only after {@link PENDING}. */
  write(socket: Socket, output: Output, observer: WriteObserver): WriteStatus {
    const { _handle: handle } = socket as unknown as { readonly _handle: WriteHandle | null }
    return handle === null ? DESTROYED : this.writeTo(handle, output, observer)
  }

  /** As {@link write}, to the handle itself. */
  writeTo(handle: WriteHandle, output: Output, observer: WriteObserver): WriteStatus {
    const data = dataOf(output)
    const result = this.calls.write(handle, data)
    if (typeof result === 'number') return result
    result.oncomplete = complete
    result.data = data
    result.observer = observer
    return PENDING
  }
}

/** The writer of all sockets; null if sockets must be written to as streams. */
export const directWriter = DirectWriter.create(findWriteCalls())

/** Returns the error of a system call, as Node's streams report it. */
export function systemError(syscall: string, status: number): Error {
  const code = getSystemErrorName(status)
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: status, syscall })
}

function complete(this: WriteRequest, status: number): void {
  const { observer } = this
  this.data = ''
  this.observer = null
  observer?.written(status < 0 ? systemError('write', status) : null)
}

function dataOf(output: Output): Data {
  if (typeof output === 'string') return output
  return output.length === 1 ? IOVec.view(output[0]) : output.map(iovec => IOVec.view(iovec))
}
