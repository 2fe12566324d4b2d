/**
 * Drives one connection: joins the state machine, the two loops that connect it to a transport, and its time limits.
 *
 * Strategy: all work on a connection happens within a turn, and output is written at the end of the turn. After the
 * last response the connection closes in stages (RFC 9112 §9.6): the driver half-closes the output, then reads and
 * drops input for a bounded time and amount, so that the client receives the response and not a reset, then closes the
 * transport.
 */
import { ownBytes } from '../buffer/bytes.js'
import type { ServerConnection } from '../connection/server-connection.js'
import { ConnectionClosedError, LocalProtocolError, RemoteProtocolError } from '../errors.js'
import type { Ticking } from './clock.js'
import { Deadlines, type Limit, type Phase, type Watched } from './deadlines.js'
import type { DriverContext, DriverHost, Driving } from './driver-host.js'
import { firstBreakage, NO_BREAKAGE, type Breakage, type EventSink } from './events.js'
import { HandedOver, type Protocol } from './handed-over.js'
import { limitError } from './limit-error.js'
import { phaseOf } from './phases.js'
import { ReadLoop, type ReadOwner } from './read-loop.js'
import type { Transport } from './transport.js'
import type { TurnTasks } from './turn-tasks.js'
import { WriteLoop, type WriteOwner } from './write-loop.js'

/** The driver of one connection. */
export class Driver implements Driving, ReadOwner, WriteOwner, Ticking, Watched {
  memberBefore: Ticking | null
  memberAfter: Ticking | null
  /** Requests received so far. */
  requestCount: number
  /** The error that describes how the client left; null while it is there. */
  private departure: ConnectionClosedError | null
  /** How the transport was cut, if it was. */
  breakage: Breakage
  readonly core: ServerConnection
  private readonly transport: Transport
  readonly writes: WriteLoop
  readonly tasks: TurnTasks
  readonly events: EventSink
  private readonly context: DriverContext
  private readonly host: DriverHost
  private readonly reads: ReadLoop
  private readonly deadlines: Deadlines
  /** While draining, requests that begin before this count of received bytes are handled; -1: not draining. */
  private drainUntil: number
  /** `ending`: the core is notifying everything that waits for the connection. */
  private state: 'new' | 'open' | 'lingering' | 'ending' | 'over'

  constructor(core: ServerConnection, transport: Transport, context: DriverContext, host: DriverHost) {
    this.memberBefore = null
    this.memberAfter = null
    this.requestCount = 0
    this.departure = null
    this.breakage = NO_BREAKAGE
    this.core = core
    this.transport = transport
    this.tasks = context
    this.events = host
    this.context = context
    this.host = host
    this.writes = new WriteLoop(core, transport, this)
    this.reads = new ReadLoop(core, transport, this, context.readLimits)
    this.deadlines = new Deadlines(context.timeLimits, context.clock.now)
    this.drainUntil = -1
    this.state = 'new'
  }

  /** Whether {@link start} has not been called. */
  get isNew(): boolean {
    return this.state === 'new'
  }

  /** Whether the connection holds no resources and its owner has been told. */
  get isOver(): boolean {
    return this.state === 'over'
  }

  get phase(): Phase {
    return this.state === 'lingering' ? 'linger' : phaseOf(this.core, this.reads.hasPending)
  }

  get receivedBytes(): number {
    return this.reads.receivedBytes
  }

  /** Includes what the transport took of the write in flight: a slow client takes a large write bit by bit. */
  get writtenBytes(): number {
    return this.writes.writtenBytes - this.transport.unwrittenBytes
  }

  /** Whether the client has lately accepted all output without a wait. */
  get isKeepingUp(): boolean {
    return this.writes.isKeepingUp
  }

  /** Offers pending output to the transport now. Returns false if the transport cannot say yet what it took. */
  offerOutput(): boolean {
    return this.writes.offer()
  }

  /** Why exchanges are aborted: the client left, the core failed, or the connection was cut. */
  get abortReason(): unknown {
    if (this.departure === null && this.core.hasFailed) return this.core.errorCode
    // Made when it is first needed: most connections end between exchanges.
    return this.departure ??= new ConnectionClosedError(undefined, 'ECONNABORTED')
  }

  get hasOutput(): boolean {
    return this.core.hasPendingOutput
  }

  get bodyConsumed(): number {
    return this.core.bodyConsumed
  }

  /** Counts a request, and returns how many there were so far. */
  countRequest(): number {
    return ++this.requestCount
  }

  /** Starts reading. */
  start(): void {
    if (this.state !== 'new') return
    this.state = 'open'
    this.context.clock.add(this)
    this.writes.beginTurn()
    this.reads.start()
    this.writes.endTurn()
  }

  /**
   * Closes after the current response and, with `takesFurther`, after the responses to requests received before
   * {@link endIdle}. A client that is idle, or was promised keep-alive, may send one more request.
   */
  drain(takesFurther: boolean): void {
    if (this.state === 'new') return this.destroy(false)
    if (this.drainUntil === -1) this.drainUntil = takesFurther ? Infinity : 0
    this.drainCore(true)
  }

  /** Ends a {@link drain}: closes at once, or when the requests received so far are answered. */
  endIdle(): void {
    this.drainUntil = Math.min(this.drainUntil, this.receivedBytes)
    if (!this.isWithinRequest) this.drainCore(false)
  }

