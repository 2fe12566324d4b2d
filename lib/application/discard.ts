/**
 * Releases sources that will not be read, or no further.
 *
 * Strategy: a source may hold a resource from the moment it is made (an open file, a connection), so every source that
 * is not read is cancelled. Failures of that are reported: nobody else would learn of them, and an `'error'` event
 * without a listener ends the process.
 */
import type { Unsubscribable } from 'rxjs'
import { attempt, isPromise, type ReportError } from '../thrown.js'

/** The method of a body that wraps a source: it discards that source. */
export const DISCARD: unique symbol = Symbol('httprx.discard')

/** The methods that end a source: a wrapper of ours, a Node stream, a web stream, or an iterator. */
interface Releasable {
  [DISCARD]?(report: ReportError): void
  destroy?(): unknown
  on?(event: 'error', listener: (error: unknown) => void): unknown
  cancel?(): unknown
  next?(): unknown
  return?(): unknown
}

/** Releases the resources of a source that will not be read. An Observable holds none before it is subscribed. */
export function discard(source: unknown, report: ReportError): void {
  if ((typeof source !== 'object' && typeof source !== 'function') || source === null) return
  attempt(() => release(source, report), report)
}

/** Discards the body of a value that may be a reply. */
export function discardReply(reply: unknown, report: ReportError): void {
  if (typeof reply !== 'object' || reply === null) return
  discard((reply as { readonly body?: unknown }).body, report)
}

/** Ends a subscription. An exception of the application's teardown is reported, and stops nothing else. */
export function endSubscription(subscription: Unsubscribable, report: ReportError): void {
  try {
    subscription.unsubscribe()
  } catch (error) {
    report(error)
  }
}

function release(source: Releasable, report: ReportError): unknown {
  // A promised source is released once it arrives.
  if (isPromise<unknown>(source)) return void source.then(value => { discard(value, report) }, report)
  if (typeof source[DISCARD] === 'function') { source[DISCARD](report); return }
  if (typeof source.cancel === 'function') return source.cancel()
  if (typeof source.destroy === 'function') {
    // The listener comes first: a file that could not be opened emits its error after destroy().
    if (typeof source.on === 'function') source.on('error', report)
    source.destroy()
    return undefined
  }
  return typeof source.next === 'function' ? source.return?.() : undefined
}

/** Whether the error is a mere consequence of an abort: an aborted signal, or a destroyed stream. */
export function isAftermath(error: unknown): boolean {
  try {
    const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown }
    return name === 'AbortError' || code === 'ERR_STREAM_PREMATURE_CLOSE'
  } catch {
    // A property of the application's error threw.
    return false
  }
}
