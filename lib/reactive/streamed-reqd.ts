/**
 * The request descriptor with streams: one request and its response.
 *
 * Strategy: it extends the core's request descriptor instead of wrapping it, so that a request costs one object.
 * Streams and the signal are made at the first access, because most handlers need none.
 */
import { EMPTY, type Observable, ReplaySubject, takeUntil } from 'rxjs'
import { currentContext, type Context } from '../application/context.js'
import { discard, discardReply, isAftermath } from '../application/discard.js'
import { GuardedObservable } from '../application/guarded-observable.js'
import { makeAbortController } from '../application/guarded-signal.js'
import type { BodyReader } from '../connection/body-reader.js'
import type { BodyWriter } from '../connection/body-writer.js'
import { answerError, defaultErrorHandler, type ErrorHandler, type Failure } from '../connection/error-handler.js'
import type { ExchangeResult, ReqdHost, StreamingOptions } from '../connection/reqd.js'
import { isBytes } from '../demand/chunk.js'
import type { BodyEvent } from '../demand/drops.js'
import { ABANDONED } from '../demand/flattening.js'
import type { Marks } from '../demand/water-marks.js'
import type { Headers } from '../message/headers.js'
import type { Request } from '../message/request.js'
import { Response } from '../message/response.js'
import type { Status } from '../message/status.js'
import type { HandedOver } from '../runtime/handed-over.js'
import { FedReqd, type FeedingOwner } from './fed-reqd.js'
import { headersOf, type HeadersInit } from './reply-fields.js'
import {
  bodyOf, checkedReply, marksOf, responseOf, streamingOf, trailersOf, type HandlerResult, type Reply,
} from './reply.js'
import { RequestBody } from './request-body/request-body.js'
import { BodySink, BodySubject } from './response-body/body-subject.js'
import { feed } from './response-body/feed.js'
import type { Handover, Successor } from './successor.js'

/** Handles one request. Its result is the response; a handler that returns nothing responds through the methods. */
export type Handler = (reqd: Reqd) => HandlerResult

/** The connection, as its request descriptors use it. */
export interface ReqdOwner extends FeedingOwner {
  readonly marks: Marks
  /** A value was dropped because the client was too slow, or operators buffer values. */
  happened(event: BodyEvent, request: Request): void
  /** @internal Answers a request whose handler failed. */
  readonly errorHandler: ErrorHandler
  /** The exchange is over. */
  exchangeEnded(reqd: Reqd, result: ExchangeResult): void
  /** The reason why the current exchange was aborted; undefined if it is not known. */
  readonly abortReason: unknown
  /** The application's code failed. Does nothing if that is the failure of the connection, which is known. */
  report(error: unknown, reqd: Reqd): void
  /** Hands the transport over; `protocol` is null for one of the application's, which gets the socket. */
  upgraded(reqd: Reqd, protocol: Successor | null, begin: (handover: Handover<HandedOver>) => unknown): void
}

/**
 * Receives the transport of an upgraded connection (a Node socket with `serve` and `listen`) and the bytes that were
 * read after the request's head, which it owns.
 */
export type UpgradeListener = (transport: unknown, head: Uint8Array) => void | PromiseLike<void>

/** Before any error: anything can be thrown, even undefined. */
const NONE = Symbol()

/** One request and its response. */
export class Reqd extends FedReqd {
  /** @internal */
  protected readonly owner: ReqdOwner
  private bodySink: BodySink | null
  /** @internal */
  protected result: ExchangeResult | null
  private bodyStream: RequestBody | null
  private aborted: ReplaySubject<void> | null
  private abortController: AbortController | null
  private abortContext: Context | null
  /** The error that the application reported last: it may report one again where it passes it on. */
  private reported: unknown
  /** Completes {@link closing$} when the exchange is over. */
  private over: ReplaySubject<void> | null

  /** @internal */
  constructor(host: ReqdHost, request: Request, reader: BodyReader | null, owner: ReqdOwner) {
    super(host, request, reader)
    this.owner = owner
    this.bodySink = null
    this.result = null
    this.bodyStream = null
    this.aborted = null
    this.abortController = null
    this.abortContext = null
    this.reported = NONE
    this.over = null
  }

