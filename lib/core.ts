/**
 * `httprx/core`: the HTTP/1.1 server connection as a pure state machine. It imports nothing and does no I/O, so it runs
 * in Node, a browser, a worker or a test.
 */
export {
  HandlerTimeoutError, HttpError, LocalProtocolError, RemoteProtocolError, SourceTimeoutError, type HttpErrorOptions,
  type LocalErrorCode, type RemoteErrorCode,
} from './errors.js'
export * from './message/index.js'
export { IOVec } from './buffer/iovec.js'
export type { FlushCallback, FlushResult } from './buffer/faraday.js'
export * from './connection/index.js'
