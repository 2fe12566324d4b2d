/**
 * Where the two sides of a connection meet: requests go to the handler, failures to the error handler, and when a
 * request and its response are complete it is decided whether the connection goes on.
 *
 * Strategy: the sides tell what happened, and every decision is made here, from the states of both; `settle` is the one
 * that RFC 9112 §9.3 is about. Whatever ends the connection closes both sides at once: input is not consumed any more,
 * and queued output is still written. Only the response to an error comes after the input was closed.
 */
import { LocalProtocolError, onRejection, RemoteProtocolError } from '../errors.js'
import { requestIsPersistent } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import type { BodyReader } from './body-reader.js'
import type { Config } from './config.js'
import type { ErrorHandler, Failure } from './error-handler.js'
import type { InputHost, OutputHost } from './hosts.js'
import { InputSide } from './input-side.js'
import { OutputSide } from './output-side.js'
import type { ReqdBase, ReqdHost } from './reqd.js'

/** Whom requests go to. @internal */
export interface Handlers<R extends ReqdBase> {
  readonly errorHandler: ErrorHandler
  /** Hears of what a callback throws when its exchange is over. */
  readonly onLateError?: ((error: unknown) => void) | undefined
  /** Handles a request. */
  handler(reqd: R): void | PromiseLike<void>
  /** Makes the request descriptor of a request; `reader` is null where it has no body. */
  makeReqd(host: ReqdHost, request: Request, reader: BodyReader | null): R
}

/** Makes what a body fails with: an error with its stack costs more than all else that a connection does at its end. */
type Reason = () => unknown

const unread: Reason = () => new LocalProtocolError('bodyClosed', 'the connection closed before the body was read')
const noneFurther = (): boolean => false

/** The exchanges of one connection, one after the other. @internal */
export class Exchanges<R extends ReqdBase> implements InputHost, OutputHost {
  readonly input: InputSide
  readonly output: OutputSide
  /** What ended the work, where {@link hasFailed}. */
  failure: unknown
  hasFailed: boolean
  /** The request whose handling ended the work, or null: there is none, or the failure came between two. */
  failedReqd: ReqdBase | null
  private readonly config: Config
  private readonly handlers: Handlers<R>
  /** `awaiting`: one more request may begin, and those that came; `ending`: none. */
  private draining: 'no' | 'awaiting' | 'ending'
  /** Whether requests came behind the current one that are to be handled, too. */
  private hasFurther: () => boolean
  private isRequestPersistent: boolean

  constructor(config: Config, handlers: Handlers<R>) {
    this.input = new InputSide(this, config)
    this.output = new OutputSide(this, config, handlers.errorHandler)
    this.failure = null
    this.failedReqd = null
    this.hasFailed = false
    this.config = config
    this.handlers = handlers
    this.draining = 'no'
    this.hasFurther = noneFurther
    this.isRequestPersistent = true
  }

  get isClosed(): boolean {
    return this.input.current === 'closed' && this.output.current === 'closed'
  }

  get mayStartRequest(): boolean {
    return this.output.output.pendingBytes <= this.config.writeBufferSize
  }

  get mayPersist(): boolean {
    return this.isRequestPersistent && this.input.canReachNext
      && (this.draining === 'no' || (this.draining === 'awaiting' && this.hasFurther()))
  }

  get isUndecided(): boolean {
    return this.input.isUndecided
  }

  requestArrived(request: Request, reader: BodyReader | null): void {
    this.isRequestPersistent = requestIsPersistent(request)
    const reqd = this.handlers.makeReqd(this.output, request, reader)
    this.output.begin(reqd)
    try {
      const result: unknown = this.handlers.handler(reqd)
      if (result !== undefined) onRejection(result, exn => { this.output.bodyCallbackFailed(reqd, exn) })
    } catch (exn) {
      if (this.output.current === 'idle') this.callbackFailed(exn)
      else this.output.reqdFailed(reqd, exn)
    }
  }

  /** What the handler does with the body is known: see {@link bodyUnwanted}. */
  handlerReturned(): void {
    this.output.handlerReturned()
    this.bodyUnwanted()
  }

  headFailed(failure: Failure): void {
    this.fail(failure)
  }

  bodyFailed(error: RemoteProtocolError): void {
    this.reportExn(error)
  }

  bodyDone(): void {
    this.settle()
  }

  bodyUnwanted(): void {
    if (this.output.current === 'upgrade') this.upgradeSent()
    else this.settle()
  }

  continueWanted(): void {
    this.output.sendContinue()
  }

  takeExpectation(): boolean {
    return this.input.takeExpectation()
  }

  inputEnded(): void {
    this.end()
  }

  /**
   * Fails the current exchange. Between two exchanges there is nobody to tell: an answer would be taken for that to the
   * client's next request.
   */
  callbackFailed(exn: unknown): void {
    if (this.output.current === 'idle') this.endFailed(exn)
    else this.reportExn(exn)
  }

