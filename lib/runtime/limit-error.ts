/**
 * The error with which a request fails when it reaches a time limit.
 *
 * Strategy: the class says whose fault it was, as in errors.ts, and the error handler takes the status from it: 408 for
 * a client that does not send, 503 for a handler that does not respond. The response of a source that falls silent has
 * begun already, so it is cut.
 */
import { HandlerTimeoutError, RemoteProtocolError, SourceTimeoutError } from '../errors.js'
import type { Limit } from './deadlines.js'

/** The limits that fail a single request, whose response then tells the client. */
export type RequestLimit = Extract<
  Limit, 'readTimeout' | 'requestTimeout' | 'handlerTimeout' | 'errorHandlerTimeout' | 'sourceTimeout'
>

/** Returns the error by fault: the client's, the handler's, or that of the response's source. */
export function limitError(limit: RequestLimit): Error {
  switch (limit) {
    case 'readTimeout':
    case 'requestTimeout': return new RemoteProtocolError('requestTimeout')
    case 'sourceTimeout': return new SourceTimeoutError()
    default: return new HandlerTimeoutError()
  }
}
