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
import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { isUpgradeRequest } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import { Response } from '../message/response.js'
import type { Status } from '../message/status.js'
import { Version } from '../message/version.js'
import { interimHead, responseHead, upgradeHead, UNKNOWN_LENGTH, type ResponseHead } from '../wire/response-head.js'
import { BodyWriter, type BodyWriterHost } from './body-writer.js'
import type { Config } from './config.js'
import { answerError, type ErrorHandler, type ErrorResponder, type Failure } from './error-handler.js'
import type { OutputHost } from './hosts.js'
import { OutputQueue } from './output-queue.js'
import type { ExchangeResult, ReqdBase, ReqdHost } from './reqd.js'

/**
 * What the output half is doing: `idle`, no response is owed; `waiting`, the handler owes one; `streaming`, a body is
 * being written; `complete`, the response is queued and the request is not yet consumed; `upgrade`, the connection is
 * handed over; `failing`, the error handler owes a response; `closed`, nothing more is queued.
 */
export type OutputState = 'idle' | 'waiting' | 'streaming' | 'complete' | 'upgrade' | 'failing' | 'closed'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** The output half of one connection. @internal */
export class OutputSide implements BodyWriterHost, ErrorResponder, ReqdHost {
  readonly queue: OutputQueue
  readonly output: Faraday
  /** Whether the connection goes on after the current response, as its head said. */
  isPersistent: boolean
  /** Whether closing in peace would make a cut response look complete. */
  mustReset: boolean
  private readonly host: OutputHost
  private readonly config: Config
  private readonly errorHandler: ErrorHandler
  private state: OutputState
  private reqd: ReqdBase | null
  private writer: BodyWriter | null
  /** Who takes the connection over, until it is called. */
  private upgradeHandler: (() => void) | null

  constructor(host: OutputHost, config: Config, errorHandler: ErrorHandler) {
    this.queue = new OutputQueue(this)
    this.output = this.queue.bytes
    this.isPersistent = true
    this.mustReset = false
    this.host = host
    this.config = config
    this.errorHandler = errorHandler
    this.state = 'idle'
    this.reqd = null
    this.writer = null
    this.upgradeHandler = null
  }

  get current(): OutputState {
    return this.state
  }

  /** The request whose response is owed or not yet followed by another, or null. */
  get currentReqd(): ReqdBase | null {
    return this.reqd
  }

  /** A response is owed to `reqd`. */
  begin(reqd: ReqdBase): void {
    this.reqd = reqd
    this.state = 'waiting'
  }

  /** No response is owed any more. */
  next(): void {
    this.reqd = null
    this.writer = null
    this.state = 'idle'
  }

  /** RFC 9110 §10.1.1: only as long as no final response has begun. */
  sendContinue(): void {
    if (this.hasBegun) return
    this.output.writeLatin1(CONTINUE)
    this.queue.wakeup.wake()
  }

  sendInterim(reqd: ReqdBase, status: Status, headers: Headers): boolean {
    const head = interimHead(status, headers)
    if (!reqd.isWaiting || reqd.request.version !== Version.HTTP_1_1) return false
    // The client has its leave to send the body then: it gets it once.
    if (status === 100) this.host.takeExpectation()
    this.output.writeLatin1(head)
    this.outputReady()
    return true
  }

  sendFixed(reqd: ReqdBase, response: Response, body: string | Uint8Array): void {
    const length = typeof body === 'string' ? utf8Length(body) : body.length
    const head = this.head(reqd.request, response, length)
    reqd.responded('fixed', response)
    this.isPersistent = head.isPersistent
    if (head.encoding === 'chunked') this.sendInChunks(head, body)
    else this.sendWhole(head, body, length)
  }

  sendStreaming(reqd: ReqdBase, response: Response, isFlushed: boolean): BodyWriter {
    if (!reqd.isWaiting) return BodyWriter.dead(this)
    const head = this.head(reqd.request, response, UNKNOWN_LENGTH)
    reqd.responded('streaming', response)
    this.isPersistent = head.isPersistent
    return this.stream(head, isFlushed)
  }

  /** RFC 9110 §7.8: a client that waits for 100 Continue gets it before the other protocol. */
  sendUpgrade(reqd: ReqdBase, response: Response, upgradeHandler: () => void): void {
    const isAsked = reqd.request.method === 'CONNECT' || isUpgradeRequest(reqd.request)
    const isNamed = response.status !== 101 || response.headers.mem('Upgrade')
    if (!isAsked || !isNamed) throw new LocalProtocolError('badUpgrade', 'not an upgrade that the client asked for')
    const head = upgradeHead(response, this.date())
    reqd.responded('upgrade', response)
    this.state = 'upgrade'
    this.upgradeHandler = upgradeHandler
    this.output.writeLatin1(this.host.takeExpectation() ? CONTINUE + head : head)
    this.host.upgradeSent()
    this.queue.wakeup.wake()
  }

