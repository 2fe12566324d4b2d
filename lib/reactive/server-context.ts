/**
 * Builds the state that the connections of a server share from the server's options.
 *
 * Strategy: options become settings once, here; connections read settings and never options. All kinds of servers
 * (sockets, virtual time) use it and differ only in their {@link Platform}.
 */
import type { SchedulerLike } from 'rxjs'
import { currentContext, runApart, type Context } from '../application/context.js'
import type { Config } from '../connection/config.js'
import { defaultErrorHandler, type ErrorHandler } from '../connection/error-handler.js'
import { settledMarks } from '../demand/water-marks.js'
import { Clock } from '../runtime/clock.js'
import type { TurnTasks } from '../runtime/turn-tasks.js'
import { attempt } from '../thrown.js'
import { settingsOf, type ConnectionOptions, type Settings } from './connection-options.js'
import type { HttpConnection, ServerContext } from './http-connection.js'
import type { Handler } from './streamed-reqd.js'

type OnError = ServerContext['onError']

/** The defaults of a kind of server: its scheduling, and its report of errors. */
export interface Platform extends TurnTasks {
  readonly scheduler: SchedulerLike
  /** Receives errors if the options have no `onError`, and the exceptions of that. */
  readonly onError: (error: unknown) => void
}

/** Makes the context of a server whose connections call `connectionClosed` when they are over. */
export function serverContext(
  handler: Handler | null, options: ConnectionOptions, platform: Platform,
  connectionClosed: (connection: HttpConnection) => void,
): ServerContext {
  const settings = settingsOf(options)
  const clock = new Clock(settings.connectionsCheckingInterval, options.scheduler ?? platform.scheduler)
  const config = configOf(settings, clock)
  const home = currentContext()
  return {
    settings,
    timeLimits: settings,
    config,
    encryptedConfig: settings.trustProxy ? config : { ...config, scheme: 'https' },
    readLimits: {
      readBufferSize: config.readBufferSize,
      lingerBytes: settings.lingerBytes,
      allowHalfOpen: settings.allowHalfOpen,
    },
    marks: settledMarks({ highWaterMark: options.highWaterMark, lowWaterMark: options.lowWaterMark }),
    clock,
    handler,
    home,
    errorHandler: errorHandlerAt(home, options.errorHandler ?? defaultErrorHandler),
    defer: platform.defer,
    later: platform.later,
    onError: options.onError === undefined ? platform.onError : guarded(home, options.onError, platform.onError),
    afterRead: platform.afterRead,
    events: null,
    requests: null,
    connectionClosed,
  }
}

/**
 * Calls the error handler for a request that cannot be read in the context of the server: the handler of an earlier one
 * in the same read may have entered a store.
 */
function errorHandlerAt(home: Context, errorHandler: ErrorHandler): ErrorHandler {
  return (error, startResponse, request) => request === undefined
    ? runApart(home, () => errorHandler(error, startResponse))
    : errorHandler(error, startResponse, request)
}

/**
 * Passes exceptions of the application's `onError` to `fallback`: a bad request must not end the process. As
 * {@link errorHandlerAt} for an error of no request.
 */
function guarded(home: Context, onError: OnError, fallback: Platform['onError']): OnError {
  const call = onError as (...args: unknown[]) => unknown
  return (error, reqd) => {
    attempt(() => reqd === null ? runApart(home, () => call(error, null)) : call(error, reqd), fallback)
  }
}

/** Returns the scheme that request targets must have; null (either) behind a trusted proxy. */
function schemeOf({ trustProxy }: Settings): Config['scheme'] {
  return trustProxy ? null : 'http'
}

/** Returns the Keep-Alive hint in whole seconds, rounded down: the client must not rely on more than the limit. */
function keepAliveOf({ keepAliveHint, keepAliveTimeout }: Settings): number {
  return keepAliveHint ? Math.floor(keepAliveTimeout / 1000) : 0
}

/** Returns the core's part of the settings. */
function configOf(settings: Settings, clock: Clock): Config {
  const { maxHeaderSize, maxHeadersCount, readBufferSize, writeBufferSize, drainLimit } = settings
  const limits = { maxHeaderSize, maxHeadersCount, readBufferSize, writeBufferSize, drainLimit }
  return { ...limits, scheme: schemeOf(settings), keepAlive: keepAliveOf(settings), date: () => clock.date() }
}
