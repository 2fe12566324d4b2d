/**
 * HTTP's messages as values: methods, statuses, fields, requests and responses. No bytes, no state.
 */
export type { BodyLength } from './body-length.js'
export type { Field } from './headers.js'
export type { StandardMethod } from './method.js'
export type { RequestOptions } from './request.js'
export type { ResponseOptions } from './response.js'
export { CHUNKED, CLOSE_DELIMITED, NO_BODY, requestBodyLength, responseBodyLength } from './body-length.js'
export { Headers } from './headers.js'
export { Method } from './method.js'
export { expectation, isUpgradeRequest, requestIsPersistent } from './persistence.js'
export { Request } from './request.js'
export { Response } from './response.js'
export { Status } from './status.js'
export { Version } from './version.js'
