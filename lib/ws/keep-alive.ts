/**
 * Keep-alive: pings, and the end of connections whose peer is gone.
 *
 * Strategy: whenever a ping is due, it is sent; any byte from the peer is a sign of life. The connection is terminated
 * if no byte came since the last time. Two cases are exempt: while the peer's input is held here, no byte of it can
 * arrive; and while other output is pending, the ping would wait behind it. In the second case the connection is
 * terminated if the peer took none of that output since the last time.
 */
import { Repeating } from '../runtime/repeating.js'

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

/** Watches one peer. */
export class KeepAlive extends Repeating {
  private readonly peer: Peer
  /** The counters at the last ping; -1 if they prove nothing. */
  private received: number
  private written: number

  /** A ping is due every `intervalMs` milliseconds; 0: never. */
  constructor(peer: Peer, intervalMs: number) {
    super(intervalMs)
    this.peer = peer
    this.received = -1
    this.written = -1
  }

  /** Sends a ping, unless the peer is gone. */
  protected override repeat(): void {
    const { peer } = this
    const isStuck = peer.pending > 0
    const isGone = isStuck ? peer.writtenBytes === this.written : peer.receivedBytes === this.received
    if (isGone && (isStuck || !peer.isHeld)) return peer.terminate()
    this.written = isStuck ? peer.writtenBytes : -1
    this.received = isStuck || peer.isHeld ? -1 : peer.receivedBytes
    if (!isStuck) peer.ping()
  }
}
