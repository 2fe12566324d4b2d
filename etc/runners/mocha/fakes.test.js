/**
 * mocha with sinon: a server over sockets while timers, ticks or microtasks are faked.
 */
import sinon from 'sinon'
import { attempt, TRIALS, TRIALS_WITHOUT_TICKS } from './server.mjs'

const MICROTASKS = {
  toFake: [
    'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'Date', 'hrtime',
    'performance', 'queueMicrotask',
  ],
}
const MODES = {
  'by default, with nextTick': { config: undefined, trials: TRIALS_WITHOUT_TICKS },
  'with microtasks': { config: MICROTASKS, trials: TRIALS },
}

for (const [mode, { config, trials }] of Object.entries(MODES)) {
  describe(`timers faked ${mode}`, function () {
    this.timeout(30_000)
    for (const trial of trials) {
      it(trial, () => attempt(trial, () => {
        const clock = sinon.useFakeTimers(config)
        return () => { clock.restore() }
      }))
    }
  })
}
