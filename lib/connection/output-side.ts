import { Faraday } from '../buffer/faraday.js'
import { utf8Length } from '../buffer/utf8.js'
import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { isUpgradeRequest } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import { Response } from '../message/response.js'
import { Version } from '../message/version.js'
import { responseHead, upgradeHead, UNKNOWN_LENGTH, type ResponseHead } from '../wire/response-head.js'
import { BodyWriter, type BodyWriterHost } from './body-writer.js'
import type { Config } from './config.js'
import { answerError, statusOf, type ErrorHandler, type Failure } from './error-handler.js'
import { YIELD, type WriteOperation } from './operation.js'
import type { ReqdBase, ReqdHost } from './reqd.js'
import { Wakeup } from './wakeup.js'

/**
 * The output half of a connection: the responses, in order, and what answers where something went wrong.
 *
 * Strategy: one queue of bytes and one exchange at a time. A response goes into the queue as it is made; when it is
 * complete the host is told, and may start the next request before the bytes are on the wire, so that responses which are
 * ready together leave together. A response that can't be completed is cut: no last chunk, and the connection ends.
 */

/**
 * What the output half is doing: `idle`, no response is owed; `waiting`, the handler owes one; `streaming`, a body is being
 * written; `complete`, the response is queued and the request is not yet consumed; `upgrade`, the connection is handed
 * over; `failing`, the error handler owes a response; `closed`, nothing more is queued.
 */
export type OutputState = 'idle' | 'waiting' | 'streaming' | 'complete' | 'upgrade' | 'failing' | 'closed'

/** Whom the output half tells. */
export interface OutputHost {
  /** Whether the connection could go on after the response that is about to begin. */
  readonly mayPersist: boolean
  /** The response is queued to its end. */
  responseComplete(): void
  /** The response can't be completed. */
  responseCut(): void
  /** The head of an upgrade was queued. */
  upgradeSent(): void
  /** A callback of the application threw. */
  callbackFailed(exn: unknown): void
}

/** Bytes up to this size are copied, so that a small body leaves in one piece with its head. */
const COPY_LIMIT = 4096

/** The output half of one connection. @internal */
export class OutputSide implements BodyWriterHost, ReqdHost {
  readonly output: Faraday
  readonly wakeup: Wakeup
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
  private upgradeHandler: (() => void) | null
  private lowWaterMark: number
  private drained: (() => void) | null
  private undelivered: number

  constructor(host: OutputHost, config: Config, errorHandler: ErrorHandler) {
    this.output = new Faraday()
    this.wakeup = new Wakeup()
    this.isPersistent = true
    this.mustReset = false
    this.host = host
    this.config = config
    this.errorHandler = errorHandler
    this.state = 'idle'
    this.reqd = null
    this.writer = null
    this.upgradeHandler = null
    this.lowWaterMark = 0
    this.drained = null
    this.undelivered = 0
  }

  get current(): OutputState {
    return this.state
  }

  /** The request whose response is owed or not yet followed by another, or null. */
  get currentReqd(): ReqdBase | null {
    return this.reqd
  }

  nextOperation(): WriteOperation {
    if (this.output.hasPending) return { type: 'write', iovecs: this.output.iovecs() }
    return this.output.isClosed ? { type: 'close', undelivered: this.undelivered } : YIELD
  }

