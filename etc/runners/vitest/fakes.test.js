/**
 * vitest: a server over sockets while timers, ticks or microtasks are faked.
 */
import { describe, test, vi } from 'vitest'
import { attempt, TRIALS, TRIALS_WITHOUT_TICKS } from './server.mjs'

const MODES = {
  'by default': { config: undefined, trials: TRIALS },
  'with nextTick': { config: { toFake: ['nextTick', 'queueMicrotask'] }, trials: TRIALS_WITHOUT_TICKS },
}

describe.each(Object.keys(MODES))('timers faked %s', mode => {
  const { config, trials } = MODES[mode]
  test.each(trials)('%s', { timeout: 30_000 }, trial => attempt(trial, () => {
    vi.useFakeTimers(config)
    return () => { vi.useRealTimers() }
  }))
})
