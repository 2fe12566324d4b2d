/**
 * One connection of a server: joins the state machine, its driver and the application.
 *
 * Strategy: protocol decisions are the core's, I/O is the driver's. This class passes requests to the server's handler
 * or to a pipeline, emits events while somebody listens, and reports errors. It forgets HTTP at a hand-over.
 */
import { Subject, type Observable } from 'rxjs'
import { isCurrent, runApart, takeEvent, type Context } from '../application/context.js'
import { GuardedObservable } from '../application/guarded-observable.js'
import type { Member } from '../buffer/roster.js'
import type { BodyReader } from '../connection/body-reader.js'
import type { Config } from '../connection/config.js'
import type { ErrorHandler } from '../connection/error-handler.js'
import type { ExchangeResult, ReqdHost } from '../connection/reqd.js'
import { ServerConnection } from '../connection/server-connection.js'
import type { BodyEvent } from '../demand/drops.js'
import { replaceOffer } from '../demand/offer.js'
import type { Marks } from '../demand/water-marks.js'
import type { Request } from '../message/request.js'
import type { Clock } from '../runtime/clock.js'
import type { DriverContext, DriverHost, Driving } from '../runtime/driver-host.js'
import { Driver } from '../runtime/driver.js'
import { copyOnAccess, type ConnectionEvent, type ConnectionEventDetail } from '../runtime/events.js'
import type { HandedOver, Protocol } from '../runtime/handed-over.js'
import type { PeerCertificate } from '../runtime/peer-certificate.js'
import type { Addresses, Transport } from '../runtime/transport.js'
import { attempt } from '../thrown.js'
import { ClosingNotice } from './closing-notice.js'
import type { Settings } from './connection-options.js'
import type { Connection } from './connection-view.js'
import { handle } from './handle.js'
import { RequestPipeline, type PipelinedConnection } from './request-pipeline.js'
import { Reqd, type Handler, type ReqdOwner } from './streamed-reqd.js'
import type { Handover, SuccessorOwner } from './successor.js'

export type { Connection }

/** The state that all connections of a server share. */
export interface ServerContext extends DriverContext {
  readonly settings: Settings
  readonly config: Config
  /** The {@link config} of connections with TLS. */
  readonly encryptedConfig: Config
  readonly marks: Marks
  /** The handler of all requests; null if subscribers of `requests$` handle them. */
  readonly handler: Handler | null
  /** The asynchronous context in which the server was made; each request begins in it. */
  readonly home: Context
  readonly errorHandler: ErrorHandler
  readonly onError: (error: unknown, reqd: Reqd | null) => void
  /** Receives the events of all connections; null before the first subscription. */
  events: Subject<ConnectionEvent> | null
  /** Receives all requests; null before the first subscription. */
  requests: Subject<Reqd> | null
  connectionClosed(connection: HttpConnection): void
}

