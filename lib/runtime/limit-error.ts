/**
 * The error with which a request fails when it reaches a time limit.
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
