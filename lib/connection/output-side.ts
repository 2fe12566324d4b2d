/**
 * The output half of a connection: the responses, in order, and what answers where something went wrong.
 *
 * Strategy: one queue of bytes and one exchange at a time. A response goes into the queue as it is made; when it is
 * complete the host is told, and may start the next request before the bytes are on the wire, so that responses which
 * are ready together leave together. A response that can't be completed is cut: no last chunk, and the connection ends.
 * Callbacks of the application run when the state already says what happened: they may call back into the connection.
 */
import type { Faraday } from '../buffer/faraday.js'
import { utf8Length } from '../buffer/utf8.js'
import { onRejection, type LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { Response } from '../message/response.js'
import type { Status } from '../message/status.js'
import { Version } from '../message/version.js'
import { interimHead, UNKNOWN_LENGTH, type ResponseHead } from '../wire/response-head.js'
import { BodyWriter, type BodyWriterHost } from './body-writer.js'
import type { Config } from './config.js'
import { answerError, defaultErrorHandler } from './error-handler.js'
import type { ErrorHandler, ErrorResponder, Failure } from './error-handler.js'
import { errorHeadOf, headOf, upgradeHeadOf } from './head-maker.js'
import type { OutputHost } from './hosts.js'
import { OutputQueue } from './output-queue.js'
import type { OutputState } from './output-state.js'
import type { ExchangeResult, ReqdBase, ReqdHost } from './reqd.js'
import { queueWhole, type HeldResponse } from './whole-response.js'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** The output half of one connection. @internal */
export class OutputSide implements BodyWriterHost, ErrorResponder, ReqdHost {
  readonly queue: OutputQueue
  readonly output: Faraday
  isPersistent: boolean // Whether the connection goes on after the current response, as its head said.
  reqd: ReqdBase | null // The request whose response is owed or not yet followed by another, or null.
  private readonly host: OutputHost
  private readonly config: Config
  private readonly errorHandler: ErrorHandler
  private state: OutputState
  private writer: BodyWriter | null
  private upgradeHandler: (() => void) | null // Who takes the connection over, until it is called.
  private held: HeldResponse | null // A response that waits for its handler to return.
  private isHeadDue: boolean // Whether the head of {@link writer} is to be sent when the handler returns.
  private start: number // Where the streamed response begins in the queue.
  private failure: Failure | null // What the error handler answers.

  constructor(host: OutputHost, config: Config, errorHandler: ErrorHandler) {
    this.queue = new OutputQueue()
    this.output = this.queue.bytes
    this.isPersistent = true
    this.host = host
    this.config = config
    this.errorHandler = errorHandler
    this.state = 'idle'
    this.reqd = null
    this.writer = null
    this.upgradeHandler = null
    this.held = null
    this.isHeadDue = false
    this.start = 0
    this.failure = null
  }

  get current(): OutputState { return this.state }

  begin(reqd: ReqdBase): void {
    this.reqd = reqd
    this.state = 'waiting'
  }

  next(): void {
    this.reqd = null
    this.writer = null
    this.state = 'idle'
  }

  /** RFC 9110 §10.1.1: only as long as no final response has begun; a held one has not. */
  sendContinue(): void {
    if (this.hasBegun && this.held === null) return
    this.output.writeLatin1(CONTINUE)
    this.queue.wakeup.wake()
  }

  sendInterim(reqd: ReqdBase, status: Status, headers: Headers): boolean {
    const head = interimHead(status, headers)
    if (!reqd.isWaiting || reqd.request.version !== Version.HTTP_1_1) return false
    // The client has its leave to send the body then: it gets it once.
    if (status === 100) this.host.takeExpectation()
    this.output.writeLatin1(head)
    this.queue.wakeup.wake()
    return true
  }

  sendFixed(reqd: ReqdBase, response: Response, body: string | Uint8Array): void {
    const length = typeof body === 'string' ? utf8Length(body) : body.length
    const head = headOf(this.config, { reqd, response, length }, this.host.mayPersist)
    reqd.responded('fixed', response)
    this.isPersistent = head.isPersistent
    if (head.isPersistent && this.host.isUndecided) this.held = { reqd, response, head, body, length }
    else queueWhole(this.queue, head, { body, length })
    this.bodyComplete()
  }

  sendStreaming(reqd: ReqdBase, response: Response, isFlushed: boolean, owed: 'waiting' | 'failing'): BodyWriter {
    if (reqd.state !== owed) return BodyWriter.dead(this)
    const head = headOf(this.config, { reqd, response, length: UNKNOWN_LENGTH }, this.host.mayPersist)
    reqd.responded('streaming', response)
    this.isPersistent = head.isPersistent
    return this.stream(head, isFlushed)
  }

  /** RFC 9110 §7.8: a client that waits for 100 Continue gets it before the other protocol. */
  sendUpgrade(reqd: ReqdBase, response: Response, upgradeHandler: () => void): void {
    const head = upgradeHeadOf(this.config, reqd.request, response)
    reqd.responded('upgrade', response)
    this.upgrade(upgradeHandler, head)
  }

  takeOver(reqd: ReqdBase, upgradeHandler: () => void): void {
    reqd.state = 'upgrade'
    this.upgrade(upgradeHandler, '')
  }

  reqdFailed(reqd: ReqdBase, exn: unknown): void {
    if (reqd === this.reqd) this.host.callbackFailed(exn)
  }

  bodyCallbackFailed(reqd: ReqdBase, exn: unknown): void {
    if (reqd === this.reqd) this.host.callbackFailed(exn)
    else this.host.lateCallbackFailed(exn)
  }

  /** The handler returned: what it does with the body is known, so that heads which waited for that are sent. */
  handlerReturned(): void {
    this.releaseHeld()
    if (this.isHeadDue) this.writer?.sendHead()
    this.isHeadDue = false
  }

  /** Whether the connection is to be handed over, and what was queued is written. */
  get isHandOverDue(): boolean { return this.upgradeHandler !== null && !this.output.hasPending }

  handOver(): void {
    const { upgradeHandler: handler, reqd } = this
    if (handler === null) return
    this.upgradeHandler = null
    this.reqd = null // What the handler reports from now on is no matter of this connection.
    this.guard(handler, null)
    this.tell(reqd, 'done')
  }

  /** Answers an error if no response has begun, else cuts the response or lets a complete one be delivered. */
  fail(failure: Failure): void {
    if (this.hasBegun) return this.finish()
    const answered = this.reqd?.failure ?? null
    this.failure = answered ?? failure
    if (answered !== null) return this.errorHandlerFailed()
    this.abandon('failing')
    // Who is told that the response was taken away may have closed the connection.
    if (this.current === 'failing' && !answerError(this.errorHandler, failure, this)) this.errorHandlerFailed()
  }

  /** The default answers in place of an error handler that failed, unless part of its response was sent. */
  errorHandlerFailed(): void {
    const { failure } = this
    this.failure = null
    if (failure === null || this.current === 'closed') return
    if (this.hasBegun && this.state !== 'failing') return this.host.responseCut(null)
    this.abandon('failing')
    if (!answerError(defaultErrorHandler, failure, this)) this.host.responseCut(null)
  }

  errorHandlerThrew(exn: unknown, failure: Failure, isLate: boolean): void {
    this.host.lateCallbackFailed(exn)
    if (isLate && this.failure === failure) this.errorHandlerFailed()
  }

  /** Begins the response to an error, unless the connection ended in the meantime. */
  startError(failure: Failure, headers: Headers, status: Status): BodyWriter {
    if (this.state !== 'failing') return BodyWriter.dead(this)
    const head = errorHeadOf(this.config, failure, Response.create(status, { headers }))
    this.isPersistent = false
    return this.stream(head, false)
  }

  /** Queues nothing more; what is queued is still written. A response that is not complete is cut. */
  finish(): void {
    if (this.state === 'closed') return
    this.releaseHeld()
    const isEndless = this.state === 'streaming' && this.hasBegun && this.writer?.isCloseDelimited === true
    this.abandon('closed')
    if (isEndless) this.queue.cutFrom(this.start)
    else this.queue.close()
  }

  discard(): void {
    this.held = null
    this.abandon('closed')
    this.queue.drop()
  }

  bodyComplete(): void {
    this.complete()
    this.queue.wakeup.wake()
  }

  bodyTruncated(error: LocalProtocolError): void {
    if (this.hasBegun) this.host.responseCut(error)
    else this.host.callbackFailed(error)
  }

  guard(callback: () => unknown, owner: BodyWriter | null): void {
    const failed = (exn: unknown): void => {
      if (owner === this.writer || this.state === 'idle') this.host.callbackFailed(exn)
      else this.host.lateCallbackFailed(exn)
    }
    try {
      onRejection(callback(), failed)
    } catch (exn) {
      failed(exn)
    }
  }

  finalHead(head: string): string {
    this.start = this.output.position
    const { reqd } = this
    const response = reqd?.response
    if (!this.isPersistent || !reqd || !response || (this.host.mayPersist && !this.host.isUndecided)) return head
    this.isPersistent = false
    return headOf(this.config, { reqd, response, length: UNKNOWN_LENGTH }, false).text
  }

  /** Whether the error handler owes (the rest of) a response after which the connection may go on. */
  get isAnsweringError(): boolean {
    return (this.reqd?.failure ?? null) !== null && (this.state === 'waiting' || this.state === 'streaming')
  }

  /** Whether it is too late for another response to the current request. */
  get hasBegun(): boolean {
    if (this.state === 'streaming') return this.writer?.hasBegun === true
    // One that will be handed over without a response of ours, and was not yet, owes it.
    if (this.state === 'upgrade') return this.upgradeHandler === null || this.reqd?.response !== null
    return this.state !== 'waiting' && this.state !== 'idle'
  }

  private releaseHeld(): void {
    const { held } = this
    if (held === null) return
    this.held = null
    const head = this.host.mayPersist ? held.head : headOf(this.config, held, false)
    this.isPersistent = head.isPersistent
    queueWhole(this.queue, head, held)
    this.queue.wakeup.wake()
  }

  private upgrade(upgradeHandler: () => void, head: string): void {
    this.state = 'upgrade'
    this.upgradeHandler = upgradeHandler
    this.output.writeLatin1(this.host.takeExpectation() ? CONTINUE + head : head)
    this.host.upgradeSent()
    this.queue.wakeup.wake()
  }

  private stream(head: ResponseHead, isFlushed: boolean): BodyWriter {
    const writer = new BodyWriter(this, head, head.text)
    this.writer = writer
    this.state = 'streaming'
    this.isHeadDue = isFlushed && this.host.isUndecided
    if (isFlushed && !this.isHeadDue) writer.sendHead()
    return writer
  }

  private complete(): void {
    this.state = 'complete'
    this.tell(this.reqd, 'done')
    this.host.responseComplete()
  }

  /** Takes the response away from the handler. */
  private abandon(next: OutputState): void {
    const { reqd, writer } = this
    const isOwed = this.state === 'waiting' || this.state === 'streaming' || this.upgradeHandler !== null
    if (reqd !== null && isOwed && !this.hasBegun) reqd.state = 'abandoned'
    this.state = next
    this.writer = null
    this.upgradeHandler = null
    writer?.abort()
    if (!isOwed) return
    this.reqd = null
    this.tell(reqd, 'aborted')
  }

  private tell(reqd: ReqdBase | null, result: ExchangeResult): void {
    try {
      reqd?.ended(result)
    } catch (exn) {
      this.host.callbackFailed(exn)
    }
  }
}
