/**
 * A connection after its transport was handed over to another protocol.
 *
 * Strategy: it takes the driver's place and knows the transport alone. So the HTTP side (the state machine, its loops,
 * time limits and queues, and the request) becomes garbage, and an open WebSocket does not pay for it.
 */
import type { Observer } from 'rxjs'
import type { DriverHost, Driving } from './driver-host.js'
import { firstBreakage, NO_BREAKAGE, type Breakage } from './events.js'
import { SocketEvents } from './socket-events.js'
import type { Received, Transport, TransportOwner } from './transport.js'

/** A protocol of this package that takes the place of HTTP. */
export interface Protocol {
  /** The connection is asked to close; may be called more than once. */
  closeRequested(): void
  /** The socket is closed. */
  transportClosed(): void
}

/** What is left of a driver. */
export class HandedOver implements Driving, TransportOwner {
  breakage: Breakage
  readonly transport: Transport
  private readonly host: DriverHost
  private readonly protocol: Protocol | null
  private state: 'open' | 'over'

  /** `protocol` is null for a protocol of the application's, which gets the socket itself. */
  constructor(transport: Transport, host: DriverHost, protocol: Protocol | null) {
    this.breakage = NO_BREAKAGE
    this.transport = transport
    this.host = host
    this.protocol = protocol
    this.state = 'open'
  }

  get isOver(): boolean {
    return this.state === 'over'
  }

  /** Gives the transport to the protocol, whose `input` gets the bytes from now on. */
  give(input: Observer<Received>): void {
    this.transport.handOver(input, this)
  }

  /** Gives the socket to the application. */
  release(): unknown {
    const watcher = this.host.isObserved ? new SocketEvents(this.host) : null
    return this.transport.release(() => { this.closed() }, watcher)
  }

  drain(): void {
    this.protocol?.closeRequested()
  }

  end(): void {
    this.protocol?.closeRequested()
  }

  destroy(isReset: boolean): void {
    if (this.isOver) return
    if (this.host.isObserved) {
      this.breakage = firstBreakage(this.breakage, isReset ? 'server' : null, this.transport)
    }
    this.transport.destroy(isReset)
  }

  closed(): void {
    if (this.isOver) return
    this.state = 'over'
    this.protocol?.transportClosed()
    this.host.finished()
  }
}
