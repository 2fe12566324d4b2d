/**
 * The time of the library: real under fake timers, virtual under a TestScheduler.
 */
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { interval, type SchedulerLike, Subscription, take, timer, toArray } from 'rxjs'
import { libraryScheduler } from '../../lib/application/library-scheduler.js'
import { inVirtualTime } from '../helpers/marbles.js'

const { now } = Date

afterEach(() => { jest.useRealTimers() })

describe('the library\'s scheduler under fake timers', () => {
  it('runs scheduled work in real time', done => {
    jest.useFakeTimers()
    interval(1, libraryScheduler).pipe(take(3), toArray()).subscribe(values => {
      expect(values).toEqual([0, 1, 2])
      done()
    })
  })

  it('returns the real time', () => {
    const before = now()
    jest.useFakeTimers({ now: 0 })
    const time = libraryScheduler.now()
    expect(time).toBeGreaterThanOrEqual(before)
    expect(time).toBeLessThanOrEqual(now())
  })

  it('uses the virtual time of a TestScheduler', () => {
    jest.useFakeTimers()
    inVirtualTime(({ expectObservable }) => {
      expectObservable(timer(2, 3, libraryScheduler).pipe(take(2))).toBe('--a--(b|)', { a: 0, b: 1 })
      expect(libraryScheduler.now()).toBe(0)
    })
  })
})

describe('scheduled work', () => {
  it('receives its state, and is removed from its subscription when it is done', done => {
    const owner = new Subscription()
    const action = libraryScheduler.schedule(state => {
      expect(state).toBe('state')
      expect(action.closed).toBe(false)
      setImmediate(() => {
        expect(action.closed).toBe(true)
        done()
      })
    }, 0, 'state')
    owner.add(action)
  })

  it('runs once if it is rescheduled before its time', done => {
    const states: (string | undefined)[] = []
    const action = libraryScheduler.schedule<string>(function (state) {
      states.push(state)
      if (state === 'second') this.schedule('third')
      if (state !== 'third') return
      expect(states).toEqual(['second', 'third'])
      done()
    }, 0, 'first') as Subscription & { schedule(state: string): void }
    action.schedule('second')
  })

  it('does not run after it was unsubscribed', done => {
    const action = libraryScheduler.schedule(() => { done(new Error('it was done')) })
    action.unsubscribe();
    (action as Subscription & { schedule(): void }).schedule()
    libraryScheduler.schedule(() => { done() }, 2)
  })

  it('does not run again after it threw', () => {
    let fire: (() => void) | undefined
    const timers = jest.spyOn(globalThis, 'setTimeout')
    timers.mockImplementation(callback => {
      fire = callback
      return {} as NodeJS.Timeout
    })
    jest.isolateModules(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a copy that captures the present timers
      const copy = require('../../lib/application/library-scheduler.js') as { libraryScheduler: SchedulerLike }
      const failing = copy.libraryScheduler.schedule(function () {
        this.schedule()
        throw new Error('expected')
      })
      timers.mockRestore()
      expect(fire).toThrow('expected')
      expect(failing.closed).toBe(true)
    })
  })
})
