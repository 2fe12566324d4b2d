/**
 * Drives a source with demand from a diagram.
 *
 * Strategy: the source runs without a server, a client or a connection, behind the same gate as a response body.
 */
import type { Observable } from 'rxjs'
import { fromSource, type Source } from '../demand/from-source.js'
import { onBackpressureError } from '../demand/overflow-operators.js'

/**
 * Returns the values of the source under the demand that `requests$` emits, as `ready$` does: in bytes for text and
 * bytes, in items for other values. A request replaces the rest of the previous one. A value without demand is a
 * `BackpressureError`.
 *
 * @example
 * expectObservable(requested(pulled(next), cold('a--b', { a: 10, b: 5 }))).toBe('x--y', values)
 */
export function requested<T>(source: Source<T>, requests$: Observable<number>): Observable<T> {
  return fromSource(source).pipe(onBackpressureError(requests$))
}
