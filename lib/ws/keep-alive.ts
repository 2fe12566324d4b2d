/**
 * Keep-alive: pings, and the end of connections whose peer is gone.
 *
 * Strategy: whenever a ping is due, it is sent; any byte from the peer is a sign of life. The connection is terminated
 * if no byte came since the last time. Two cases are exempt: while the peer's input is held here, no byte of it can
 * arrive; and while other output is pending, the ping would wait behind it. In the second case the connection is
 * terminated if the peer took none of that output since the last time.
 *
 * No connection has a timer of its own: pings ride on the server's tick, unless the options name a scheduler, or the
 * ticks are too far apart.
 */
import { interval, type Observable, type Subscription } from 'rxjs'
import { libraryScheduler } from '../application/library-scheduler.js'
import type { Clock, Ticking } from '../runtime/clock.js'
import type { Settings } from './web-socket-options.js'

/** The peer, as far as it is observed. */
export interface Peer {
  readonly receivedBytes: number
  readonly writtenBytes: number
  /** How many bytes wait to be taken by it. */
  readonly pending: number
  /** Whether its input is held here. */
  readonly isHeld: boolean
  ping(): void
  terminate(): void
}

/** How many ticks there are at least from one ping to the next. */
const TICKS = 4

/** Watches one peer. */
export class KeepAlive implements Ticking {
  memberBefore: Ticking | null
  memberAfter: Ticking | null
  private readonly peer: Peer
  private readonly intervalMs: number
  /** The server's clock, or a timer: it calls this at each tick. */
  private source: Clock | Subscription | null
  /** When the next ping is due, on the server's clock. */
  private due: number
  /** The counters at the last ping; -1 if they prove nothing. */
  private received: number
  private written: number

  /** Starts watching; `clock` is the server's, where there is one. */
  static start(peer: Peer, settings: Settings, clock: Clock | null): KeepAlive {
    const { pingIntervalMs, scheduler } = settings
    const watch = new KeepAlive(peer, pingIntervalMs)
    if (pingIntervalMs === 0) return watch
    const isOnClock = clock !== null && clock.intervalMs * TICKS <= pingIntervalMs
    if (scheduler === null && isOnClock) watch.follow(clock)
    else watch.time(interval(pingIntervalMs, scheduler ?? libraryScheduler))
    return watch
  }

  private constructor(peer: Peer, intervalMs: number) {
    this.memberBefore = null
    this.memberAfter = null
    this.peer = peer
    this.intervalMs = intervalMs
    this.source = null
    this.due = 0
    this.received = -1
    this.written = -1
  }

  /** Stops watching. */
  stop(): void {
    const { source } = this
    this.source = null
    if (source === null) return
    if ('unsubscribe' in source) source.unsubscribe()
    else source.delete(this)
  }

  tick(now: number): void {
    if (now < this.due) return
    this.due = now + this.intervalMs
    this.check()
  }

  private follow(clock: Clock): void {
    this.source = clock
    this.due = clock.now + this.intervalMs
    clock.add(this)
  }

  private time(ticks$: Observable<unknown>): void {
    this.source = ticks$.subscribe(() => { this.check() })
  }

  private check(): void {
    const { peer } = this
    const isStuck = peer.pending > 0
    const isGone = isStuck ? peer.writtenBytes === this.written : peer.receivedBytes === this.received
    if (isGone && (isStuck || !peer.isHeld)) return peer.terminate()
    this.written = isStuck ? peer.writtenBytes : -1
    this.received = isStuck || peer.isHeld ? -1 : peer.receivedBytes
    if (!isStuck) peer.ping()
  }
}
