/**
 * The end of a body source that will not be read.
 *
 * Strategy: a source may hold something from the moment it was made (an open file, a connection), so whoever gets one
 * and does not read it says so to it. What fails within that is reported: there is nobody else to hear of it, and an
 * `'error'` event without a listener ends the process.
 */
import { onRejection } from '../errors.js'

/** What is used of a source to end it: a stream of Node, a web stream, or an iterator. */
interface Releasable {
  destroy?(): unknown
  on?(event: 'error', listener: (error: unknown) => void): unknown
  cancel?(): unknown
  next?(): unknown
  return?(): unknown
}

/** Gets the errors that come while a source ends. */
export type ReportError = (error: unknown) => void

/** Releases what a source holds that will not be read. What did not begin to work holds nothing. */
export function discard(source: unknown, report: ReportError): void {
  if ((typeof source !== 'object' && typeof source !== 'function') || source === null) return
  try {
    // What a promise brings has an end, too.
    if (isPromise<unknown>(source)) return void source.then(value => { discard(value, report) }, report)
    onRejection(end(source, report), report)
  } catch (error) {
    report(error)
  }
}

/** Discards the body of what may be a reply. */
export function discardReply(reply: unknown, report: ReportError): void {
  if (typeof reply !== 'object' || reply === null) return
  discard((reply as { readonly body?: unknown }).body, report)
}

/** Whether `value` can be awaited. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
}

function end(source: Releasable, report: ReportError): unknown {
  if (typeof source.cancel === 'function') return source.cancel()
  if (typeof source.destroy === 'function') {
    // Before it is destroyed: a file that could not be opened says so later.
    if (typeof source.on === 'function') source.on('error', report)
    source.destroy()
    return undefined
  }
  return typeof source.next === 'function' ? source.return?.() : undefined
}

/** Whether this is what an aborted signal, or a stream that was destroyed, makes of work that was under way. */
export function isAftermath(error: unknown): boolean {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown }
  return name === 'AbortError' || code === 'ERR_STREAM_PREMATURE_CLOSE'
}
