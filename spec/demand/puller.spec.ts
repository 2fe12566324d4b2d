/**
 * The loop of pulled sources: how many values it requests, and how a source ends.
 */
import { describe, expect, it } from '@jest/globals'
import type { Pullable } from '../../lib/demand/pullable.js'
import { Puller } from '../../lib/demand/puller.js'
import type { Taker } from '../../lib/demand/taker.js'

type Step = IteratorResult<number, unknown> | PromiseLike<IteratorResult<number, unknown>>

/** A taker with a demand in values, and a log. */
class LoggedTaker implements Taker<number> {
  isClosed = false
  wanted = 0
  progress = 0
  readonly log: unknown[] = []
  /** A value that it refuses. */
  refused = -1
  readonly later: (task: () => void) => void
  private readonly wake: () => void

  constructor(wake: () => void, later: (task: () => void) => void) {
    this.wake = wake
    this.later = later
  }

  wants(count: number): void {
    this.wanted = count
    this.wake()
  }

  next(value: number): void {
    if (value === this.refused) throw new Error(`${value} is refused`)
    this.log.push(value)
    if (value === 0) return
    this.wanted--
    this.progress++
  }

  complete(): void {
    this.isClosed = true
    this.log.push('complete')
  }

  error(error: unknown): void {
    this.isClosed = true
    this.log.push(String(error))
  }

  reportLate(error: unknown): void {
    this.log.push(`late: ${String(error)}`)
  }
}

interface Play {
  readonly taker: LoggedTaker
  readonly puller: Puller<number>
  readonly source: { pulls: number; returns: number }
  /** The tasks for later turns of the event loop. */
  readonly resting: (() => void)[]
}

/** Pulls the results of `next`, which is called with their numbers from 1. */
function play(next: (pull: number) => Step, isAsync = false, end: () => unknown = () => undefined): Play {
  const source = { pulls: 0, returns: 0 }
  const resting: (() => void)[] = []
  const takers: LoggedTaker[] = []
  const step = (): Step => {
    source.pulls++
    return next(source.pulls)
  }
  const pullable: Pullable<number> = {
    next: isAsync ? async () => await step() : step,
    return: () => {
      source.returns++
      return end()
    },
  }
  const makeTaker = (wake: () => void): LoggedTaker => {
    takers.push(new LoggedTaker(wake, task => { resting.push(task) }))
    return takers[0]
  }
  const puller = new Puller(makeTaker, () => pullable)
  puller.run()
  return { taker: takers[0], puller, source, resting }
}

const value = (pull: number): Step => ({ done: false, value: pull })

/** Returns when all promises of the loop have settled. */
async function settled(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
}

describe.each([['now', false], ['later', true]])('a source that answers %s', (_, isAsync) => {
  it('is asked for as many values as the demand, and again with the next demand', async () => {
    const { taker, source } = play(value, isAsync)
    expect(source.pulls).toBe(0)
    taker.wants(3)
    await settled()
    expect([source.pulls, taker.log]).toEqual([3, [1, 2, 3]])
    taker.wants(1)
    await settled()
    expect(taker.log).toEqual([1, 2, 3, 4])
  })

  it('is not stopped after it completes', async () => {
    const { taker, puller, source } = play(pull => pull < 3 ? value(pull) : { done: true, value: undefined }, isAsync)
    taker.wants(Infinity)
    await settled()
    puller.stop()
    expect([taker.log, source]).toEqual([[1, 2, 'complete'], { pulls: 3, returns: 0 }])
  })

  it('fails with its exception', async () => {
    const { taker, source } = play(pull => {
      if (pull < 3) return value(pull)
      throw new Error('broken')
    }, isAsync)
    taker.wants(Infinity)
    await settled()
    expect([taker.log, source.pulls]).toEqual([[1, 2, 'Error: broken'], 3])
  })

  it('is stopped once when its consumer refuses a value', async () => {
    const { taker, puller, source } = play(value, isAsync)
    taker.refused = 2
    taker.wants(Infinity)
    await settled()
    puller.stop()
    expect([taker.log, source]).toEqual([[1, 'Error: 2 is refused'], { pulls: 2, returns: 1 }])
  })

  it('yields to the event loop after a thousand empty values, and continues', async () => {
    const { taker, source, resting } = play(pull => ({ done: false, value: pull > 1_500 ? 1 : 0 }), isAsync)
    taker.wants(1)
    while (resting.length === 0) await settled()
    expect(source.pulls).toBeGreaterThanOrEqual(1_000)
    expect(source.pulls).toBeLessThan(1_100)
    resting[0]()
    while (taker.wanted > 0) await settled()
    expect([source.pulls, resting.length]).toEqual([1_501, 1])
  })
})

describe('a source that is stopped while a value is in flight', () => {
  it('does not deliver that value', async () => {
    const { taker, puller, source } = play(value, true)
    taker.wants(1)
    puller.stop()
    await settled()
    expect([taker.log, source]).toEqual([[], { pulls: 1, returns: 1 }])
  })

  it('has its failure reported instead of emitted', async () => {
    const { taker, puller } = play(() => { throw new Error('broken') }, true)
    taker.wants(1)
    puller.stop()
    await settled()
    expect(taker.log).toEqual(['late: Error: broken'])
  })
})

describe('a source that fails to stop', () => {
  it.each([
    ['by throwing', () => { throw new Error('stuck') }],
    ['by rejecting', () => Promise.reject(new Error('stuck'))],
  ])('is reported: %s', async (_, end) => {
    const { taker, puller } = play(value, false, end)
    puller.stop()
    await settled()
    expect(taker.log).toEqual(['late: Error: stuck'])
  })
})