  /** The body of the request as a stream. */
  get body(): RequestBody {
    return (this.bodyStream ??= new RequestBody(this.bodyReader, error => {
      if (!this.charge(error)) this.owner.report(error, this)
    }))
  }

  /** @internal Whether the client left: flattening operators skip such requests. */
  get [ABANDONED](): boolean {
    return this.signal.aborted
  }

  /** Aborts when the client leaves ({@link ConnectionClosedError}) or the exchange fails before it is complete. */
  get signal(): AbortSignal {
    if (this.abortController === null) {
      this.abortController = makeAbortController(error => { this.reportLate(error) })
      this.abortContext = currentContext()
      if (this.result === 'aborted') this.abortController.abort(this.owner.abortReason)
    }
    return this.abortController.signal
  }

  /** Emits once and completes when {@link signal} aborts; otherwise completes when the exchange is over. */
  get aborted$(): Observable<void> {
    if (this.aborted === null) {
      this.aborted = new ReplaySubject(1)
      if (this.result !== null) this.settleAborted(this.result)
    }
    return GuardedObservable.from(this.aborted, error => { this.owner.report(error, this) })
  }

  /**
   * Emits once when the connection is asked to close (the server shuts down), so that a long-lived response can end
   * itself. Completes then, or when the exchange is over; after an upgrade, when the connection is over.
   */
  get closing$(): Observable<void> {
    const { owner: { closing$ }, state } = this
    if (this.result !== null && state !== 'upgrade') return EMPTY
    // A connection serves many requests: a listener of one must not be retained until the connection ends.
    const own$ = state === 'upgrade' ? closing$ : closing$.pipe(takeUntil(this.over ??= new ReplaySubject(1)))
    return GuardedObservable.from(own$, error => { this.owner.report(error, this) })
  }

  /**
   * Sends an informational response, such as 103 Early Hints (RFC 8297), at once and before the final response. Returns
   * whether it was sent: HTTP/1.0 clients must not get one (RFC 9110 §15.2).
   *
   * @throws {@link LocalProtocolError} alreadyResponded, badStatus, badField, badFraming
   */
  override inform(status: Status, headers: HeadersInit = {}): boolean {
    return super.inform(status, headersOf(headers))
  }

  /**
   * Responds with a reply, as if the handler had returned it.
   *
   * @throws {@link LocalProtocolError} as the methods below; TypeError: not a reply, or an invalid body
   */
  respond(reply: Reply): void {
    try {
      this.send(checkedReply(reply))
    } catch (error) {
      discardReply(reply, late => { this.reportLate(late) })
      throw error
    }
  }

  /**
   * Responds with a streamed body. The framing is the response's Content-Length if it has one, else chunked, or for an
   * HTTP/1.0 client the end of the connection.
   *
   * @throws {@link LocalProtocolError} alreadyResponded, badStatus, badField, badFraming
   */
  respondWithStreaming(response: Response, options?: StreamingOptions): BodySubject {
    return this.openSubject(response, this.owner.marks, options).bounded()
  }

  /**
   * Hands the connection over to another protocol: `listener` receives the transport once the 101 (200 for CONNECT) is
   * written. From then on the server neither reads nor writes; a closing server only waits for the transport to close.
   *
   * @throws {@link LocalProtocolError} alreadyResponded, badField, badUpgrade
   */
  override respondWithUpgrade(headers: Headers, listener: UpgradeListener): void {
    super.respondWithUpgrade(headers, this.handingOver(listener))
  }

  /**
   * As {@link respondWithUpgrade}, but without a response: the listener writes its own. For libraries that perform
   * their protocol's whole handshake.
   *
   * @throws {@link LocalProtocolError} alreadyResponded
   */
  override takeOver(listener: UpgradeListener): void {
    super.takeOver(this.handingOver(listener))
  }

  /** @internal As {@link takeOver}, for another protocol of this package. */
  handOver(protocol: Successor): void {
    super.takeOver(() => { this.owner.upgraded(this, protocol, handover => { protocol.start(handover) }) })
    this.feedBy(protocol)
  }

