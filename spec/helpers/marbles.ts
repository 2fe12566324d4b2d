/**
 * Virtual time for the specs: RxJS's TestScheduler with jest's matcher.
 */
import { expect } from '@jest/globals'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'

/** Runs a test in virtual time; its expectations are compared when time has run out. */
export function inVirtualTime(test: (helpers: RunHelpers) => void): void {
  new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected)
  }).run(test)
}
