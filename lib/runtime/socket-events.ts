/**
 * The events of a socket after its connection was handed over (an upgrade).
 *
 * Strategy: the bytes then bypass the two loops, which emit the events before. So the transport watches the socket and
 * reports to this class, and a capture or a metric covers both parts of the connection.
 */
import { IOVec } from '../buffer/iovec.js'
import type { EventSink } from './events.js'
import type { SocketWatcher } from './transport.js'

/** Emits connection events for the traffic of a socket. */
export class SocketEvents implements SocketWatcher {
  private readonly events: EventSink

  constructor(events: EventSink) {
    this.events = events
  }

  bytesIn(bytes: Uint8Array): void {
    if (this.events.isObserved) this.events.emit({ type: 'bytesIn', count: bytes.length, bytes })
  }

  inputEnded(): void {
    if (this.events.isObserved) this.events.emit({ type: 'inputEnd' })
  }

  writeWaits(count: number): void {
    if (this.events.isObserved) this.events.emit({ type: 'writeWaits', count })
  }

  bytesOut(bytes: Uint8Array): void {
    const iovecs = [IOVec.create(bytes)]
    if (this.events.isObserved) this.events.emit({ type: 'bytesOut', count: bytes.length, iovecs })
  }
}
