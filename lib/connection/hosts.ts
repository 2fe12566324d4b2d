/**
 * What the two halves of a connection ask of the place where they meet (exchanges.ts), and what they tell it.
 */
import type { RemoteProtocolError } from '../errors.js'
import type { Request } from '../message/request.js'
import type { BodyReader } from './body-reader.js'
import type { Failure } from './error-handler.js'

/** Whom the input half tells. @internal */
export interface InputHost {
  /** Whether the output leaves room for another response. */
  readonly mayStartRequest: boolean
  /** A request came; `reader` is null where it has no body. */
  requestArrived(request: Request, reader: BodyReader | null): void
  /** The handler of a request with a body has returned. */
  handlerReturned(): void
  /** A head, or what it says, is at fault. */
  headFailed(failure: Failure): void
  /** The body is at fault or ended early. */
  bodyFailed(error: RemoteProtocolError): void
  /** The handler closed the body. */
  bodyUnwanted(): void
  /** The client waits for leave to send the body, and the handler wants it. */
  continueWanted(): void
  /** The body was read or dropped to its end. */
  bodyDone(): void
  /** There is nothing to go on with: the input ended, or a body is too long to be dropped. */
  inputEnded(): void
  /** A callback of the application threw. */
  callbackFailed(exn: unknown): void
}

/** Whom the output half tells. @internal */
export interface OutputHost {
  /** Whether the connection could go on after the response that is about to begin. */
  readonly mayPersist: boolean
  /**
   * Whether {@link mayPersist} hangs on what the handler, which is running, does with the body: the connection can't go
   * on if it leaves the body unread.
   */
  readonly isUndecided: boolean
  /** Whether the client waits for 100 Continue; it is not asked twice. */
  takeExpectation(): boolean
  /** The response is queued to its end. */
  responseComplete(): void
  /** The response can't be completed. */
  responseCut(error: unknown): void
  /** The head of an upgrade was queued. */
  upgradeSent(): void
  /** A callback of the application threw. */
  callbackFailed(exn: unknown): void
  /** A callback threw whose exchange is over: that is not to cost another one its response. */
  lateCallbackFailed(exn: unknown): void
}
