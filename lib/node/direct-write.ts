/**
 * Writing to a socket's handle.
 *
 * Strategy: a socket of Node writes through a Writable, which keeps a queue, counts, and calls back by the queue of
 * ticks. A connection has its own queue and counts itself, so here the call is made that is beneath all that. How that
 * call says whether the kernel took all at once depends on Node; write-calls.ts finds out. Where the parts are not as
 * expected (another version of Node, another runtime, a handle of another kind), the socket is written to in the plain
 * way. Measured on hello: 0.90 of the CPU of the plain way.
 *
 * It deliberately does not wait for writes of the stream: nobody writes to the socket otherwise until it is released.
 */
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { IOVec } from '../buffer/iovec.js'
import type { Output, WriteObserver } from '../runtime/transport.js'
import { findWriteCalls, type Data, type WriteCalls, type WriteHandle, type WriteRequest } from './write-calls.js'

/** How a write went: all was taken, the observer will be told, or the number of a system error. */
export type WriteStatus = number
export const TAKEN = 0
export const PENDING = 1
const DESTROYED = -constants.errno.EPIPE

/** Writes to handles. */
export class DirectWriter {
  private readonly calls: WriteCalls

  /** A writer that makes these calls, or null where there are none. */
  static create(calls: WriteCalls | null): DirectWriter | null {
    return calls === null ? null : new DirectWriter(calls)
  }

  private constructor(calls: WriteCalls) {
    this.calls = calls
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
    const data = dataOf(output)
    const result = this.calls.write(handle, data)
    if (typeof result === 'number') return result
    result.oncomplete = complete
    result.data = data
    result.observer = observer
    return PENDING
  }
}

/** The writer of all sockets; null where sockets must be written to in the plain way. */
export const directWriter = DirectWriter.create(findWriteCalls())

/** The error of a system call, as Node's streams report it. */
export function writeError(status: number): Error {
  const code = getSystemErrorName(status)
  return Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' })
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
