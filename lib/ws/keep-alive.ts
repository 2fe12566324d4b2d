/**
 * Keep-alive: pings, and the end of connections whose peer is gone.
 *
 * Strategy: at each tick of one interval a ping is sent; any byte from the peer is a sign of life. The connection is
 * terminated if no byte came since the last tick. Two cases are exempt: while the peer's input is held here, no byte of
 * it can arrive; and while other output is pending, the ping would wait behind it. In the second case the connection is
 * terminated if the peer took none of that output since the last tick.
 */
import { interval, Subscription } from 'rxjs'
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

/** The counters at the last tick; -1 if they prove nothing. */
interface Signs {
  received: number
  written: number
}

/** Watches the peer until the result is unsubscribed. */
export function keepAlive(peer: Peer, { pingIntervalMs, scheduler }: Settings): Subscription {
  if (pingIntervalMs <= 0) return Subscription.EMPTY
  const last: Signs = { received: -1, written: -1 }
  return interval(pingIntervalMs, scheduler).subscribe(() => { tick(peer, last) })
}

function tick(peer: Peer, last: Signs): void {
  const isStuck = peer.pending > 0
  const isGone = isStuck ? peer.writtenBytes === last.written : peer.receivedBytes === last.received
  if (isGone && (isStuck || !peer.isHeld)) return peer.terminate()
  last.written = isStuck ? peer.writtenBytes : -1
  last.received = isStuck || peer.isHeld ? -1 : peer.receivedBytes
  if (!isStuck) peer.ping()
}
