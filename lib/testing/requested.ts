/**
 * Demand by hand: a source, asked for what a diagram says.
 *
 * Strategy: it is the source alone, without a server, a client or a connection, behind the gate that stands in front of
 * a response.
 */
import type { Observable } from 'rxjs'
import { fromSource, type Source } from '../demand/from-source.js'
import { onBackpressureError } from '../demand/overflow-operators.js'

/**
 * Returns what the source emits when it is asked for what `requests$` emits: bytes, of values that are text or bytes,
 * and else items, as `ready$` has it. A later request replaces what is left of the last. It is unsubscribed as any
 * response is. What is emitted without having been asked for is a `BackpressureError`.
 *
 * @example
 * expectObservable(requested(pulled(next), cold('a--b', { a: 10, b: 5 }))).toBe('x--y', values)
 */
export function requested<T>(source: Source<T>, requests$: Observable<number>): Observable<T> {
  return fromSource(source).pipe(onBackpressureError(requests$))
}
