/**
 * The state machine, as `httprx/core` exports it.
 */
export * as Body from './body.js'
export { DEFAULT_CONFIG, type Config } from './config.js'
export { defaultErrorHandler, statusOf, type ErrorHandler } from './error-handler.js'
export type { ReadOperation, WriteOperation, WriteResult } from './operation.js'
export { Reqd, type ExchangeResult, ReqdBase, type ResponseState, type StreamingOptions } from './reqd.js'
export { ConnectionState } from './connection-state.js'
export { ServerConnection } from './server-connection.js'
export type { ServerConnectionOptions } from './server-connection-options.js'
