/**
 * node:test: a server over sockets while all timers that `mock.timers` can fake are faked.
 */
import { mock, test } from 'node:test'
import { attempt, TRIALS } from './server.mjs'

for (const trial of TRIALS) {
  test(`${trial}, timers faked`, () => attempt(trial, () => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: 0 })
    return () => { mock.timers.reset() }
  }))
}
