/**
 * jest: a server over sockets while timers, ticks and microtasks are faked.
 */
import { jest, test } from '@jest/globals'
import { attempt, TRIALS } from './server.mjs'

test.each(TRIALS)('%s, timers faked', trial => attempt(trial, () => {
  jest.useFakeTimers({ now: 0 })
  return () => { jest.useRealTimers() }
}), 30_000)
