/**
 * The reactive layer, as `httprx` exports it.
 */
export {
  onBackpressureBuffer, onBackpressureDrop, onBackpressureError, onBackpressureLatest,
} from './backpressure.js'
export { BodySubject } from './body-subject.js'
export { BackpressureError, chunkSize, type Chunk } from './chunk.js'
export type { Connection } from './connection.js'
export { ControlledSubject, type ControlledSink } from './controlled-subject.js'
export type { ConnectionEvent, ConnectionEventDetail } from './events.js'
export { NoResponseError } from './handle.js'
export type { ConnectionOptions } from './options.js'
export { pulled, type Page } from './pulled.js'
export type { BodySource, HandlerResult, HeadersInit, Overflow, Reply } from './reply.js'
export { Reqd, type Handler, type UpgradeListener } from './reqd.js'
export { RequestBody } from './request-body.js'
