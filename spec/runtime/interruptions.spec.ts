/**
 * A connection that ends while it is at work: in each scenario, at every call that leaves the server's code (to the
 * transport, to the application, to an observer of events), the connection is cut, closed or drained, the client
 * leaves, or the application throws. Whatever the call, the loops stop, everybody learns of the end once, and nothing
 * that was sent is wrong.
 */
import { describe, expect, it } from '@jest/globals'
import { UnsubscriptionError } from 'rxjs'
import { Stage, type FakeTransport } from '../helpers/fake-transport.js'
import { scenarios, type Call, type Scenario } from './scenarios.js'

const BOOM = new Error('boom')

/** The ends that come from outside the application. */
const ENDS: Record<string, (stage: Stage) => void> = {
  'a cut': stage => { stage.connection.cut() },
  'a close': stage => { stage.connection.close() },
  'a drain': stage => {
    stage.connection.drain()
    stage.connection.endIdle()
  },
  'a reset by the client': stage => { stage.transport.breakDown() },
  // It comes as an event of its own, never within a call.
  'a half-close by the client': stage => { stage.time.schedule(() => { stage.transport.endInput() }) },
}

/** One run of a scenario. */
class Run {
  readonly stage: Stage
  /** The calls so far. */
  calls = 0
  /** How often each request learned of its end. */
  readonly ends: number[] = []
  /** What must not happen, but did. */
  readonly faults: string[] = []
  /** Whether {@link BOOM} was thrown. */
  hasThrown = false
  /** The number of the call at which {@link act} is called. */
  private readonly at: number
  private readonly act: ((stage: Stage) => void) | 'throw'
  private isOver = false

  constructor(scenario: Scenario, at: number, act: ((stage: Stage) => void) | 'throw', mode: Mode) {
    this.at = at
    this.act = act
    const call: Call = mayThrow => { this.call(mayThrow) }
    this.stage = new Stage(reqd => {
      const index = this.ends.push(0) - 1
      reqd.aborted$.subscribe({ complete: () => { this.ends[index]++ } })
      call(true)
      return scenario.handler(reqd, call)
    }, scenario.options)
    Object.assign(this.stage.transport, { answersAtOnce: mode.takes === 'at once' })
    this.watch(this.stage.transport)
    if (mode.isObserved) this.stage.connection.events$.subscribe(() => { call(false) })
    this.stage.connection.start()
    scenario.play(this.stage)
    this.finish()
  }

  /** The client reads on, then falls silent, then leaves. */
  private finish(): void {
    const { stage } = this
    stage.take(Infinity)
    for (let i = 0; i < 4; i++) stage.turn()
    stage.pass(400_000)
    stage.transport.breakDown()
    stage.settle().turn()
    // After an upgrade the transport is the listener's.
    if (stage.closed === 0) stage.connection.cut()
    stage.settle()
  }

  private watch(transport: FakeTransport): void {
    for (const name of ['write', 'pause', 'resume', 'end', 'prefer'] as const) {
      const method = transport[name].bind(transport) as (...args: unknown[]) => unknown
      // Only a write may call back.
      const call = name === 'write' ? () => { this.call(false) } : () => undefined
      Object.assign(transport, { [name]: (...args: unknown[]) => {
        if (this.isOver) this.faults.push(`${name} after the end`)
        call()
        const result = method(...args)
        call()
        return result
      } })
    }
    const destroy = transport.destroy.bind(transport)
    transport.destroy = isReset => {
      this.isOver = true
      destroy(isReset)
    }
  }

  private call(mayThrow: boolean): void {
    if (++this.calls !== this.at) return
    if (this.act !== 'throw') return this.act(this.stage)
    if (!mayThrow) return
    this.hasThrown = true
    throw BOOM
  }
}

/** Whether this is {@link BOOM}, or an error of RxJS that contains it. */
function isBoom(error: unknown): boolean {
  return error === BOOM || (error instanceof UnsubscriptionError && error.errors.some(isBoom))
}

interface Mode {
  readonly takes: 'at once' | 'later'
  readonly isObserved: boolean
}

const MODES: readonly Mode[] = [
  { takes: 'at once', isObserved: false }, { takes: 'at once', isObserved: true },
  { takes: 'later', isObserved: false }, { takes: 'later', isObserved: true },
]

/** Asserts what holds however a connection ends. */
function expectEnd(run: Run, label: string): void {
  const { stage, faults, ends } = run
  const over = { faults, closed: stage.closed, listeners: stage.transport.listeners }
  expect({ label, ...over }).toEqual({ label, faults: [], closed: 1, listeners: 0 })
  expect({ label, ends }).toEqual({ label, ends: ends.map(() => 1) })
  expect({ label, timers: stage.time.actions.length }).toEqual({ label, timers: 0 })
}

describe.each(Object.entries(scenarios))('%s: a connection ends as it should', (_, scenario) => {
  const whole = MODES.map(mode => new Run(scenario, 0, 'throw', mode))

  it('by itself', () => {
    for (const run of whole) expectEnd(run, 'whole')
  })

  it.each(Object.entries(ENDS))('by %s, at any call', (name, end) => {
    for (const [index, mode] of MODES.entries()) {
      for (let at = 1; at <= whole[index].calls; at++) {
        const label = `${name} at call ${at}, ${JSON.stringify(mode)}`
        const run = new Run(scenario, at, end, mode)
        expectEnd(run, label)
        // A client that is cut off has received a prefix of its full output.
        const isCut = name === 'a cut' || name === 'a reset by the client'
        if (isCut) expect({ label, text: whole[index].stage.text.slice(0, run.stage.text.length) })
          .toEqual({ label, text: run.stage.text })
      }
    }
  })

  it('by an exception of the application at any call, which is reported once', () => {
    for (const [index, mode] of MODES.entries()) {
      for (let at = 1; at <= whole[index].calls; at++) {
        const label = `an exception at call ${at}, ${JSON.stringify(mode)}`
        const run = new Run(scenario, at, 'throw', mode)
        expectEnd(run, label)
        const reports = run.stage.errors.filter(isBoom).length
        if (run.hasThrown) expect({ label, reports }).toEqual({ label, reports: 1 })
      }
    }
  })
})
