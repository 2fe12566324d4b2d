/**
 * A protocol of this package that takes the place of HTTP on a connection: the interface of `httprx/ws`.
 *
 * Strategy: the protocol gets the transport, and an owner that is the connection and not the request. So nothing of the
 * request is kept, unless the application keeps it.
 */
import type { Observer } from 'rxjs'
import type { BodyEvent } from '../demand/drops.js'
import type { Request } from '../message/request.js'
import type { Clock } from '../runtime/clock.js'
import type { EventSink } from '../runtime/events.js'
import type { Protocol } from '../runtime/handed-over.js'
import type { Received, Transport } from '../runtime/transport.js'
import type { TurnTasks } from '../runtime/turn-tasks.js'

/** The connection, as the protocol that took it over uses it. */
export interface SuccessorOwner extends EventSink {
  /** The server's clock; null where there is none. */
  readonly clock: Clock | null
  /** The application failed. */
  report(error: unknown): void
  /** A value was dropped, or operators hold values. `request` is null where the upgrade was not observed. */
  happened(event: BodyEvent, request: Request | null): void
}

/** The transport that a protocol gets. */
export interface HandedTransport {
  readonly transport: Transport
  /** Gives the input to the protocol, within {@link Successor.start}. */
  give(input: Observer<Received>): void
}

/** What a protocol gets at the hand-over. */
export interface Handover<Rest extends HandedTransport = HandedTransport> {
  readonly rest: Rest
  readonly tasks: TurnTasks
  /** The bytes that were read after the request; the protocol owns them. */
  readonly head: Uint8Array
  readonly owner: SuccessorOwner
  /** The request, if somebody observes the connection; else null, so that it need not be kept. */
  readonly request: Request | null
}

/** A protocol that takes the place of HTTP. */
export interface Successor extends Protocol {
  /** Takes over. */
  start(handover: Handover): void
  /** There is no hand-over: the client left before it, or the request failed. */
  unsubscribe(): void
}
