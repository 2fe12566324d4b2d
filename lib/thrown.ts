/**
 * What functions of the application throw: at once, or later by a promise that they return.
 *
 * Strategy: wherever the application gives a callback, it may give an `async` function, and a rejection that nobody
 * handles ends the process. So such a function is called by {@link attempt}, or its result is passed to
 * {@link onRejection}.
 */

/** Receives the errors of application code that no caller can receive. */
export type ReportError = (error: unknown) => void

/** Whether `value` can be awaited. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
}

/** If `result`, which a function of the application returned, is a promise, passes its rejection to `failed`. */
export function onRejection(result: unknown, failed: ReportError): void {
  if (isPromise(result)) result.then(undefined, failed)
}

/** Calls `f`. Its exception, or the rejection of the promise that it returns, goes to `failed`. */
export function attempt(f: () => unknown, failed: ReportError): void {
  try {
    onRejection(f(), failed)
  } catch (error) {
    failed(error)
  }
}

/** Returns what was thrown, with null and undefined replaced by an Error, for callers to whom null is no failure. */
export function thrownError(exn: unknown): unknown {
  return exn ?? new Error(`${String(exn)} was thrown`, { cause: exn })
}