  /** Counts `count` bytes as written and tells who waited for that. */
  shift(count: number): void {
    this.output.shift(count)
    const { drained } = this
    if (drained === null || this.output.pendingBytes > this.lowWaterMark) return
    this.drained = null
    this.guard(drained)
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

  sendContinue(): void {
    this.output.writeLatin1('HTTP/1.1 100 Continue\r\n\r\n')
    this.wakeup.wake()
  }

  sendFixed(reqd: ReqdBase, response: Response, body: string | Uint8Array): void {
    const length = typeof body === 'string' ? utf8Length(body) : body.length
    const head = this.head(reqd.request, response, length)
    reqd.responded('fixed', response)
    this.isPersistent = head.isPersistent
    if (head.encoding === 'chunked') this.sendInOneChunk(head, body)
    else this.queueWhole(head, body, length)
  }

  sendStreaming(reqd: ReqdBase, response: Response, isFlushed: boolean): BodyWriter {
    if (!reqd.isWaiting) return this.deadWriter()
    const head = this.head(reqd.request, response, UNKNOWN_LENGTH)
    reqd.responded('streaming', response)
    this.isPersistent = head.isPersistent
    return this.stream(head, isFlushed)
  }

  sendUpgrade(reqd: ReqdBase, response: Response, upgradeHandler: () => void): void {
    const isAsked = reqd.request.method === 'CONNECT' || isUpgradeRequest(reqd.request)
    const isNamed = response.status !== 101 || response.headers.mem('upgrade')
    if (!isAsked || !isNamed) throw new LocalProtocolError('badUpgrade', 'not an upgrade that the client asked for')
    const head = upgradeHead(response, this.date())
    reqd.responded('upgrade', response)
    this.state = 'upgrade'
    this.upgradeHandler = upgradeHandler
    this.output.writeLatin1(head)
    this.host.upgradeSent()
    this.wakeup.wake()
  }

  reqdFailed(reqd: ReqdBase, exn: unknown): void {
    if (reqd === this.reqd) this.host.callbackFailed(exn)
  }

  /** Hands the connection over, if its head is on the wire. Called once the request is consumed. */
  handOver(): void {
    const handler = this.upgradeHandler
    if (handler === null || this.output.hasPending) return
    this.upgradeHandler = null
    this.reqd?.ended('done')
    this.guard(handler)
  }

  /** Answers an error if no response has begun, else cuts the response or lets a complete one be delivered. */
  fail(error: unknown, request: Request | null, method: string): void {
    if (this.state === 'closed') return
    const isUnanswered = this.state === 'waiting' || this.state === 'idle' || this.writer?.hasBegun === false
    if (!isUnanswered) return this.finish()
    this.abandon()
    this.state = 'failing'
    answerError(this.errorHandler, { error, request, method }, this)
  }

  /** Begins the response to an error, unless the connection ended in the meantime. */
  startError(failure: Failure, headers: Headers): BodyWriter {
    if (this.state !== 'failing') return this.deadWriter()
    const isHttp11 = failure.request?.version === Version.HTTP_1_1
    const context = { method: failure.method, isHttp11, isPersistent: false, date: this.date() }
    const response = Response.create(statusOf(failure.error), { headers })
    return this.stream(responseHead(response, context, UNKNOWN_LENGTH), false)
  }

  /** The error handler threw within its response. */
  cutError(): void {
    this.host.responseCut()
  }

  /** Queues nothing more; what is queued is still written. A response that is not complete is cut. */
  finish(): void {
    if (this.state === 'closed') return
    if (this.state === 'streaming' && this.writer?.isCloseDelimited === true) this.reset()
    this.abandon()
    this.state = 'closed'
    this.drained = null
    this.output.close()
  }

  /** Drops what is queued: the peer takes no more. */
  discard(): void {
    this.abandon()
    this.state = 'closed'
    this.drained = null
    this.undelivered += this.output.closeAndDrain()
  }

  outputReady(): void {
    this.wakeup.wake()
  }

  bodyComplete(writer: BodyWriter): void {
    if (writer === this.writer) this.complete()
    this.wakeup.wake()
  }

  bodyTruncated(): void {
    this.host.responseCut()
  }

  whenDrained(lowWaterMark: number, callback: () => void): void {
    this.lowWaterMark = lowWaterMark
    this.drained = callback
    if (this.output.pendingBytes <= lowWaterMark) this.shift(0)
  }

  guard(callback: () => void): void {
    try {
      callback()
    } catch (exn) {
      this.host.callbackFailed(exn)
    }
  }

  private head(request: Request, response: Response, length: number): ResponseHead {
    const isHttp11 = request.version === Version.HTTP_1_1
    const context = { method: request.method, isHttp11, isPersistent: this.host.mayPersist, date: this.date() }
    return responseHead(response, context, length)
  }

  private date(): string {
    return this.config.date === null ? '' : this.config.date()
  }

  private queueWhole(head: ResponseHead, body: string | Uint8Array, length: number): void {
    if (head.encoding === 'none') this.output.writeLatin1(head.text)
    else if (typeof body !== 'string') this.queueBytes(head.text, body)
    else if (length === body.length) this.output.writeLatin1(head.text + body)
    else this.queueWide(head.text, body)
    this.complete()
    this.wakeup.wake()
  }

  private queueBytes(head: string, body: Uint8Array): void {
    this.output.writeLatin1(head)
    if (body.length <= COPY_LIMIT) this.output.writeBytes(body)
    else this.output.scheduleBytes(body)
  }

  private queueWide(head: string, body: string): void {
    this.output.writeLatin1(head)
    this.output.writeString(body)
  }

  private sendInOneChunk(head: ResponseHead, body: string | Uint8Array): void {
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

  /** A body for a handler that responds after the connection took its response over. */
  private deadWriter(): BodyWriter {
    const writer = new BodyWriter(this, { encoding: 'none', length: 0 }, '')
    writer.abort()
    return writer
  }

  private complete(): void {
    this.state = 'complete'
    this.reqd?.ended('done')
    this.host.responseComplete()
  }

  /** Takes the response away from the handler. */
  private abandon(): void {
    const { reqd, writer } = this
    const isOwed = this.state === 'waiting' || this.state === 'streaming'
    this.writer = null
    this.upgradeHandler = null
    writer?.abort()
    if (reqd === null || !isOwed) return
    this.reqd = null
    if (reqd.isWaiting || writer?.hasBegun === false) reqd.state = 'abandoned'
    this.guard(() => { reqd.ended('aborted') })
  }

  private reset(): void {
    this.mustReset = true
    this.undelivered += this.output.closeAndDrain()
  }
}
