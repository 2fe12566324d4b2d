/**
 * The decisions that concern both halves of a connection: whether it stays open, ends, or is handed over.
 *
 * Strategy: this class extends the output half (output-side.ts) and owns the input half; it makes the decisions that
 * need the states of both. `settle` is the one of RFC 9112 §9.3. The output half decides the form of a response;
 * request-reader.ts, which calls this file, decides which bytes of a read are consumed. The end of the connection
 * always closes both halves: no more input is consumed, and queued output is still written. Only the response to an
 * error is made after the input was closed.
 */
import { LocalProtocolError, RemoteProtocolError } from '../errors.js'
import { requestIsPersistent } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import { attempt, onRejection } from '../thrown.js'
import type { BodyReader } from './body-reader.js'
import type { BodyWriter } from './body-writer.js'
import type { Config } from './config.js'
import type { Failure } from './error-handler.js'
import type { Handlers } from './handlers.js'
import type { ReadOperation } from './operation.js'
import { OutputSide } from './output-side.js'
import type { ReqdBase, ReqdHost } from './reqd.js'

/** Makes the error that a body fails with: its stack costs more than the rest of a connection's end. */
type Reason = () => unknown

const unread: Reason = () => new LocalProtocolError('bodyClosed', 'the connection closed before the body was read')
const noneFurther = (): boolean => false

/** The exchanges of one connection, one after the other. @internal */
export class Exchanges extends OutputSide implements ReqdHost {
  /** The failure that ended the work, if {@link hasFailed}. */
  failure: unknown
  hasFailed: boolean
  /** `awaiting`: one more request may begin, and those that have arrived; `ending`: none. */
  private draining: 'no' | 'awaiting' | 'ending'
  /** Whether requests after the current one have arrived and are to be handled, too. */
  private hasFurther: () => boolean
  private isRequestPersistent: boolean

  constructor(config: Config, handlers: Handlers) {
    super(config, handlers)
    this.failure = null
    this.hasFailed = false
    this.draining = 'no'
    this.hasFurther = noneFurther
    this.isRequestPersistent = true
  }

  hasFailedWith(error: unknown): boolean {
    return this.hasFailed && Object.is(error, this.failure)
  }

  get isClosed(): boolean {
    return this.input.current === 'closed' && this.output === 'closed'
  }

  /** Whether the output leaves room for another response. */
  get mayStartRequest(): boolean {
    return this.queue.bytes.pendingBytes <= this.config.writeBufferSize
  }

  protected override get mayPersist(): boolean {
    return this.isRequestPersistent && this.input.canReachNext
      && (this.draining === 'no' || (this.draining === 'awaiting' && this.hasFurther()))
  }

  nextReadOperation(): ReadOperation {
    return this.input.nextOperation(this.mayStartRequest)
  }

  /** Begins a request; `reader` is null if it has no body. */
  requestArrived(request: Request, reader: BodyReader | null): void {
    this.isRequestPersistent = requestIsPersistent(request)
    const reqd = this.handlers.makeReqd(this, request, reader)
    this.begin(reqd)
    try {
      const result: unknown = this.handlers.handler(reqd)
      if (result !== undefined) onRejection(result, exn => { this.chargeTo(reqd === this.reqd, exn) })
    } catch (exn) {
      this.chargeTo(reqd === this.reqd || this.output === 'idle', exn)
    }
  }

  /** The handler of a request with a body has returned: see {@link bodyUnwanted}. */
  handlerReturned(): void {
    this.sendWaiting()
    this.bodyUnwanted()
  }

  bodyWanted(): void {
    if (this.input.takeExpectation()) this.sendContinue()
    this.wakeReader()
  }

  bodyUnwanted(): void {
    if (this.output === 'upgrade') this.upgradeSent()
    else this.settle()
  }

  bodyCallbackFailed(reader: BodyReader, exn: unknown): void {
    this.chargeTo(this.reqd?.requestBody === reader, exn)
  }

  /** Runs a callback that the application gave to the writer `owner`, or to no writer. */
  override guard(callback: () => unknown, owner: BodyWriter | null): void {
    attempt(callback, exn => { this.chargeTo(owner === this.writer || this.output === 'idle', exn) })
  }

  /** A callback that passes on the failure of the connection says nothing new. */
  override lateCallbackFailed(exn: unknown, reqd: ReqdBase | null): void {
    if (!this.hasFailedWith(exn)) this.handlers.onLateError?.(exn, reqd)
  }

  reqdFailed(reqd: ReqdBase, exn: unknown): boolean {
    return reqd === this.reqd && this.callbackFailed(exn)
  }

  /**
   * Fails the current exchange. Between two exchanges no answer is sent: the client would take it for the response to
   * its next request.
   */
  override callbackFailed(exn: unknown): boolean {
    return this.output === 'idle' ? this.endFailed(exn) : this.reportExn(exn)
  }

  /**
   * Fails the current exchange. Between two requests only faults of the peer are answered: it sent at least something.
   * A client that sent nothing would take any answer for the response to its next request. Returns whether the error is
   * the failure of the connection: the first, while it was open.
   */
  reportExn(exn: unknown): boolean {
    const isBetween = this.output === 'idle' && !this.input.isWithinHead
    if (isBetween && !(exn instanceof RemoteProtocolError)) return this.endFailed(exn)
    const request = this.reqd?.request ?? null
    return this.fail({ error: exn, request, method: request?.method ?? this.input.head.method })
  }

