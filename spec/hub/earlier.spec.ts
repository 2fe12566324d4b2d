/**
 * A subscriber that begins with events from before the log, as of a hub that reads a stream.
 */
import { describe, expect, it } from '@jest/globals'
import { FanOut } from '../../lib/hub/fan-out.js'
import { isGap, type HubEvent, type HubGap } from '../../lib/hub/hub-options.js'
import type { Beginning } from '../../lib/hub/subscription.js'

const eventOf = (n: number): HubEvent<number> => ({ id: `e-${n}`, data: n })
const GAP: HubGap = { event: 'gap', data: { after: null, next: null, missed: 2 } }

/** A subscriber of these results of a source of earlier events, one after the other; null: not available yet. */
function listen(fanOut: FanOut<number>, items: (HubEvent<number> | HubGap | Beginning<number> | null)[]) {
  const log: unknown[] = []
  let goOn = (): void => { /* It is set below. */ }
  const events$ = fanOut.subscribe({ after: 'e-1', queue: 1, overflow: 'disconnect' }, (_, whenThere) => {
    goOn = whenThere
    return {
      next: () => (items.shift() ?? null) as HubEvent<number> | null,
      stop: () => { log.push('stopped') },
    }
  })
  const subscription = events$.subscribe({
    next: event => { log.push(isGap(event) ? `gap after ${event.data.after} to ${event.data.next}` : event.data) },
    complete: () => { log.push('end') },
  })
  return { log, goOn, subscription }
}

describe('earlier events', () => {
  it('come first, and the log continues at the position that they return', () => {
    const fanOut = new FanOut<number>(10)
    for (const n of [3, 4]) fanOut.push(eventOf(n))
    const { log, goOn } = listen(fanOut, [eventOf(2), null, GAP, null, { position: 1, lost: 0 }])
    expect(log).toEqual([2])
    goOn()
    expect(log).toEqual([2, 'gap after e-2 to null'])
    fanOut.push(eventOf(5))
    expect(log).toEqual([2, 'gap after e-2 to null', 4, 5])
  })

  it('are read while the log grows, which does not count against the subscriber', () => {
    const fanOut = new FanOut<number>(2)
    const { log, goOn } = listen(fanOut, [null, null, null, null])
    for (const n of [3, 4, 5]) fanOut.push(eventOf(n))
    goOn()
    expect(log).toEqual([])
    expect(fanOut.size).toBe(1)
  })

  it('end with the hub, even before they have arrived', () => {
    const fanOut = new FanOut<number>(10)
    const { log } = listen(fanOut, [eventOf(2), null])
    fanOut.close()
    expect(log).toEqual([2, 'end', 'stopped'])
  })

  it('are stopped when the subscriber leaves, unless it has reached the log', () => {
    const fanOut = new FanOut<number>(10)
    const waiting = listen(fanOut, [eventOf(2), null])
    waiting.subscription.unsubscribe()
    expect(waiting.log).toEqual([2, 'stopped'])
    const live = listen(fanOut, [eventOf(2), { position: 0, lost: 0 }])
    live.subscription.unsubscribe()
    expect(live.log).toEqual([2])
  })

  it('may be followed by a gap in the hub\'s own history', () => {
    const fanOut = new FanOut<number>(10)
    const { log } = listen(fanOut, [{ position: 0, lost: null }])
    fanOut.push(GAP)
    fanOut.push(eventOf(9))
    expect(log).toEqual(['gap after e-1 to null', 'gap after null to null', 9])
    const late = listen(fanOut, [{ position: 0, lost: 1 }])
    expect(late.log).toEqual(['gap after e-1 to e-9', 'gap after null to null', 9])
  })
})
