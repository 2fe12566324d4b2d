/**
 * Work that is repeated with the ticks of a server, or by a timer, in virtual time.
 */
import { describe, expect, it } from '@jest/globals'
import { VirtualTimeScheduler } from 'rxjs'
import { Clock } from '../../lib/runtime/clock.js'
import { Repeating } from '../../lib/runtime/repeating.js'

/** Notes when its work is done. */
class Noted extends Repeating {
  readonly times: number[] = []
  private readonly scheduler: VirtualTimeScheduler

  constructor(scheduler: VirtualTimeScheduler, intervalMs: number) {
    super(intervalMs)
    this.scheduler = scheduler
  }

  protected override repeat(): void {
    this.times.push(this.scheduler.now())
  }
}

/** A minute of virtual time. */
const minute = (): VirtualTimeScheduler => new VirtualTimeScheduler(undefined, 60_000)

describe('repeated work', () => {
  it('is done with the ticks of the server, until it is stopped', () => {
    const scheduler = minute()
    const clock = new Clock(1_000, scheduler)
    const work = new Noted(scheduler, 20_500)
    work.start(clock, null)
    scheduler.flush()
    expect(work.times).toEqual([21_000, 42_000])
    work.stop()
    work.stop()
    expect(clock.size).toBe(0)
  })

  it('has a timer of its own if the ticks are too far apart', () => {
    const clock = new Clock(6_000, minute())
    const work = new Noted(minute(), 20_000)
    work.start(clock, null)
    expect(clock.size).toBe(0)
    work.stop()
  })

  it.each([null, new Clock(1_000, minute())])('has a timer of the scheduler that is named', clock => {
    const scheduler = minute()
    const work = new Noted(scheduler, 25_000)
    work.start(clock, scheduler)
    scheduler.flush()
    expect(work.times).toEqual([25_000, 50_000])
    expect(clock?.size ?? 0).toBe(0)
  })

  it('is never done if there is no interval', () => {
    const scheduler = minute()
    const clock = new Clock(1_000, scheduler)
    new Noted(scheduler, 0).start(clock, null)
    new Noted(scheduler, 0).start(null, scheduler)
    expect([clock.size, scheduler.actions]).toEqual([0, []])
  })
})
