/**
 * What finds promises where they can't work.
 *
 * Strategy: virtual time runs within one synchronous call, and the callbacks of a promise run after it. So whoever
 * waits for one in the meantime waits for ever, and a test that goes on without it may pass for the wrong reason. All
 * ways of waiting that libraries have go through `then`, which therefore fails while virtual time runs; what a handler
 * returns and what it answers with is looked at besides, because `await` does not.
 */

import { RequestBody } from '../reactive/request-body/request-body.js'
import { AsyncCodeError } from './test-errors.js'

// It is called with its promise.
// eslint-disable-next-line @typescript-eslint/unbound-method
const { then: THEN } = Promise.prototype

/**
 * Whether this can only be pulled with promises: an async iterable or a web stream. The body of a request is one of our
 * own, which a response reads without.
 */
export function isAsyncSource(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof RequestBody) return false
  return Symbol.asyncIterator in value || typeof (value as { getReader?: unknown }).getReader === 'function'
}

/** Runs `run` while `then` fails. @throws {@link AsyncCodeError} if it was called, even where `run` caught that */
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
    if (found.length === 0) throw error
  } finally {
    prototype.then = THEN
  }
  // It is the cause of whatever else failed.
  throw found[0]
}

/** Nobody hears of a promise that fails later, either: the test has failed already. */
export function silence(promise: PromiseLike<unknown>): void {
  if (promise instanceof Promise) void THEN.call(promise, () => undefined, () => undefined)
}
