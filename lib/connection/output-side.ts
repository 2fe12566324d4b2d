/**
 * The output half of a connection: the responses, in order, and the answers to failures.
 *
 * Strategy: one queue of bytes and one exchange at a time. A response goes into the queue as it is made. When it is
 * complete, {@link OutputSide.settle} may start the next request before the bytes are on the wire, so that responses
 * which are ready together leave together. A response that can't be completed is cut: no last chunk, and the connection
 * ends. Callbacks of the application run after the state was updated: they may call back into the connection. What
 * is abstract here is decided in exchanges.ts.
 */
import type { Faraday } from '../buffer/faraday.js'
import { bodyLength } from '../buffer/repeated-text.js'
import type { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { Response } from '../message/response.js'
import type { Status } from '../message/status.js'
import { Version } from '../message/version.js'
import { interimHead, UNKNOWN_LENGTH, type ResponseHead } from '../wire/response-head.js'
import { BodyWriter, type BodyWriterHost } from './body-writer.js'
import type { Config } from './config.js'
import { answerError, defaultErrorHandler, type ErrorResponder, type Failure } from './error-handler.js'
import type { Handlers } from './handlers.js'
import { errorHeadOf, headOf, upgradeHeadOf } from './head-maker.js'
import { InputSide } from './input-side.js'
import { OutputQueue } from './output-queue.js'
import type { ExchangeResult, ReqdBase } from './reqd.js'
import { OUTPUT_MOVES, type OutputState } from './states.js'
import { queueWhole, type HeldResponse } from './whole-response.js'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** The output half of one connection. @internal */
export abstract class OutputSide implements BodyWriterHost, ErrorResponder {
  readonly input: InputSide
  /** The state of the output half: see states.ts. */
  output: OutputState
  readonly queue: OutputQueue
  /** The current request: its response is owed, or no other request has followed; or null. */
  reqd: ReqdBase | null
  /** Whether the connection stays open after the current response, as its head announced. */
  protected isPersistent: boolean
  protected readonly config: Config
  protected readonly handlers: Handlers
  private readonly bytes: Faraday
  protected writer: BodyWriter | null
  /** The upgrade handler, until it is called; or null. */
  private upgradeHandler: (() => void) | null
  /** A response that waits for its handler to return. */
  private held: HeldResponse | null
  /** Whether to send the head of {@link writer} when the handler returns. */
  private isHeadDue: boolean
  /** The position in the queue at which the streamed response begins. */
  private start: number
  /** The failure that the error handler answers. */
  private answered: Failure | null
  /** The request that failed, if the failure was answered. */
  protected failedReqd: ReqdBase | null

  constructor(config: Config, handlers: Handlers) {
    this.input = new InputSide(config)
    this.output = 'idle'
    this.queue = new OutputQueue()
    this.reqd = this.failedReqd = null
    this.isPersistent = true
    this.config = config
    this.handlers = handlers
    this.bytes = this.queue.bytes
    this.writer = this.upgradeHandler = this.held = this.answered = null
    this.isHeadDue = false
    this.start = 0
  }

  /** A callback of the current exchange threw. Returns whether that is the failure of the connection. */
  abstract callbackFailed(exn: unknown): boolean
  /** A callback of an earlier exchange threw: the current one keeps its response. */
  abstract lateCallbackFailed(exn: unknown, reqd: ReqdBase | null): void
  abstract guard(callback: () => unknown, owner: BodyWriter | null): void
  /** The response or the request may be complete: decides whether the connection stays open. */
  abstract settle(): void
  /** Whether the connection could stay open after the response that is about to begin. */
  protected abstract get mayPersist(): boolean
  /** The response can't be completed. */
  protected abstract responseCut(error: unknown): void
  /** The head of an upgrade was queued. */
  protected abstract upgradeSent(): void

  /** The response to a request is owed from now on. */
  protected begin(reqd: ReqdBase): void {
    this.reqd = reqd
    this.output = OUTPUT_MOVES.requestCame.to
  }

  /** The exchange is over, and the connection stays open. */
  protected next(): void {
    this.reqd = null
    this.writer = null
    this.output = OUTPUT_MOVES.exchangeOver.to
  }

  /** RFC 9110 §10.1.1: sent only while no final response has begun; a held response has not. */
  protected sendContinue(): void {
    if (this.hasBegun && this.held === null) return
    this.bytes.writeLatin1(CONTINUE)
    this.queue.wakeup.wake()
  }

  sendInterim(reqd: ReqdBase, status: Status, headers: Headers): boolean {
    const head = interimHead(status, headers)
    if (!reqd.isWaiting || reqd.request.version !== Version.HTTP_1_1) return false
    // The handler has sent 100 Continue itself: it is sent once.
    if (status === 100) this.input.takeExpectation()
    this.bytes.writeLatin1(head)
    this.queue.wakeup.wake()
    return true
  }

  sendFixed(reqd: ReqdBase, response: Response, body: string | Uint8Array): void {
    const length = typeof body === 'string' ? bodyLength(body) : body.length
    const head = headOf(this.config, { reqd, response, length }, this.mayPersist)
    reqd.responded('fixed', response)
    this.isPersistent = head.isPersistent
    if (head.isPersistent && this.input.isUndecided) this.held = { reqd, response, head, body, length }
    else queueWhole(this.queue, head, { body, length })
    this.bodyComplete()
  }

  sendStreaming(reqd: ReqdBase, response: Response, isFlushed: boolean, owed: 'waiting' | 'failing'): BodyWriter {
    if (reqd.state !== owed) return BodyWriter.dead(this)
    const head = headOf(this.config, { reqd, response, length: UNKNOWN_LENGTH }, this.mayPersist)
    reqd.responded('streaming', response)
    this.isPersistent = head.isPersistent
    return this.stream(head, isFlushed)
  }

  /** RFC 9110 §7.8: a client that waits for 100 Continue gets it before the other protocol begins. */
  sendUpgrade(reqd: ReqdBase, response: Response, upgradeHandler: () => void): void {
    const head = upgradeHeadOf(this.config, reqd.request, response)
    reqd.responded('upgrade', response)
    this.upgrade(upgradeHandler, head)
  }

  takeOver(reqd: ReqdBase, upgradeHandler: () => void): void {
    reqd.state = 'upgrade'
    this.upgrade(upgradeHandler, '')
  }

  /** Sends the heads that waited for the handler to return, because it is now known whether it reads the body. */
  protected sendWaiting(): void {
    this.releaseHeld()
    if (this.isHeadDue) this.writer?.sendHead()
    this.isHeadDue = false
  }

  /** Whether an upgrade handler is waiting, and all queued output is written. */
  protected get isFreeForUpgrade(): boolean {
    return this.upgradeHandler !== null && !this.bytes.hasPending
  }

  protected callUpgradeHandler(): void {
    const { upgradeHandler: handler, reqd } = this
    if (handler === null) return
    this.upgradeHandler = this.reqd = null // The handler's reports no longer concern this connection.
    this.guard(handler, null)
    this.tell(reqd, 'done')
    reqd?.handedOver()
  }

  /** Answers an error if no response has begun, else cuts the response or lets a complete one be delivered. */
  protected answer(failure: Failure): void {
    if (this.hasBegun) return this.finish()
    const answered = this.reqd?.failure ?? null
    this.answered = answered ?? failure
    this.failedReqd = this.reqd
    if (answered !== null) return this.errorHandlerFailed()
    this.abandon(OUTPUT_MOVES.failed.to)
    // A callback that learns of the abandoned response may have closed the connection.
    if (this.output === 'failing' && !answerError(this.handlers.errorHandler, failure, this)) this.errorHandlerFailed()
  }

  /** Answers with the default in place of an error handler that failed, unless part of its response was sent. */
  protected errorHandlerFailed(): void {
    const { answered } = this
    this.answered = null
    if (answered === null || this.output === 'closed') return
    if (this.hasBegun && this.output !== 'failing') return this.responseCut(null)
    this.abandon(OUTPUT_MOVES.failed.to)
    if (!answerError(defaultErrorHandler, answered, this)) this.responseCut(null)
  }

  errorHandlerThrew(exn: unknown, failure: Failure, isLate: boolean): void {
    this.lateCallbackFailed(exn, this.failedReqd)
    if (isLate && this.answered === failure) this.errorHandlerFailed()
  }

  /** Begins the response to an error, unless the connection ended in the meantime. */
  startError(failure: Failure, headers: Headers, status: Status): BodyWriter {
    if (this.output !== 'failing') return BodyWriter.dead(this)
    const head = errorHeadOf(this.config, failure, Response.create(status, { headers }))
    this.isPersistent = false
    return this.stream(head, false)
  }

  /** Queues nothing more; queued output is still written. An incomplete response is cut. */
  protected finish(): void {
    if (this.output === 'closed') return
    this.releaseHeld()
    const isEndless = this.output === 'streaming' && this.hasBegun && this.writer?.isCloseDelimited === true
    this.abandon(OUTPUT_MOVES.closed.to)
    if (isEndless) this.queue.cutFrom(this.start)
    else this.queue.close()
  }

  protected discard(): void {
    this.held = null
    this.abandon(OUTPUT_MOVES.closed.to)
    this.queue.drop()
  }

  bodyComplete(): void {
    this.complete()
    this.queue.wakeup.wake()
  }

  bodyTruncated(error: LocalProtocolError): void {
    if (this.hasBegun) this.responseCut(error)
    else this.callbackFailed(error)
  }

  finalHead(head: string): string {
    this.start = this.bytes.position
    const { reqd } = this
    const response = reqd?.response
    if (!this.isPersistent || !reqd || !response || (this.mayPersist && !this.input.isUndecided)) return head
    this.isPersistent = false
    return headOf(this.config, { reqd, response, length: UNKNOWN_LENGTH }, false).text
  }

  /** Whether it is too late for another response to the current request. */
  get hasBegun(): boolean {
    if (this.output === 'streaming') return this.writer?.hasBegun === true
    // A connection that is to be handed over without a response has not begun one until its new owner is called.
    if (this.output === 'upgrade') return this.upgradeHandler === null || this.reqd?.response !== null
    return this.output !== 'waiting' && this.output !== 'idle'
  }

  private releaseHeld(): void {
    const { held } = this
    if (held === null) return
    this.held = null
    const head = this.mayPersist ? held.head : headOf(this.config, held, false)
    this.isPersistent = head.isPersistent
    queueWhole(this.queue, head, held)
    this.queue.wakeup.wake()
  }

  private upgrade(upgradeHandler: () => void, head: string): void {
    this.output = OUTPUT_MOVES.upgradeBegan.to
    this.upgradeHandler = upgradeHandler
    this.bytes.writeLatin1(this.input.takeExpectation() ? CONTINUE + head : head)
    this.upgradeSent()
    this.queue.wakeup.wake()
  }

  private stream(head: ResponseHead, isFlushed: boolean): BodyWriter {
    const writer = new BodyWriter(this, head, head.text)
    this.writer = writer
    this.output = OUTPUT_MOVES.bodyBegan.to
    this.isHeadDue = isFlushed && this.input.isUndecided
    if (isFlushed && !this.isHeadDue) writer.sendHead()
    return writer
  }

  private complete(): void {
    this.output = OUTPUT_MOVES.responseComplete.to
    this.tell(this.reqd, 'done')
    this.settle()
  }

  /** Takes the response away from the handler. */
  private abandon(next: 'failing' | 'closed'): void {
    const { reqd, writer } = this
    const isOwed = this.output === 'waiting' || this.output === 'streaming' || this.upgradeHandler !== null
    if (reqd !== null && isOwed && !this.hasBegun) reqd.state = 'abandoned'
    this.output = next
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
      this.callbackFailed(exn)
    }
  }
}
