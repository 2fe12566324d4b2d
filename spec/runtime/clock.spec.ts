/**
 * The clock of a server.
 */
import { describe, expect, it } from '@jest/globals'
import { VirtualTimeScheduler } from 'rxjs'
import { Clock, type Ticking } from '../../lib/runtime/clock.js'

const DAY = Date.UTC(2026, 0, 2, 3, 4, 5)

class Times implements Ticking {
  memberBefore: Ticking | null = null
  memberAfter: Ticking | null = null
  readonly times: number[] = []

  tick(now: number): void {
    this.times.push(now)
  }
}

/** Lets time pass up to `end`. */
function run(time: VirtualTimeScheduler, end: number): void {
  time.maxFrames = end
  time.flush()
  time.frame = end
}

describe('a clock', () => {
  it('calls all its users at each tick, with one timer for all', () => {
    const time = new VirtualTimeScheduler()
    const clock = new Clock(1000, time)
    const [one, other] = [new Times(), new Times()]
    clock.add(one)
    expect(time.actions).toHaveLength(1)
    clock.add(other)
    expect(time.actions).toHaveLength(1)
    expect(clock.size).toBe(2)
    run(time, 2500)
    expect(one.times).toEqual([1000, 2000])
    clock.delete(one)
    run(time, 3500)
    expect(one.times).toEqual([1000, 2000])
    expect(other.times).toEqual([1000, 2000, 3000])
  })

  it('has no timer while it has no users', () => {
    const time = new VirtualTimeScheduler()
    const clock = new Clock(1000, time)
    const one = new Times()
    clock.delete(one)
    expect(time.actions).toHaveLength(0)
    clock.add(one)
    clock.delete(one)
    expect(clock.size).toBe(0)
    run(time, 5000)
    expect(time.actions).toHaveLength(0)
    expect(one.times).toEqual([])
    clock.add(one)
    run(time, 6000)
    expect(one.times).toEqual([6000])
  })

  it('lets a user remove itself within a tick', () => {
    const time = new VirtualTimeScheduler()
    const clock = new Clock(1000, time)
    const last = new Times()
    clock.add({ memberBefore: null, memberAfter: null, tick() { clock.delete(this) } })
    clock.add(last)
    run(time, 2000)
    expect(last.times).toEqual([1000, 2000])
    expect(clock.size).toBe(1)
  })

  it('returns the date in the format of HTTP, formatted once a tick', () => {
    const time = new VirtualTimeScheduler()
    time.frame = DAY
    const clock = new Clock(1000, time)
    expect(clock.date()).toBe('Fri, 02 Jan 2026 03:04:05 GMT')
    time.frame = DAY + 1000
    expect(clock.date()).toBe('Fri, 02 Jan 2026 03:04:06 GMT')
    clock.add(new Times())
    expect(clock.date()).toBe(clock.date())
    run(time, DAY + 2000)
    expect(clock.date()).toBe('Fri, 02 Jan 2026 03:04:07 GMT')
  })

  it('formats the date each time if ticks are far apart', () => {
    const time = new VirtualTimeScheduler()
    const clock = new Clock(60_000, time)
    clock.add(new Times())
    expect(clock.date()).toContain('00:00:00')
    time.frame = 5000
    expect(clock.date()).toContain('00:00:05')
  })

  it('uses real time by default', () => {
    expect(Math.abs(Date.parse(new Clock(1000).date()) - Date.now())).toBeLessThan(60_000)
  })
})
