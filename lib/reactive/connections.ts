/**
 * The connections of one server, from when they are accepted until the last is over.
 *
 * Strategy: each connection is known here until it is over, so closing can wait for all of them, and cut them when the
 * time is up. Closing has stages: the server takes what waits to be accepted (`draining`), connections may still get
 * one request each (`idling`), only those that have one go on (`ending`), `closed`. The owner lets connections in: a
 * listening socket, or a test.
 */
import type { SchedulerLike, Subscription } from 'rxjs'
import { LONGEST_TIME } from '../connection/option-check.js'
import type { Transport } from '../runtime/transport.js'
import type { CloseOptions } from './close-options.js'
import { HttpConnection, type ServerContext } from './http-connection.js'

/** The owner of connections, which lets them in. */
export interface ConnectionsOwner {
  accepted(connection: HttpConnection): void
  /** Accepts what waits, then nothing any more, and calls back when that is done. */
  stopAccepting(done: () => void): void
  /** Gives up what is no connection yet, because only those that have a request go on. */
  abandon(): void
  /** Whether something that is no connection yet has to be waited for. */
  readonly isBusy: boolean
  /** All connections are over, and no other will come. */
  closed(): void
}

/** The connections of one server. */
export class Connections {
  private readonly context: ServerContext
  private readonly owner: ConnectionsOwner
  private readonly scheduler: SchedulerLike
  private readonly all: Set<HttpConnection>
  private state: 'open' | 'draining' | 'idling' | 'ending' | 'closed'
  private grace: Subscription | null
  private idle: Subscription | null

  constructor(context: ServerContext, owner: ConnectionsOwner, scheduler: SchedulerLike = context.clock.scheduler) {
    this.context = context
    this.owner = owner
    this.scheduler = scheduler
    this.all = new Set()
    this.state = 'open'
    this.grace = null
    this.idle = null
  }

  /** Whether the server does not close. */
  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** How many connections there are. */
  get size(): number {
    return this.all.size
  }

  [Symbol.iterator](): Iterator<HttpConnection> {
    return this.all.values()
  }

  /** Makes the connection of a transport. While the server closes, it may have one request, or is cut. */
  accept(id: number, transport: Transport): HttpConnection {
    const connection = new HttpConnection(id, transport, this.context)
    this.all.add(connection)
    if (this.isOpen || this.mayBegin) this.owner.accepted(connection)
    else connection.cut()
    if (this.mayBegin) connection.drain()
    return connection
  }

  /** Forgets a connection that is over. */
  forget(connection: HttpConnection): void {
    this.all.delete(connection)
    this.settle()
  }

  /**
   * Lets in what waits already, closes the connections on which no request comes in time or has come unseen, and lets
   * the others answer. Called again, it sets a new time after which what is left is cut.
   */
  close({ graceMs, idleMs }: Required<CloseOptions>): void {
    if (this.state === 'closed') return
    if (this.isOpen) this.drain(idleMs)
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

  /** Looks whether nothing is left to wait for. */
  settle(): void {
    const isClosing = this.state === 'idling' || this.state === 'ending'
    if (!isClosing || this.all.size > 0 || this.owner.isBusy) return
    this.stop()
    this.owner.closed()
  }

  /** Ends without a word: no connection was ever let in. */
  stop(): void {
    this.state = 'closed'
    this.grace?.unsubscribe()
    this.idle?.unsubscribe()
  }

  /** Whether a connection that is new, or idle, may have one more request although the server closes. */
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

  /** Null where that is longer than a timer can wait. */
  private after(milliseconds: number, task: () => void): Subscription | null {
    return milliseconds <= LONGEST_TIME ? this.scheduler.schedule(task, milliseconds) : null
  }
}