  lateCallbackFailed(exn: unknown): void {
    this.handlers.onLateError?.(exn)
  }

  /**
   * Fails the current exchange. Between two requests only what the peer did wrong is answered: it sent something, if
   * not a request line. A client that sent nothing would take any answer for that to its next request.
   */
  reportExn(exn: unknown): void {
    const isBetween = this.output.current === 'idle' && !this.input.isWithinHead
    if (isBetween && !(exn instanceof RemoteProtocolError)) return this.endFailed(exn)
    const request = this.output.reqd?.request ?? null
    this.fail({ error: exn, request, method: request?.method ?? this.input.method })
  }

  responseComplete(): void {
    this.settle()
  }

  responseCut(error: unknown): void {
    if (error === null) this.end(() => new LocalProtocolError('badState', 'the response was cut'))
    else this.endFailed(error)
  }

  /** RFC 9110 §7.8: the request is read to its end in HTTP/1.1 before the other protocol begins. */
  upgradeSent(): void {
    if (!this.input.body.isInUse) this.input.drain()
    this.input.wake()
  }

  /** Hands the connection over if it is free: the request is consumed, and what was queued is written. */
  handOverWhenFree(): void {
    if (!this.isHandOverDue) return
    this.input.handOver()
    this.output.handOver()
    this.wake()
  }

  /** Takes a body from its handler, whose response is complete: it does not read on, or the client does not send. */
  dropBody(): void {
    const { current } = this.output
    if (this.input.current !== 'body' || (current !== 'complete' && current !== 'upgrade')) return
    const { reader } = this.input.body
    this.failReader(reader, () => reader.isScheduled
      ? new RemoteProtocolError('requestTimeout')
      : new LocalProtocolError('bodyClosed', 'the body was left unread after the response'))
    this.bodyUnwanted()
  }

  /** A read may have ended: what had to wait for that can go on. */
  readEnded(): void {
    if (this.isHandOverDue) this.output.queue.wakeup.wake()
    this.input.wake()
  }

  /** Bytes were written: what waited for that can go on. */
  written(): void {
    this.handOverWhenFree()
    this.input.wake()
  }

  /** Handles no further request. */
  drain(): void {
    this.draining = 'ending'
    if (this.output.current === 'idle') this.end()
  }

  /** Handles further requests only where `hasFurther` says that they came, and one that the client was promised. */
  drainAwaiting(hasFurther: () => boolean): void {
    if (this.draining === 'ending') return
    this.draining = 'awaiting'
    this.hasFurther = hasFurther
  }

  /**
   * Drops what is queued: the peer takes no more. A body that is complete with `rest`, the input that was not consumed,
   * can still be read; else it fails with `error`.
   */
  outputClosed(rest: Uint8Array, reason: Reason): void {
    const reader = this.input.close(rest)
    this.output.discard()
    this.failReader(reader, reason)
    this.wake()
  }

  /** Closes both sides; a body that is not complete fails with `reason`. */
  end(reason: Reason = unread): void {
    this.close(reason)
  }

  /** Not within a read: its caller does not know yet which bytes are left for the other protocol. */
  private get isHandOverDue(): boolean {
    return this.output.isHandOverDue && this.input.current === 'done' && !this.input.bytes.isUnderWay
  }

  private endFailed(error: unknown): void {
    this.noteFailure(error)
    this.close(() => error)
  }

  /** Closes both sides; a body fails with `reason` unless it is complete with `rest`, the input not consumed. */
  close(reason: Reason, rest: Uint8Array | null = null): void {
    const reader = this.input.close(rest)
    this.output.finish()
    this.failReader(reader, reason)
    this.wake()
  }

  private fail(failure: Failure): void {
    if (this.hasFailed) {
      // Whoever answers an error can't be relied on to complete what a second failure came into.
      this.output.errorHandlerFailed()
    } else if (!this.isClosed) {
      this.noteFailure(failure.error)
      const reader = this.input.close()
      this.output.fail(failure)
      this.failReader(reader, () => failure.error)
      this.wake()
    }
  }

  private noteFailure(error: unknown): void {
    if (this.hasFailed) return
    this.hasFailed = true
    this.failure = error
    this.failedReqd = this.output.reqd
  }

  /** Decides what follows a complete response (RFC 9112 §9.3, §9.6). */
  private settle(): void {
    if (this.output.current !== 'complete' || this.input.body.isInUse) return
    if (!this.output.isPersistent || this.draining === 'ending' || !this.input.canReachNext) {
      this.end()
    } else if (this.input.current === 'done') {
      this.output.next()
      this.input.next()
    } else {
      this.input.drain()
    }
    this.input.wake()
  }

  /** The connection ends anyway, so what the application's callback throws then changes nothing. */
  private failReader(reader: BodyReader, reason: Reason): void {
    if (reader.isClosed) return
    try {
      reader.fail(reason())
    } catch (exn) {
      this.noteFailure(exn)
    }
  }

  private wake(): void {
    this.input.wake()
    this.output.queue.wakeup.wake()
  }
}
