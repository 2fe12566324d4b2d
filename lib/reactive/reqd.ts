/**
 * One request and its response, with streams on top.
 *
 * Strategy: this is the core's request descriptor with more methods, not a wrapper around it: one object a request.
 * Each stream, signal and URL is made when it is first asked for, because most handlers ask for none.
 */
import { type Observable, ReplaySubject } from 'rxjs'
import type { BodyReader } from '../connection/body-reader.js'
import { ReqdBase, type ExchangeResult, type ReqdHost, type StreamingOptions } from '../connection/reqd.js'
import type { Headers } from '../message/headers.js'
import type { Method } from '../message/method.js'
import type { Request } from '../message/request.js'
import type { Response } from '../message/response.js'
import type { Version } from '../message/version.js'
import { discard, feed, type FedConnection, type Feeding } from './body-source.js'
import { BodySink, BodySubject, type Marks } from './body-subject.js'
import { currentContext, type Context } from './context.js'
import type { Drops } from './drops.js'
import { GuardedObservable } from './guarded.js'
import type { PeerCertificate } from './peer-certificate.js'
import { RequestBody } from './request-body.js'
import { urlOf } from './request-url.js'
import { marksOf, responseOf, trailersOf, type HandlerResult, type Reply } from './reply.js'

/** Handles one request. What it returns is the response; if that is nothing, it responds by itself. */
export type Handler = (reqd: Reqd) => HandlerResult

/** What a request descriptor needs of its connection. */
export interface ReqdOwner extends FedConnection {
  readonly marks: Marks
  readonly remoteAddress: string
  readonly isEncrypted: boolean
  /** Offers the transport what waits. Returns false where that cannot say yet what it took. */
  offerOutput(): boolean
  /** The client was too slow for a value. */
  dropped(reqd: Reqd, drops: Drops): void
  readonly peerCertificate: PeerCertificate | null
  /** The exchange is over. */
  exchangeEnded(reqd: Reqd, result: ExchangeResult): void
  /** Something that the application did failed. */
  report(error: unknown): void
  /** Hands the transport over when it is free. */
  upgraded(reqd: Reqd, listener: UpgradeListener): void
}

/** Gets the transport of an upgraded connection, and the bytes that were read behind the request's head. */
export type UpgradeListener = (transport: unknown, head: Uint8Array) => void

/** One request and its response. */
export class Reqd extends ReqdBase {
  private readonly owner: ReqdOwner
  private feeding: Feeding | null
  /** Where the source of the response runs. */
  private feedingContext: Context | null
  private subject: BodySubject | null
  private result: ExchangeResult | null
  private bodyStream: RequestBody | null
  private aborted: ReplaySubject<void> | null
  private abortController: AbortController | null
  /** Where {@link signal} was first asked for. */
  private abortContext: Context | null

  /** @internal */
  constructor(host: ReqdHost, request: Request, reader: BodyReader | null, owner: ReqdOwner) {
    super(host, request, reader)
    this.owner = owner
    this.feeding = null
    this.feedingContext = null
    this.subject = null
    this.result = null
    this.bodyStream = null
    this.aborted = null
    this.abortController = null
    this.abortContext = null
  }

  /** The method of the request. */
  get method(): Method {
    return this.request.method
  }

  /** The target as it was received: mostly a path with a query. */
  get target(): string {
    return this.request.target
  }

  /** The fields of the request. */
  get headers(): Headers {
    return this.request.headers
  }

  /** The version of the request. */
  get version(): Version {
    return this.request.version
  }

  /** The address of the client, '' where the transport has none. */
  get remoteAddress(): string {
    return this.owner.remoteAddress
  }

  /**
   * The certificate that the client showed; null where it showed none, as servers without `requestCert` ask for none,
   * and where it is gone.
   */
  get peerCertificate(): PeerCertificate | null {
    return this.owner.peerCertificate
  }

  /**
   * The target as a URL, with Host as its authority (RFC 9110 §7.1). A new one each time.
   *
   * A URL has no dot segments: `/a/../b`, `/a/%2e%2e/b` and `/a/.%2E/b` all have the path `/b`. A proxy in front may
   * see a path below `/a` in them, so a rule about paths belongs where the path is used, here. What is not a dot
   * segment stays: `%2f` and `%5c` are not decoded.
   *
   * @throws {@link RemoteProtocolError} badTarget: no URL, although RFC 9112 allows it; for example port 99999
   */
  get url(): URL {
    return urlOf(this.request, this.owner.isEncrypted ? 'https' : 'http')
  }

  /** The body of the request as a stream. */
  get body(): RequestBody {
    return (this.bodyStream ??= new RequestBody(this.requestBody, error => { this.reportExn(error) }))
  }

  /** Aborted when the client goes away, or the connection fails, before the response is complete. */
  get signal(): AbortSignal {
    if (this.abortController === null) {
      this.abortController = new AbortController()
      this.abortContext = currentContext()
      if (this.result === 'aborted') this.abortController.abort()
    }
    return this.abortController.signal
  }

