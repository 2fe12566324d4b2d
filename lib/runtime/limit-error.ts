/**
 * What a request fails with whose time limit was reached.
 */
import { HandlerTimeoutError, RemoteProtocolError, SourceTimeoutError } from '../errors.js'
import type { Limit } from './deadlines.js'

/** The limits that are a request's own: its response says which was reached. */
export type RequestLimit = Extract<
  Limit, 'readTimeout' | 'requestTimeout' | 'handlerTimeout' | 'errorHandlerTimeout' | 'sourceTimeout'
>

/** Returns the error of the request: the client's fault, the handler's, or that of the source of the response. */
export function limitError(limit: RequestLimit): Error {
  switch (limit) {
    case 'readTimeout':
    case 'requestTimeout': return new RemoteProtocolError('requestTimeout')
    case 'sourceTimeout': return new SourceTimeoutError()
    default: return new HandlerTimeoutError()
  }
}
