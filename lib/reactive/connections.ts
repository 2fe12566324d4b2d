/**
 * The connections of one server, and its graceful close.
 *
 * Strategy: every connection is registered until it is over, so that closing can wait for all of them and cut them
 * after the grace period. Closing has stages: the server accepts what is in the backlog (`draining`), each connection
 * may still bring one request (`idling`), only connections with a request continue (`ending`), `closed`. The owner, a
 * listening socket or a test, accepts the connections.
 */
import type { SchedulerLike, Subscription } from 'rxjs'
import { Roster } from '../buffer/roster.js'
import { LONGEST_TIME } from '../connection/option-check.js'
import type { Transport } from '../runtime/transport.js'
import type { CloseOptions } from './close-options.js'
import { HttpConnection, type ServerContext } from './http-connection.js'

/** The owner of connections, which accepts them. */
export interface ConnectionsOwner {
  accepted(connection: HttpConnection): void
  /** Accepts the backlog, then stops accepting and calls `done`. */
  stopAccepting(done: () => void): void
  /** Gives up sockets that are not connections yet (TLS handshakes in progress). */
  abandon(): void
  /** Whether sockets that are not connections yet must be waited for. */
  readonly isBusy: boolean
  /** All connections are over, and none will follow. */
  closed(): void
}

/** The connections of one server. */
export class Connections {
  private readonly context: ServerContext
  private readonly owner: ConnectionsOwner
  private readonly scheduler: SchedulerLike
  private readonly all: Roster<HttpConnection>
  private state: 'open' | 'draining' | 'idling' | 'ending' | 'closed'
  private grace: Subscription | null
  private idle: Subscription | null

  constructor(context: ServerContext, owner: ConnectionsOwner, scheduler: SchedulerLike = context.clock.scheduler) {
    this.context = context
    this.owner = owner
    this.scheduler = scheduler
    this.all = new Roster()
    this.state = 'open'
    this.grace = null
    this.idle = null
  }

  /** Whether the server is not closing or closed. */
  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** The number of open connections. */
  get size(): number {
    return this.all.size
  }

  [Symbol.iterator](): Iterator<HttpConnection> {
    return this.all[Symbol.iterator]()
  }

  /** Makes the connection of a transport. While the server closes, it may bring one request, or is cut. */
  accept(id: number, transport: Transport): HttpConnection {
    const connection = new HttpConnection(id, transport, this.context)
    this.all.add(connection)
    if (this.isOpen || this.mayBegin) this.owner.accepted(connection)
    else connection.cut()
    if (this.mayBegin) connection.drain()
    return connection
  }

  /** Removes a connection that is over. */
  forget(connection: HttpConnection): void {
    this.all.delete(connection)
    this.settle()
  }

  /**
   * Closes gracefully: accepts the backlog, lets connections with a request answer it, and closes the others after
   * `idleMs`. Another call sets a new `graceMs`, after which the remaining connections are cut.
   */
  close({ graceMs, idleMs }: Required<CloseOptions>): void {
    if (this.isOpen) this.drain(idleMs)
    // A server without connections that does not listen yet is closed by now.
    if (this.state === 'closed') return
    this.grace?.unsubscribe()
    this.grace = this.after(graceMs, () => { this.cut() })
  }

  /** Cuts all connections now. */
  cut(): void {
    this.state = 'ending'
    this.owner.abandon()
    for (const connection of this.all) connection.cut()
    this.settle()
  }

  /** Completes the close if nothing is left to wait for. */
  settle(): void {
    const isClosing = this.state === 'idling' || this.state === 'ending'
    if (!isClosing || this.all.size > 0 || this.owner.isBusy) return
    this.stop()
    this.owner.closed()
  }

  /** Ends without notifying the owner, which never accepted a connection. */
  stop(): void {
    this.state = 'closed'
    this.grace?.unsubscribe()
    this.idle?.unsubscribe()
  }

  /** Whether a new or idle connection may bring one more request although the server is closing. */
  private get mayBegin(): boolean {
    return this.state === 'draining' || this.state === 'idling'
  }

  private drain(idleMs: number): void {
    this.state = 'draining'
    for (const connection of this.all) connection.drain()
    this.owner.stopAccepting(() => { if (this.state === 'draining') this.awaitIdle(idleMs) })
  }

  private awaitIdle(idleMs: number): void {
    const end = (): void => { this.endIdle() }
    this.state = 'idling'
    if (idleMs > 0) this.idle = this.after(idleMs, end)
    else this.context.afterRead(end)
    this.settle()
  }

  private endIdle(): void {
    if (this.state !== 'idling') return
    this.state = 'ending'
    this.owner.abandon()
    for (const connection of this.all) connection.endIdle()
    this.settle()
  }

  /** Schedules the task; null if the time is longer than a timer can wait. */
  private after(milliseconds: number, task: () => void): Subscription | null {
    return milliseconds <= LONGEST_TIME ? this.scheduler.schedule(task, milliseconds) : null
  }
}
