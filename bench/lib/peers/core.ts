/**
 * The bare core behind the sockets, loops and time limits of `serve`, without the reactive `Reqd` and without handlers
 * that return replies.
 */
import { createServer, type Socket } from 'node:net'
import type * as Core from 'httprx/core'
import { internal } from '../internals.js'
import { GREETING } from '../scenario.js'
import { listening } from './listening.js'

interface Context {
  readonly config: object
}

interface Host {
  readonly isObserved: boolean
  emit(): void
  turnEnded(): void
  transportFailed(): void
  finished(): void
}

interface Internals {
  readonly Driver: new (
    core: Core.ServerConnection, transport: object, context: Context, host: Host,
  ) => { start(): void }
  readonly SocketTransport: new (socket: Socket) => object
  readonly NODE_PLATFORM: object
  readonly serverContext: (handler: null, options: object, platform: object, closed: () => void) => Context
}

const nothing = (): void => undefined
const HOST: Host = {
  isObserved: false, emit: nothing, turnEnded: nothing, transportFailed: nothing, finished: nothing,
}

export async function start(): Promise<number> {
  const { Response, ServerConnection } = await internal<typeof Core>('core')
  const { Driver } = await internal<Internals>('runtime/driver')
  const { SocketTransport } = await internal<Internals>('node/socket-transport')
  const { NODE_PLATFORM } = await internal<Internals>('node/platform')
  const { serverContext } = await internal<Internals>('reactive/server-context')
  const context = serverContext(null, {}, NODE_PLATFORM, nothing)
  return listening(createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, socket => {
    const { config } = context
    const connection = ServerConnection.create(reqd => {
      reqd.respondWithString(Response.create(200), GREETING)
    }, { config })
    new Driver(connection, new SocketTransport(socket), context, HOST).start()
  }))
}
