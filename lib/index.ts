/**
 * `httprx`: the server. Bytes, requests, bodies and demand are Observables.
 *
 * The state machine alone, with its own request descriptor, is `httprx/core`.
 */
export { IOVec } from './buffer/iovec.js'
export { statusOf, type ErrorHandler } from './connection/error-handler.js'
export type { StreamingOptions } from './connection/reqd.js'
export {
  BackpressureError, ConnectionClosedError, HandlerTimeoutError, HandshakeError, HttpError, ListenError,
  LocalProtocolError, NoResponseError, RemoteProtocolError, SourceTimeoutError,
  type HttpErrorOptions, type LocalErrorCode, type RemoteErrorCode,
} from './errors.js'
export * from './message/index.js'
export * from './demand/index.js'
export * from './node/index.js'
export * from './reactive/index.js'
export * from './runtime/index.js'
