/**
 * The consumer behind a `ready$`: the questions and notifications of operators between a source and that consumer.
 *
 * Strategy: without demand, bytes are pending, but the client is not necessarily slow: within one turn of the event
 * loop they may not have been offered to the transport yet. So an operator has them offered before it applies its
 * overflow policy. The consumer is a property of the Observable under a registered symbol, which also works across two
 * copies of this package.
 */
import type { Observable } from 'rxjs'
import type { Ahead } from './tally.js'

/** The consumer of a source that cannot be paused. */
export interface Consumer {
  /** @internal How much was accepted and not passed on yet, in the unit of the demand. */
  readonly pending: number
  /**
   * @internal Offers the pending bytes to the transport now, which may cause a new demand synchronously. Returns false
   *   where the transport cannot tell yet how much it took.
   */
  flush(): boolean
  /** @internal A value of that size was dropped. */
  dropped(size: number): void
  /** @internal Operators may hold values that were pulled. */
  ahead(ahead: Ahead): void
  /** @internal Receives errors of a source that was already told to stop. */
  reportLate(error: unknown): void
}

const CONSUMER = Symbol.for('httprx.consumer')

/** Stands in for the consumer of a `ready$` that the application made itself. */
const UNKNOWN: Consumer = {
  pending: 0,
  flush: () => true,
  dropped: () => undefined,
  ahead: () => undefined,
  reportLate: () => undefined,
}

/** Attaches the consumer to its `ready$`. */
export function withConsumer(ready$: Observable<number>, consumer: Consumer): Observable<number> {
  return Object.assign(ready$, { [CONSUMER]: consumer })
}

/** Returns the consumer attached to a `ready$`; or, if there is none, a consumer that ignores everything. */
export function consumerOf(ready$: Observable<number>): Consumer {
  return (ready$ as { [CONSUMER]?: Consumer })[CONSUMER] ?? UNKNOWN
}