  protected override responseCut(error: unknown): void {
    if (error === null) this.close(() => new LocalProtocolError('badState', 'the response was cut'))
    else this.endFailed(error)
  }

  /** RFC 9110 §7.8: the request is read to its end in HTTP/1.1 before the other protocol begins. */
  protected override upgradeSent(): void {
    if (!this.input.body.isInUse) this.input.drain()
    this.wakeReader()
  }

  /** Hands the connection over if the request is consumed and all queued output is written. */
  handOverWhenFree(): void {
    if (!this.isHandOverDue) return
    this.input.handOver()
    this.callUpgradeHandler()
    this.wake()
  }

  /** Drops the body of a request whose response is complete: the handler does not read, or the client does not send. */
  dropBody(): void {
    if (this.input.current !== 'body' || (this.output !== 'complete' && this.output !== 'upgrade')) return
    const { reader } = this.input.body
    this.failReader(reader, () => reader.isScheduled
      ? new RemoteProtocolError('requestTimeout')
      : new LocalProtocolError('bodyClosed', 'the body was left unread after the response'))
    this.bodyUnwanted()
  }

  /** A read may have ended: continues a hand-over and wakes the reader, if they waited for that. */
  readEnded(): void {
    if (this.isHandOverDue) this.queue.wakeup.wake()
    this.wakeReader()
  }

  /** Bytes were written: continues a hand-over and wakes the reader, if they waited for that. */
  written(): void {
    this.handOverWhenFree()
    this.wakeReader()
  }

  /** Handles no further request. */
  drain(): void {
    this.draining = 'ending'
    if (this.output === 'idle') this.close()
  }

  /** Handles one more request that the client was promised, and further ones only if `hasFurther` returns true. */
  drainAwaiting(hasFurther: () => boolean): void {
    if (this.draining === 'ending') return
    this.draining = 'awaiting'
    this.hasFurther = hasFurther
  }

  /**
   * Drops queued output: the peer accepts no more. A body that is complete with `rest`, the unconsumed input, can still
   * be read; otherwise it fails with `reason`.
   */
  outputClosed(rest: Uint8Array, reason: Reason): void {
    const reader = this.input.close(rest)
    this.discard()
    this.failReader(reader, reason)
    this.wake()
  }

  /** Whether to hand over now. Not during a read: its caller must first learn which bytes the new protocol gets. */
  private get isHandOverDue(): boolean {
    return this.isFreeForUpgrade && this.input.current === 'done' && !this.input.bytes.isUnderWay
  }

  private endFailed(error: unknown): boolean {
    const isFirst = this.noteFailure(error)
    this.close(() => error)
    return isFirst
  }

  /** Closes both sides; a body fails with `reason` unless it is complete with `rest`, the unconsumed input. */
  close(reason: Reason = unread, rest: Uint8Array | null = null): void {
    const reader = this.input.close(rest)
    this.finish()
    this.failReader(reader, reason)
    this.wake()
  }

  /** Ends the work: the failure is answered if no response has begun. Returns whether it is the first. */
  fail(failure: Failure): boolean {
    if (this.hasFailed) {
      // An error handler cannot be trusted to complete a response that a second failure interrupted.
      this.errorHandlerFailed()
      return false
    }
    if (this.isClosed) return false
    const reader = this.input.close()
    this.noteFailure(failure.error)
    this.answer(failure)
    this.failReader(reader, () => failure.error)
    this.wake()
    return true
  }

  private noteFailure(error: unknown): boolean {
    if (this.hasFailed) return false
    this.hasFailed = true
    this.failure = error
    this.handlers.onFailure?.(error, this.reqd)
    return true
  }

  /** Decides what follows a complete response (RFC 9112 §9.3, §9.6). */
  override settle(): void {
    if (this.output !== 'complete' || this.input.body.isInUse) return
    if (!this.isPersistent || this.draining === 'ending' || !this.input.canReachNext) {
      this.close()
    } else if (this.input.current === 'done') {
      this.next()
      this.input.next()
    } else {
      this.input.drain()
    }
    this.wakeReader()
  }

  /** Fails a body. The connection ends anyway: an error of the application's callback changes nothing. */
  private failReader(reader: BodyReader, reason: Reason): void {
    if (reader.isClosed) return
    try {
      reader.fail(reason())
    } catch (exn) {
      if (!this.noteFailure(exn)) this.lateCallbackFailed(exn, this.failedReqd)
    }
  }

  /**
   * Wakes the reader unless its next operation is `yield`. Not during a read: the reader would offer bytes again that
   * the read has consumed.
   */
  wakeReader(): void {
    if (!this.input.bytes.isUnderWay && this.nextReadOperation() !== 'yield') this.input.wakeup.wake()
  }

  /** A callback of the current exchange, or of an earlier one, failed. Its user learns of each error, in one way. */
  private chargeTo(isCurrent: boolean, exn: unknown): void {
    if (!isCurrent) this.lateCallbackFailed(exn, null)
    else if (!this.callbackFailed(exn)) this.lateCallbackFailed(exn, this.reqd)
  }

  private wake(): void {
    this.wakeReader()
    this.queue.wakeup.wake()
  }
}
