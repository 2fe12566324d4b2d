/**
 * Cutting peers that are not there any more.
 *
 * Strategy: at each tick of one interval the peer is asked for a sign of life; any byte from it is one. It is cut
 * where none came since the last tick. No judgement where it could not show any: while its input is held up here, and
 * while the ping would wait behind other output. There, the output is the judge: if none of it was taken since the
 * last tick, the peer is cut.
 */
import { interval, Subscription } from 'rxjs'
import type { Settings } from './web-socket-options.js'

/** What is known of a peer. */
export interface Peer {
  readonly receivedBytes: number
  readonly writtenBytes: number
  /** How many bytes are on their way to it. */
  readonly pending: number
  /** Whether its messages wait for somebody here. */
  readonly isHeld: boolean
  ping(): void
  terminate(): void
}

/** What the peer had shown at the last tick; -1 where that was no proof. */
interface Signs {
  received: number
  written: number
}

/** Watches the peer until it is unsubscribed. */
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
