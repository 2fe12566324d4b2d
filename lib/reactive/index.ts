/**
 * The reactive layer, as `httprx` exports it.
 */
export {
  onBackpressureBuffer, onBackpressureDrop, onBackpressureError, onBackpressureLatest,
  type BackpressureBufferOptions, type BufferOverflow,
} from './backpressure.js'
export { fromBody, toAsyncIterable, toReadableStream } from './body-streams.js'
export { BodyValue } from './body-value.js'
export { BodySubject } from './body-subject.js'
export { BackpressureError, chunkSize, type Chunk } from './chunk.js'
export type { Connection } from './connection.js'
export { ControlledSubject, type ControlledSink, type SinkResult, type WaterMarks } from './controlled-subject.js'
export type { Limit } from './deadlines.js'
export type { ConnectionEvent, ConnectionEventDetail } from './events.js'
export { concatMap, mergeMap } from './flattening.js'
export { fromSource, type Source } from './from-source.js'
export { NoResponseError } from './handle.js'
export { handleEach, type HandleEachOptions } from './handle-each.js'
export type { ConnectionOptions } from './options.js'
export type { Overflow } from './overflow.js'
export {
  fromPublisher, toPublisher, type FromPublisherOptions, type Publisher, type Subscriber, type Subscription,
  type ToPublisherOptions,
} from './publisher.js'
export type { CertificateName, PeerCertificate } from './peer-certificate.js'
export { pulled, type NextPage, type Page } from './pulled.js'
export type { BodySource, HandlerResult, HeadTiming, Reply } from './reply.js'
export type { HeadersInit } from './reply-fields.js'
export { Reqd, type Handler, type UpgradeListener } from './reqd.js'
export { RequestBody } from './request-body.js'