  /** Emits once, and completes, when {@link signal} aborts; completes when the response is complete. */
  get aborted$(): Observable<void> {
    if (this.aborted === null) {
      this.aborted = new ReplaySubject(1)
      if (this.result !== null) this.settleAborted(this.result)
    }
    return GuardedObservable.from(this.aborted, error => { this.owner.report(error) })
  }

  /**
   * Emits once when the connection is asked to close (the server shuts down): a response that would go on for long ends
   * itself then. Completes then, or when the connection is over.
   */
  get closing$(): Observable<void> {
    return this.owner.closing$
  }

  /**
   * Responds with a reply, as if the handler had returned it. @throws {@link LocalProtocolError} as the methods below
   */
  respond(reply: Reply): void {
    try {
      this.send(reply)
    } catch (error) {
      discard(reply.body)
      throw error
    }
  }

  /**
   * Responds with a body that is written as it comes: with the Content-Length of the response where it has one, else in
   * chunks, to an HTTP/1.0 client up to the end of the connection.
   *
   * @throws {@link LocalProtocolError} alreadyResponded, badStatus, badField, badFraming
   */
  respondWithStreaming(response: Response, options?: StreamingOptions): BodySubject {
    return this.openSubject(response, this.owner.marks, options)
  }

  /**
   * Hands the connection over to another protocol: `listener` gets the transport when the 101 (200 to CONNECT) is on
   * the wire. From then on the server neither reads nor writes; it only waits for the transport to close when it closes
   * itself.
   *
   * @throws {@link LocalProtocolError} alreadyResponded, badField, badUpgrade
   */
  override respondWithUpgrade(headers: Headers, listener: UpgradeListener): void {
    super.respondWithUpgrade(headers, this.handingOver(listener))
  }

  /**
   * As {@link respondWithUpgrade}, without a response: the listener writes its own. For libraries that do the whole
   * handshake of their protocol.
   *
   * @throws {@link LocalProtocolError} alreadyResponded
   */
  override takeOver(listener: UpgradeListener): void {
    super.takeOver(this.handingOver(listener))
  }

  override reportExn(exn: unknown): void {
    this.owner.report(exn)
    super.reportExn(exn)
  }

  /** @internal */
  offerOutput(): boolean {
    return this.owner.offerOutput()
  }

  /** @internal */
  dropped(drops: Drops): void {
    this.owner.dropped(this, drops)
  }

  /** @internal Keeps what feeds the response, to be stopped when the client goes away. */
  feedBy(feeding: Feeding): void {
    if (this.result === null) {
      this.feeding = feeding
      this.feedingContext = currentContext()
    } else if (this.result === 'aborted') {
      feeding.unsubscribe()
    }
  }

  /** @internal */
  override ended(result: ExchangeResult): void {
    this.result = result
    if (result === 'aborted') this.abort()
    this.feeding = null
    if (this.aborted !== null) this.settleAborted(result)
    this.owner.exchangeEnded(this, result)
  }

  private abort(): void {
    this.stopFeeding()
    this.subject?.closed('aborted')
    this.abortContext?.runInAsyncScope(() => { this.abortController?.abort() })
  }

  /** What the application throws while it cleans up stops nothing else. */
  private stopFeeding(): void {
    try {
      this.feedingContext?.runInAsyncScope(() => { this.feeding?.unsubscribe() })
    } catch (error) {
      this.owner.report(error)
    }
  }

  private handingOver(listener: UpgradeListener): () => void {
    const context = currentContext()
    return () => { context.runInAsyncScope(() => { this.owner.upgraded(this, listener) }) }
  }

  private settleAborted(result: ExchangeResult): void {
    if (result === 'aborted') this.aborted?.next()
    this.aborted?.complete()
  }

  private send(reply: Reply): void {
    const { body } = reply
    const response = responseOf(reply)
    if (body === undefined && reply.trailers === undefined) this.respondWithString(response, '')
    else if (typeof body === 'string' && reply.trailers === undefined) this.respondWithString(response, body)
    else if (body instanceof Uint8Array && reply.trailers === undefined) this.respondWithBytes(response, body)
    else this.respondWithSource(response, reply)
  }

  private respondWithSource(response: Response, reply: Reply): void {
    const { body = [] } = reply
    const subject = this.openSubject(response, marksOf(reply, this.owner.marks))
    subject.bodySink.trailers = trailersOf(reply)
    const source = typeof body === 'string' || body instanceof Uint8Array ? [body] : body
    if (subject.isBodiless) {
      discard(source)
      subject.complete()
    } else {
      this.feedBy(feed(subject, source, reply, this.owner))
    }
  }

  private openSubject(response: Response, marks: Marks, options?: StreamingOptions): BodySubject {
    const writer = this.openBody(response, options)
    const subject = new BodySubject(new BodySink(writer, marks, this))
    if (this.result === 'aborted') subject.closed('aborted')
    this.subject = subject
    return subject
  }
}