  takeOver(reqd: ReqdBase, upgradeHandler: () => void): void {
    reqd.state = 'upgrade'
    this.state = 'upgrade'
    this.upgradeHandler = upgradeHandler
    if (this.host.takeExpectation()) this.output.writeLatin1(CONTINUE)
    this.host.upgradeSent()
    this.queue.wakeup.wake()
  }

  reqdFailed(reqd: ReqdBase, exn: unknown): void {
    if (reqd === this.reqd) this.host.callbackFailed(exn)
  }

  /** Whether the connection is to be handed over, and what was queued is written. */
  get isHandOverDue(): boolean {
    return this.upgradeHandler !== null && !this.output.hasPending
  }

  /** Hands the connection over: called once the request is consumed. */
  handOver(): void {
    const { upgradeHandler: handler, reqd } = this
    if (handler === null) return
    this.upgradeHandler = null
    // What the handler reports from now on is no matter of this connection.
    this.reqd = null
    this.guard(handler)
    this.tell(reqd, 'done')
  }

  /** Answers an error if no response has begun, else cuts the response or lets a complete one be delivered. */
  fail(failure: Failure): void {
    if (this.hasBegun) this.finish()
    else this.abandon('failing')
    if (this.current === 'failing') answerError(this.errorHandler, failure, this)
  }

  /** Begins the response to an error, unless the connection ended in the meantime. */
  startError(failure: Failure, headers: Headers, status: Status): BodyWriter {
    if (this.state !== 'failing') return BodyWriter.dead(this)
    const isHttp11 = failure.request?.version === Version.HTTP_1_1
    const context = { method: failure.method, isHttp11, isPersistent: false, date: this.date(), keepAlive: 0 }
    const response = Response.create(status, { headers })
    const head = responseHead(response, context, UNKNOWN_LENGTH)
    this.isPersistent = false
    return this.stream(head, false)
  }

  cutError(): void {
    this.host.responseCut(null)
  }

  /** Queues nothing more; what is queued is still written. A response that is not complete is cut. */
  finish(): void {
    if (this.state === 'closed') return
    this.mustReset = this.state === 'streaming' && this.hasBegun && this.writer?.isCloseDelimited === true
    this.abandon('closed')
    if (this.mustReset) this.queue.drop()
    else this.queue.close()
  }

  /** Drops what is queued: the peer takes no more. */
  discard(): void {
    this.abandon('closed')
    this.queue.drop()
  }

  outputReady(): void {
    this.queue.wakeup.wake()
  }

  bodyComplete(): void {
    this.complete()
    this.queue.wakeup.wake()
  }

  bodyTruncated(error: LocalProtocolError): void {
    this.host.responseCut(error)
  }

  whenDrained(lowWaterMark: number, callback: () => void): void {
    this.queue.whenDrained(lowWaterMark, callback)
  }

  guard(callback: () => void): void {
    try {
      callback()
    } catch (exn) {
      this.host.callbackFailed(exn)
    }
  }

  /** Whether it is too late for another response to the current request. */
  private get hasBegun(): boolean {
    if (this.state === 'streaming') return this.writer?.hasBegun === true
    if (this.state === 'upgrade') return !this.isTakenOver
    return this.state !== 'waiting' && this.state !== 'idle'
  }

  /** Whether the connection will be handed over without a response of ours, and was not yet. */
  private get isTakenOver(): boolean {
    return this.upgradeHandler !== null && this.reqd?.response === null
  }

  private head(request: Request, response: Response, length: number): ResponseHead {
    const isHttp11 = request.version === Version.HTTP_1_1
    const { host: { mayPersist: isPersistent }, config: { keepAlive } } = this
    const context = { method: request.method, isHttp11, isPersistent, date: this.date(), keepAlive }
    return responseHead(response, context, length)
  }

  private date(): string {
    return this.config.date === null ? '' : this.config.date()
  }

  private sendWhole(head: ResponseHead, body: string | Uint8Array, length: number): void {
    if (head.encoding === 'none') this.output.writeLatin1(head.text)
    else this.queue.writeParts(head.text, body, length)
    this.complete()
    this.queue.wakeup.wake()
  }

  private sendInChunks(head: ResponseHead, body: string | Uint8Array): void {
    const writer = this.stream(head, false)
    if (typeof body === 'string') writer.writeString(body)
    else writer.scheduleBytes(body)
    writer.close()
  }

  private stream(head: ResponseHead, isFlushed: boolean): BodyWriter {
    const writer = new BodyWriter(this, head, head.text)
    this.writer = writer
    this.state = 'streaming'
    if (isFlushed) writer.sendHead()
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
