/**
 * Detects promises in synchronous virtual time, where they cannot settle.
 *
 * Strategy: `marbles` runs within one synchronous call, and promise callbacks run only after it. Code that waits for a
 * promise in between would wait forever, and the test might pass for the wrong reason. Libraries wait through `then`,
 * which therefore throws while virtual time runs. `await` does not call `then`, so results and bodies of handlers are
 * checked as well.
 */

import { RequestBody } from '../reactive/request-body/request-body.js'
import { AsyncCodeError } from './test-errors.js'

// It is called with its promise.
// eslint-disable-next-line @typescript-eslint/unbound-method
const { then: THEN } = Promise.prototype

/**
 * Whether the value can only be pulled with promises: an async iterable or a web stream. A request body is an
 * exception: a response reads it without promises.
 */
export function isAsyncSource(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof RequestBody) return false
  return Symbol.asyncIterator in value || typeof (value as { getReader?: unknown }).getReader === 'function'
}

/** Runs `run` while `then` throws. @throws {@link AsyncCodeError} if it was called, even if `run` caught that */
export function withoutPromises<T>(run: () => T): T {
  const prototype = Promise.prototype
  const found: AsyncCodeError[] = []
  prototype.then = function (this: Promise<unknown>): never {
    silence(this)
    const error = new AsyncCodeError('A promise was waited for')
    found.push(error)
    throw error
  }
  try {
    const result = run()
    if (found.length === 0) return result
  } catch (error) {
    if (found.length === 0 || error instanceof AsyncCodeError) throw error
  } finally {
    prototype.then = THEN
  }
  // The promise is the cause of any other failure.
  throw found[0]
}

/** Handles a later rejection of the promise: the test has failed already. */
export function silence(promise: PromiseLike<unknown>): void {
  if (promise instanceof Promise) void THEN.call(promise, () => undefined, () => undefined)
}