/** An HTTP connection. */
export class HttpConnection implements Connection, ReqdOwner, DriverHost, PipelinedConnection, SuccessorOwner,
  Member<HttpConnection> {
  memberBefore: HttpConnection | null
  memberAfter: HttpConnection | null
  readonly id: number
  readonly remoteAddress: string
  readonly isEncrypted: boolean
  private readonly context: ServerContext
  /** The HTTP side; null after a hand-over. */
  private http: Driver | null
  /** {@link http}, or what took its place. */
  private driver: Driving
  private readonly transport: Transport
  /** The requests as an Observable; null before anybody asks. */
  private pipeline: RequestPipeline | null
  private events: Subject<ConnectionEvent> | null
  private readonly closing: ClosingNotice
  /** @internal See ConnectionFacts. */
  isAtHome: boolean | null

  constructor(id: number, transport: Transport, context: ServerContext) {
    this.memberBefore = null
    this.memberAfter = null
    this.id = id
    this.remoteAddress = transport.remoteAddress
    this.isEncrypted = transport.isEncrypted
    this.context = context
    const core = new ServerConnection(this, this.isEncrypted ? context.encryptedConfig : context.config)
    this.http = new Driver(core, transport, context, this)
    this.driver = this.http
    this.transport = transport
    this.pipeline = null
    this.events = null
    this.closing = new ClosingNotice()
    this.isAtHome = null
  }

  get requests$(): Observable<Reqd> {
    return this.requests.requests$
  }

  get events$(): Observable<ConnectionEvent> {
    // The report callback must not emit an event: a throwing subscriber would then cause another, without end.
    return new GuardedObservable(subscriber => {
      this.events ??= new Subject()
      if (this.driver.isOver) this.events.complete()
      return this.events.subscribe(subscriber)
    }, error => { this.context.onError(error, null) })
  }

  get closing$(): Observable<void> {
    return this.closing.observable(error => { this.report(error) })
  }

  whenClosing(task: () => void): () => void {
    return this.closing.whenGiven(task)
  }

  get clock(): Clock {
    return this.context.clock
  }

  get addresses(): Addresses {
    return this.transport.addresses
  }

  get peerCertificate(): PeerCertificate | null {
    return this.transport.peerCertificate
  }

  get marks(): Marks {
    return this.context.marks
  }

  get isKeepingUp(): boolean {
    return this.http?.isKeepingUp === true
  }

  offerOutput(): boolean {
    return this.http?.offerOutput() ?? true
  }

  happened(event: BodyEvent, request: Request | null): void {
    if (this.isObserved) this.emit({ request, ...event })
  }

  /** @internal */
  get errorHandler(): ErrorHandler {
    return this.context.errorHandler
  }

  get isObserved(): boolean {
    return this.events?.observed === true || this.context.events?.observed === true
  }

  /** @internal The number of pending response bytes. */
  get pendingBytes(): number {
    return this.http?.core.pendingBytes ?? 0
  }

  start(): void {
    const { http } = this
    if (http?.isNew !== true) return
    if (this.isObserved) this.emit({ type: 'open', remoteAddress: this.remoteAddress, isEncrypted: this.isEncrypted })
    http.start()
  }

  close(): void {
    this.closeBy(() => { this.driver.drain(false) })
    this.context.afterRead(() => { this.endIdle() })
  }

  /** Closes when the requests received before {@link endIdle} are answered. */
  drain(): void {
    this.closeBy(() => { this.driver.drain(true) })
  }

  /** Ends a {@link drain}: closes the connection, after the response to a request that has begun to arrive. */
  endIdle(): void {
    this.http?.endIdle()
  }

  get abortReason(): unknown {
    return this.http?.abortReason
  }

  later(task: () => void): void {
    this.context.later(task)
  }

  /** Resets the connection. */
  cut(): void {
    this.driver.destroy(true)
  }

  emit(detail: ConnectionEventDetail): void {
    const event = { ...detail, connection: this.id, time: this.context.clock.scheduler.now() } as ConnectionEvent
    copyOnAccess(event)
    this.events?.next(event)
    this.context.events?.next(event)
  }

  /** Reports an error, unless it is the failure of the connection, which was reported as such. */
  report(error: unknown, reqd: Reqd | null = null): void {
    if (this.http?.core.hasFailedWith(error) !== true) this.tell(error, reqd)
  }

  /** @internal */
  onFailure(error: unknown, reqd: Reqd | null): void {
    // One that the request itself has answered was reported then.
    if (reqd?.hasFailedWith(error) !== true) this.tell(error, reqd)
  }

  transportFailed(error: unknown): void {
    if (this.isObserved) this.emit({ type: 'error', error })
  }

  exchangeEnded(reqd: Reqd, result: ExchangeResult): void {
    this.pipeline?.ended()
    if (this.isObserved) this.emit({ type: 'response', request: reqd.request, response: reqd.response, result })
  }

  upgraded(reqd: Reqd, protocol: Protocol | null, begin: (handover: Handover<HandedOver>) => unknown): void {
    const { http } = this
    if (http === null) return
    if (this.isObserved) this.emit({ type: 'upgrade', request: reqd.request })
    const { rest, head } = http.handOver(protocol)
    this.http = null
    this.driver = rest
    const handover = { rest, head, owner: this, tasks: this.context, request: this.isObserved ? reqd.request : null }
    attempt(() => begin(handover), error => {
      this.report(error)
      this.cut()
    })
    if (this.closing.isGiven) protocol?.closeRequested()
  }

  finished(): void {
    this.closing.end()
    if (this.isObserved) this.emit({ type: 'close', ...this.driver.breakage })
    this.pipeline?.complete()
    this.events?.complete()
    this.context.connectionClosed(this)
  }

  /** @internal */
  onLateError(error: unknown, reqd: Reqd | null): void {
    this.report(error, reqd)
  }

  /** @internal Makes the request descriptor for the state machine. */
  makeReqd(host: ReqdHost, request: Request, reader: BodyReader | null): Reqd {
    return new Reqd(host, request, reader, this)
  }

  /** @internal The end of the previous response may call this, within the offer of that body's demand. */
  handler(reqd: Reqd): void {
    const { home } = this.context
    const standing = replaceOffer(null)
    if (takeEvent(this.transport) && (this.isAtHome ??= isCurrent(home))) this.begin(reqd)
    else runApart(home, () => { this.begin(reqd) })
    replaceOffer(standing)
  }

  unhandled(): void {
    if (this.context.handler === null) this.closeBy(() => { this.driver.end() })
  }

  /** The pipeline of the server failed: see {@link RequestPipeline.hold}. The error is reported if this is true. */
  hold(error: unknown): boolean {
    return this.pipeline?.hold(error) === true
  }

  /** @internal The requests as an Observable. */
  get requests(): RequestPipeline {
    this.pipeline ??= new RequestPipeline(this, this.context.afterRead)
    if (this.driver.isOver) this.pipeline.complete()
    return this.pipeline
  }

  private begin(reqd: Reqd): void {
    const { context } = this
    const count = this.http?.countRequest()
    if (count === context.settings.maxRequestsPerSocket) this.http?.core.drain()
    if (this.isObserved) this.emit({ type: 'request', request: reqd.request })
    if (context.requests !== null) context.requests.next(reqd)
    if (context.handler === null) return this.requests.handle(reqd)
    this.pipeline?.show(reqd)
    handle(reqd, context.handler)
  }

  private tell(error: unknown, reqd: Reqd | null): void {
    if (this.isObserved) this.emit({ type: 'error', error })
    this.context.onError(error, reqd)
  }

  private closeBy(close: () => void): void {
    if (this.driver.isOver) return
    close()
    this.closing.give()
  }
}