  /** Closes now, or after the response to the request in flight. */
  end(): void {
    if (this.state === 'new') this.destroy(false)
    else this.drainCore(false)
  }

  /** Closes the transport now and fails whatever is in flight. With `isReset` the peer sees a reset. */
  destroy(isReset: boolean): void {
    if (this.state === 'ending' || this.state === 'over') return
    if (this.events.isObserved) this.noteBreakage(isReset ? 'server' : null)
    this.transport.destroy(isReset)
    const rest = this.reads.stop()
    this.stop('ending')
    this.core.lost(rest, () => this.abortReason)
    this.finish()
  }

  /**
   * Stops driving for good. Returns what takes its place, and the bytes that were read after the last request (`head`,
   * owned by the caller). The connection is over when the transport is closed.
   */
  handOver(protocol: Protocol | null): { rest: HandedOver; head: Uint8Array } {
    const head = ownBytes(this.reads.stop())
    this.stop('over')
    return { rest: new HandedOver(this.transport, this.host, protocol), head }
  }

  tick(now: number): void {
    const limit = this.deadlines.tick(this, now)
    if (this.events.isObserved) this.tellStall()
    if (limit === null) return
    if (this.events.isObserved) this.events.emit({ type: 'timeout', limit })
    this.writes.beginTurn()
    this.enforce(limit)
    this.writes.endTurn()
  }

  turnEnded(): void {
    if (this.drainUntil !== -1) this.endSoon()
  }

  /** Queued output is still offered, as far as the transport takes it. */
  clientLeft(rest: Uint8Array): void {
    this.departure ??= new ConnectionClosedError()
    this.writes.offer()
    this.core.peerLeft(rest, () => this.departure)
  }

  inputEnded(): void {
    if (this.state === 'lingering') this.destroy(false)
  }

  inputFailed(error: unknown): void {
    const wasDone = this.state === 'lingering' || (!this.core.isHandling && !this.core.hasPendingOutput)
    if (error instanceof LocalProtocolError) this.host.report(error)
    else if (!wasDone) this.host.transportFailed(error)
    if (this.events.isObserved) this.noteBreakage('client')
    this.leave(false, error)
  }

  outputFailed(error: unknown): void {
    this.inputFailed(error)
  }

  outputLost(fate: string, cause?: unknown): void {
    this.host.report(new LocalProtocolError('badState', `bytes of a response ${fate}`, cause))
    this.destroy(true)
  }

  outputClosed(mustReset: boolean): void {
    if (mustReset) return this.destroy(true)
    this.state = 'lingering'
    this.transport.end()
    if (this.reads.hasEof) this.destroy(false)
  }

  private tellStall(): void {
    const request = this.core.currentRequest
    if (request !== null && this.deadlines.takeStall()) this.events.emit({ type: 'stalled', request })
  }

  private enforce(limit: Limit): void {
    switch (limit) {
      case 'headersTimeout': return this.endHead()
      case 'keepAliveTimeout': return this.closeIdle()
      case 'lingerTimeout': return this.stopLingering()
      case 'writeTimeout': return this.leave(true)
      default: return this.core.reportExn(limitError(limit))
    }
  }

  /** An unread or endless body is first dropped for another `lingerTimeout`; then the connection is closed. */
  private stopLingering(): void {
    if (this.state === 'lingering') this.destroy(false)
    else if (this.core.isDroppingBody) this.core.shutdown()
    else this.core.dropBody()
  }

  /** Answers 408 to a partial head; a client that sent nothing gets no answer. */
  private endHead(): void {
    if (this.isWithinRequest) this.core.reportExn(new RemoteProtocolError('requestTimeout'))
    else this.closeIdle()
  }

  /** Closes an idle connection, after reading what has arrived in the meantime. */
  private closeIdle(): void {
    this.drain(true)
    this.context.afterRead(() => { this.endIdle() })
  }

  private get isWithinRequest(): boolean {
    return this.core.isHandling || this.core.isWithinHead || this.reads.hasPending
  }

  private drainCore(awaitsRequest: boolean): void {
    if (this.state !== 'open') return
    this.writes.beginTurn()
    this.core.drain(awaitsRequest, () => this.hasFurther)
    this.writes.endTurn()
  }

  /** Whether a pipelined request behind the current one arrived before the drain ended. */
  private get hasFurther(): boolean {
    const behind = this.reads.unconsumed - this.core.bodyLeft
    return behind > 0 && this.receivedBytes - behind < this.drainUntil
  }

  /** A draining connection whose client was promised keep-alive is idle: it closes after one more read. */
  private endSoon(): void {
    if (this.drainUntil === Infinity || this.state !== 'open' || this.core.isClosed || this.isWithinRequest) return
    this.context.afterRead(() => { this.endIdle() })
  }

  /** Ends the connection because the client is gone, or counts as gone. */
  private leave(isReset: boolean, cause?: unknown): void {
    this.departure ??= cause instanceof ConnectionClosedError ? cause : new ConnectionClosedError(cause)
    this.destroy(isReset)
  }

  private noteBreakage(brokenBy: Breakage['brokenBy']): void {
    this.breakage = firstBreakage(this.breakage, brokenBy, this.transport)
  }

  private finish(): void {
    this.state = 'over'
    this.host.finished()
  }

  private stop(state: 'ending' | 'over'): void {
    this.state = state
    this.writes.stop()
    this.context.clock.delete(this)
  }
}
