/**
 * Takes accepted sockets from a server as handles, without Node's Socket around them.
 *
 * Strategy: a Socket is two streams with their states, listeners and ticks, of which a connection needs nothing: it
 * reads through `onread`, writes to the handle, and has its own states. So the owner of the handle, whom Node tells of
 * reads, is the transport itself. Node's read function and its class of shutdown requests are found on a Socket with a
 * fake handle; if anything is not as expected, sockets are accepted as Node does. So are they while somebody listens to
 * Node's diagnostics channel for them. A Socket is made when the connection is handed over (an upgrade).
 *
 * Measured on Node 26: a connection with one request takes 0.83 of the CPU.
 */
import { channel } from 'node:diagnostics_channel'
import { Socket, type Server } from 'node:net'
import { isNode } from './runtime.js'
import type { WriteHandle } from './write-calls.js'

/** The address of one end, as a handle reports it. */
export interface EndAddress {
  address?: string
  port?: number
}

/** Node's object for a shutdown in flight. */
interface ShutdownRequest {
  /** With null, Node calls nothing when the shutdown is over. */
  oncomplete: ((status: number) => void) | null
}

/** The handle of a socket; those of Unix sockets have no addresses, no `reset` and no `setNoDelay`. */
export interface Handle extends WriteHandle {
  onread: unknown
  /** Node's note of whether the handle reads. */
  reading: boolean
  close(done?: () => void): void
  reset?(done: () => void): number
  readStart(): number
  readStop(): number
  shutdown(request: ShutdownRequest): number
  useUserBuffer(buffer: Uint8Array): void
  getpeername?(result: EndAddress): number
  getsockname?(result: EndAddress): number
  setNoDelay?(isEnabled: boolean): void
}

/** The internals of Node that stand between a handle and its owner. */
export interface HandleCalls {
  /** The property of a handle that holds its owner. */
  readonly owner: symbol
  /** Node's read function, which finds the owner of the handle. */
  readonly onread: unknown
  /** The name of the owner's method that Node calls at each read. */
  readonly updateTimer: symbol
  readonly shutdownRequest: new () => ShutdownRequest
}

/** Finds the internals on a socket that `socketOf` makes; null if they are not as expected. Never throws. @internal */
export function findHandleCalls(socketOf = socketWith): HandleCalls | null {
  if (!isNode || process.platform === 'win32') return null
  try {
    return callsOf(socketOf)
  } catch {
    return null
  }
}

function socketWith(handle: object): Socket {
  return new Socket({ handle, allowHalfOpen: true } as object)
}

function callsOf(socketOf: (handle: object) => Socket): HandleCalls | null {
  const requests: object[] = []
  const nothing = (): number => 0
  const handle = {
    onread: null, close: nothing, getAsyncId: nothing, readStart: nothing, readStop: nothing,
    shutdown: (request: object): number => requests.push(request) - 1,
  }
  socketOf(handle).on('error', () => undefined).end()
  const owner = symbolOf(handle, 'owner_symbol')
  const updateTimer = symbolOf(Socket.prototype, 'kUpdateTimer')
  const [request] = requests
  if (owner === null || updateTimer === null || typeof handle.onread !== 'function') return null
  const shutdownRequest = request.constructor as HandleCalls['shutdownRequest']
  return { owner, updateTimer, onread: handle.onread, shutdownRequest }
}

function symbolOf(object: object, name: string): symbol | null {
  return Object.getOwnPropertySymbols(object).find(({ description }) => description === name) ?? null
}

/** The internals of this runtime; null if they are not as expected. */
export const handleCalls = findHandleCalls()

const accepted = channel('net.server.socket')

/** The handle of a listening socket. */
interface ListeningHandle {
  onconnection(status: number, handle: unknown): void
}

/** Takes what the server accepts from now on. It must be listening. */
export function takeHandles(server: Server, take: (handle: Handle) => void): void {
  const { _handle: listening } = server as unknown as { readonly _handle?: ListeningHandle | null }
  if (handleCalls === null || typeof listening?.onconnection !== 'function') return
  const onconnection = listening.onconnection.bind(listening)
  const takeOne = (status: number, handle: unknown): void => {
    if (status !== 0 || accepted.hasSubscribers || !isKnown(handle)) return onconnection(status, handle)
    handle.setNoDelay?.(true)
    take(handle)
  }
  listening.onconnection = takeOne
}

/** Names each method: V8 looks up each name of a list anew, at 1,100 instructions a connection. */
function isKnown(handle: unknown): handle is Handle {
  const known = (handle ?? {}) as Partial<Handle>
  return typeof known.close === 'function' && typeof known.readStart === 'function'
    && typeof known.readStop === 'function' && typeof known.shutdown === 'function'
    && typeof known.useUserBuffer === 'function' && typeof known.writeBuffer === 'function'
    && typeof known.writeLatin1String === 'function' && typeof known.writev === 'function'
}
