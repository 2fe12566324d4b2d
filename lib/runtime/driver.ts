/**
 * What drives a connection: the state machine, the two loops that connect it with a transport, and its time limits.
 *
 * Strategy: everything that happens on a connection happens within a turn, and output leaves at the end of the turn.
 * After the last response the connection is closed in stages (RFC 9112 §9.6): output is ended, input is read and
 * dropped for a bounded time and amount, so that the client gets the response and not a reset; then the transport is
 * closed.
 */
import type { ServerConnection } from '../connection/server-connection.js'
import { ConnectionClosedError, LocalProtocolError, RemoteProtocolError } from '../errors.js'
import type { Ticking } from './clock.js'
import { Deadlines, type Limit, type Phase, type Watched } from './deadlines.js'
import type { DriverContext, DriverHost } from './driver-host.js'
import { NO_BREAKAGE, type Breakage, type EventSink } from './events.js'
import { limitError } from './limit-error.js'
import { phaseOf } from './phases.js'
import { ReadLoop, type ReadOwner } from './read-loop.js'
import { SocketEvents } from './socket-events.js'
import type { Transport } from './transport.js'
import type { TurnTasks } from './turn-tasks.js'
import { WriteLoop, type WriteOwner } from './write-loop.js'

/** The driver of one connection. */
export class Driver implements ReadOwner, WriteOwner, Ticking, Watched {
  /** How many requests came so far: the owner counts them. */
  requestCount: number
  /** What the client's departure looked like; null as long as it did not leave. */
  departure: ConnectionClosedError | null
  /** How the transport was broken off, if it was. */
  breakage: Breakage
  private readonly core: ServerConnection
  private readonly transport: Transport
  readonly writes: WriteLoop
  readonly tasks: TurnTasks
  readonly events: EventSink
  private readonly context: DriverContext
  private readonly host: DriverHost
  private readonly reads: ReadLoop
  private readonly deadlines: Deadlines
  /** While it closes: up to how many received bytes requests are handled; -1 where it does not close. */
  private drainUntil: number
  /** `ending`: everything that waits for the connection is being told. */
  private state: 'new' | 'open' | 'lingering' | 'released' | 'ending' | 'over'

  constructor(core: ServerConnection, transport: Transport, context: DriverContext, host: DriverHost) {
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

  /** Whether it was not started. */
  get isNew(): boolean {
    return this.state === 'new'
  }

  /** Whether the connection holds nothing any more, and everybody was told. */
  get isOver(): boolean {
    return this.state === 'over'
  }

  get phase(): Phase {
    return this.state === 'lingering' ? 'linger' : phaseOf(this.core, this.reads.hasPending)
  }

  get receivedBytes(): number {
    return this.reads.receivedBytes
  }

  /** Of a write that is under way what was taken counts: a slow client takes a large one bit by bit. */
  get writtenBytes(): number {
    return this.writes.writtenBytes - this.transport.unwrittenBytes
  }

  /** Whether the client has lately taken everything as fast as it came. */
  get isKeepingUp(): boolean {
    return this.writes.isKeepingUp
  }

  /** Offers what waits to the transport now. Returns false where that cannot say yet what it took. */
  offerOutput(): boolean {
    return this.writes.offer()
  }

  get hasOutput(): boolean {
    return this.core.hasPendingOutput
  }

  get bodyConsumed(): number {
    return this.core.bodyConsumed
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
   * Closes when the current response is complete, and with `takesFurther` those to the requests that come before
   * {@link endIdle}. A client that is idle, or was told that the connection goes on, may send one more.
   */
  drain(takesFurther: boolean): void {
    if (this.state === 'new') return this.destroy(false)
    if (this.drainUntil === -1) this.drainUntil = takesFurther ? Infinity : 0
    this.drainCore(true)
  }

  /** After {@link drain}: closes, at once or when the requests that came are answered. */
  endIdle(): void {
    this.drainUntil = Math.min(this.drainUntil, this.receivedBytes)
    if (!this.isWithinRequest) this.drainCore(false)
  }

  /** Closes; when a request is handled, after its response. */
  end(): void {
    if (this.state === 'new') this.destroy(false)
    else this.drainCore(false)
  }

  /** Ends everything now. */
  destroy(isReset: boolean): void {
    if (this.state === 'ending' || this.state === 'over') return
    if (this.events.isObserved) this.noteBreakage(isReset ? 'server' : null)
    const { state } = this
    this.transport.destroy(isReset)
    // The transport of a connection that was handed over says itself when it is closed.
    if (state === 'released') return
    const rest = this.reads.stop()
    this.stop('ending')
    this.core.lost(rest, () => this.departure ?? new LocalProtocolError('badState', 'the connection was cut'))
    this.finish()
  }

  /**
   * Stops driving and gives up the transport, with the bytes that were read behind the last request. The connection is
   * over when the transport is closed.
   */
  release(): { transport: unknown; head: Uint8Array } {
    const head = this.reads.stop()
    this.stop('released')
    const watcher = this.events.isObserved ? new SocketEvents(this.events) : null
    return { transport: this.transport.release(() => { this.finish() }, watcher), head }
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
    this.host.turnEnded()
    if (this.drainUntil !== -1) this.endSoon()
  }

  /** What is queued is written all the same, as far as the transport takes it. */
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
    if (!wasDone) this.host.transportFailed(error)
    if (this.events.isObserved) this.noteBreakage('client')
    this.leave(false, error)
  }

  outputFailed(error: unknown): void {
    this.inputFailed(error)
  }

  outputGivenAway(): void {
    this.host.report(new LocalProtocolError('badState', 'bytes of a response were given away before they were sent'))
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

  /** A body that does not end, or that its handler left unread, is dropped, for as long again; then all ends. */
  private stopLingering(): void {
    if (this.state === 'lingering') this.destroy(false)
    else if (this.core.isDroppingBody) this.core.shutdown()
    else this.core.dropBody()
  }

  /** A client that sent nothing is not answered. */
  private endHead(): void {
    if (this.isWithinRequest) this.core.reportExn(new RemoteProtocolError('requestTimeout'))
    else this.closeIdle()
  }

  /** Closes an idle connection, after a look at what has come in the meantime. */
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

  /** Whether a request came behind the current one, in time. */
  private get hasFurther(): boolean {
    const behind = this.reads.unconsumed - this.core.bodyLeft
    return behind > 0 && this.receivedBytes - behind < this.drainUntil
  }

  /** A connection that closes, and was told that it goes on, is idle: it closes after a look at what has come. */
  private endSoon(): void {
    if (this.drainUntil === Infinity || this.state !== 'open' || this.core.isClosed || this.isWithinRequest) return
    this.context.afterRead(() => { this.endIdle() })
  }

  /** The client is gone, or counts as gone. */
  private leave(isReset: boolean, cause?: unknown): void {
    this.departure ??= cause instanceof ConnectionClosedError ? cause : new ConnectionClosedError(cause)
    this.destroy(isReset)
  }

  private noteBreakage(brokenBy: Breakage['brokenBy']): void {
    if (this.breakage === NO_BREAKAGE) this.breakage = { brokenBy, unwritten: this.transport.unwrittenBytes }
  }

  private finish(): void {
    this.state = 'over'
    this.host.finished()
  }

  private stop(state: 'ending' | 'released'): void {
    this.state = state
    this.writes.stop()
    this.context.clock.delete(this)
  }
}
