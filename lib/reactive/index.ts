/**
 * The public exports of this folder: requests and responses as Observables.
 */
export type { CloseOptions } from './close-options.js'
export type { ConnectionOptions } from './connection-options.js'
export type { Connection } from './connection-view.js'
export { handleEach, type HandleEachOptions } from './handle-each.js'
export type { BodySource, HandlerResult, HeadTiming, Reply } from './reply.js'
export type { HeadersInit } from './reply-fields.js'
export { BodyValue } from './request-body/body-value.js'
export { RequestBody } from './request-body/request-body.js'
export { fromBody, toAsyncIterable, toReadableStream } from './response-body/body-streams.js'
export { BodySubject } from './response-body/body-subject.js'
export { Reqd, type Handler, type UpgradeListener } from './streamed-reqd.js'
