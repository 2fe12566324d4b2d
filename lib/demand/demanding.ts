/**
 * The consumer behind a `ready$`: what an operator between a source and its consumer may ask and tell.
 *
 * Strategy: an unanswered demand says that bytes wait, not that the client is slow: within one turn nothing was offered
 * to the transport yet. So an operator offers it before it judges. The consumer is found at the Observable itself,
 * under a registered symbol: sources of other packages and of a second copy of this one pass it on as it is.
 */
import type { Observable } from 'rxjs'
import type { Ahead } from './drops.js'

/** The consumer of a source that cannot be slowed. */
export interface Demanding {
  /** @internal How much was accepted and not passed on yet, in the unit of the demand. */
  readonly pending: number
  /**
   * @internal
   * Offers what is pending to the transport now, which may make a new demand at once. Returns false where the transport
   * cannot say yet what it took.
   */
  flush(): boolean
  /** @internal A value of that size was dropped. */
  dropped(size: number): void
  /** @internal Operators may hold values that were pulled. */
  ahead(ahead: Ahead): void
  /** @internal Hears of errors of a source that was told to end already. */
  reportLate(error: unknown): void
}

const DEMANDING = Symbol.for('httprx.demanding')

/** The consumer behind a `ready$` that the application made: nothing is known of it. */
const UNKNOWN: Demanding = {
  pending: 0,
  flush: () => true,
  dropped: () => undefined,
  ahead: () => undefined,
  reportLate: () => undefined,
}

/** The Observable, marked as the demand of that consumer. */
export function demandOf(ready$: Observable<number>, consumer: Demanding): Observable<number> {
  return Object.assign(ready$, { [DEMANDING]: consumer })
}

/** Returns the consumer whose demand the Observable is; of any other Observable, one that has and does nothing. */
export function demanding(ready$: Observable<number>): Demanding {
  return (ready$ as { [DEMANDING]?: Demanding })[DEMANDING] ?? UNKNOWN
}