  /** As in the core, except that the connection persists if no response has begun and the request was read whole. */
  override reportExn(exn: unknown): void {
    if (!this.isWaiting || !this.bodyReader.isComplete) return this.blame(exn)
    this.reportLate(exn)
    const failure = (this.failure = { error: exn, request: this.request, method: this.method })
    this.state = 'failing'
    this.stopFeeding()
    if (answerError(this.owner.errorHandler, failure, this)) return
    if (this.response !== null || !answerError(defaultErrorHandler, failure, this)) this.charge(exn)
  }

  /** @internal Whether this request, and not its connection, has failed with the error. */
  hasFailedWith(error: unknown): boolean {
    return this.failure !== null && Object.is(this.failure.error, error)
  }

  /** @internal */
  startError(_failure: Failure, headers: Headers, status: Status): BodyWriter {
    return this.openErrorBody(Response.create(status, { headers }))
  }

  /** @internal */
  errorHandlerThrew(exn: unknown, _failure: Failure, isLate: boolean): void {
    if (isLate) this.blame(exn)
    else this.reportLate(exn)
  }

  /** @internal */
  happened(event: BodyEvent): void {
    this.owner.happened(event, this.request)
  }

  /** @internal Reports an error that does not affect the connection, unless it merely follows from a known one. */
  override reportLate(error: unknown): void {
    const isKnown = this.result === 'aborted' && (Object.is(error, this.owner.abortReason) || isAftermath(error))
    if (isKnown || Object.is(error, this.reported)) return
    this.reported = error
    this.owner.report(error, this)
  }

  /** @internal */
  override ended(result: ExchangeResult): void {
    this.result = result
    if (result === 'aborted') this.abort()
    this.feeding = null
    if (this.aborted !== null) this.settleAborted(result)
    if (this.state !== 'upgrade' || result === 'aborted') this.over?.next()
    this.owner.exchangeEnded(this, result)
  }

  /** Charges the connection with an error. One that is not its failure is reported here. */
  private blame(error: unknown): void {
    if (!this.charge(error)) this.reportLate(error)
  }

  private abort(): void {
    this.stopFeeding()
    this.bodySink?.aborted()
    this.abortContext?.runInAsyncScope(() => { this.abortController?.abort(this.owner.abortReason) })
  }

  private handingOver(listener: UpgradeListener): () => void {
    const context = currentContext()
    const begin = ({ rest, head }: Handover<HandedOver>): unknown => listener(rest.release(), head)
    return () => { context.runInAsyncScope(() => { this.owner.upgraded(this, null, begin) }) }
  }

  private settleAborted(result: ExchangeResult): void {
    if (result === 'aborted') this.aborted?.next()
    this.aborted?.complete()
  }

  private send(reply: Reply): void {
    const body = bodyOf(reply)
    const response = responseOf(reply)
    if (body === undefined && reply.trailers === undefined) this.respondWithString(response, '')
    else if (typeof body === 'string' && reply.trailers === undefined) this.respondWithString(response, body)
    else if (isBytes(body) && reply.trailers === undefined) this.respondWithBytes(response, body)
    else this.respondWithSource(response, reply)
  }

  private respondWithSource(response: Response, reply: Reply): void {
    const body = bodyOf(reply) ?? []
    const subject = this.openSubject(response, marksOf(reply, this.owner.marks), streamingOf(reply))
    subject.bodySink.trailers = trailersOf(reply)
    const source = typeof body === 'string' || isBytes(body) ? [body] : body
    if (subject.isBodiless) {
      discard(source, error => { this.reportLate(error) })
      subject.complete()
    } else {
      this.feedBy(feed(subject, source, reply, this))
    }
  }

  private openSubject(response: Response, marks: Marks, options?: StreamingOptions): BodySubject {
    const sink = (this.bodySink = new BodySink(this.openBody(response, options), this))
    const subject = new BodySubject(sink, marks)
    if (this.result === 'aborted') sink.aborted()
    return subject
  }
}
