/**
 * The functions of its user that a connection calls: the handlers of requests, errors and failures.
 *
 * Strategy: one object for all connections of a server. The layer above also makes the request descriptors, so that the
 * reactive API has a class of its own without a wrapper around this layer's.
 */
import type { Request } from '../message/request.js'
import type { BodyReader } from './body-reader.js'
import type { ErrorHandler } from './error-handler.js'
import type { ReqdBase, ReqdHost } from './reqd.js'

/** The user of a connection. @internal */
export interface Handlers {
  readonly errorHandler: ErrorHandler
  /** Receives errors of callbacks that are not the failure: their exchange is over, or another came first. */
  onLateError?(error: unknown, reqd: ReqdBase | null): void
  /** Receives the failure that ended the connection's work, once, before it is answered. It must not throw. */
  onFailure?(error: unknown, reqd: ReqdBase | null): void
  /** Handles a request that {@link makeReqd} made. */
  handler(reqd: ReqdBase): void | PromiseLike<void>
  /** Makes the request descriptor of a request; `reader` is null if it has no body. */
  makeReqd(host: ReqdHost, request: Request, reader: BodyReader | null): ReqdBase
}
