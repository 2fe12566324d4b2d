/**
 * A publisher that waits until every subscriber that must lose nothing has room.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { heard, hubOf, Taker } from '../helpers/hub.js'

describe('a publisher that waits', () => {
  it('publishes at once if there is room', async () => {
    const hub = hubOf()
    const log = heard(hub, { overflow: 'wait' })
    const id = hub.publishWhenReady(1)
    expect(log).toEqual([1])
    expect(await id).toBe('e-1')
  })

  it('publishes in order as the slowest lossless subscriber takes events', async () => {
    const hub = hubOf()
    const slow = new Taker(hub, { overflow: 'wait', queue: 2 })
    const other = new Taker(hub)
    const ids = [1, 2, 3, 4, 5].map(n => hub.publishWhenReady(n))
    await ids[1]
    expect(hub.latestId).toBe('e-2')
    slow.take(1)
    expect(await ids[2]).toBe('e-3')
    expect(hub.latestId).toBe('e-3')
    slow.take(10)
    expect(await Promise.all(ids)).toEqual(['e-1', 'e-2', 'e-3', 'e-4', 'e-5'])
    expect(slow.log).toEqual([1, 2, 3, 4, 5])
    expect(other.log).toEqual([])
  })

  it('loses nothing in whatever order its subscribers take events, join and leave', () => fc.assert(fc.asyncProperty(
    fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 3 }), fc.constantFrom('take', 'join', 'leave')), {
      minLength: 20, maxLength: 60,
    }),
    async steps => {
      const hub = hubOf({ history: 4 })
      const takers = [1, 2, 3].map(() => new Taker(hub, { overflow: 'wait', queue: 2 }))
      const left = new Set<Taker>()
      const published = Array.from({ length: 40 }, (_, n) => hub.publishWhenReady(n))
      for (const [at, count, step] of steps) {
        const taker = takers[at % takers.length]
        if (step === 'join') takers.push(new Taker(hub, { overflow: 'wait', queue: 2 }))
        if (step === 'leave' && takers.length - left.size > 1) left.add(taker)
        if (left.has(taker)) taker.leaves()
        else taker.take(count)
        await Promise.resolve()
      }
      while (hub.latestId !== 'e-40') {
        for (const taker of takers) if (!left.has(taker)) taker.take(1)
        await Promise.resolve()
      }
      await Promise.all(published)
      for (const taker of takers) {
        const { log } = taker.take(left.has(taker) ? 0 : 40)
        expect(log).toEqual(Array.from(log, (_, index) => Number(log[0]) + index))
        if (!left.has(taker)) expect(log.at(-1)).toBe(39)
      }
    },
  )))

  it('does not wait for a subscriber that left', async () => {
    const hub = hubOf()
    const gone = new Taker(hub, { overflow: 'wait', queue: 1 })
    hub.publish(1)
    const id = hub.publishWhenReady(2)
    gone.leaves()
    expect(await id).toBe('e-2')
  })

  it('fails when the hub closes, and after that, whoever is behind', async () => {
    const hub = hubOf()
    new Taker(hub, { overflow: 'wait', queue: 1 })
    hub.publish(1)
    const ids = [hub.publishWhenReady(2), hub.publishWhenReady(3)]
    hub.close()
    expect((await Promise.allSettled(ids)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(hub.publishWhenReady(4)).rejects.toThrow('the hub is closed')
  })

  it('waits for a subscriber that still reads its history', async () => {
    const hub = hubOf({ history: 3 })
    for (const n of [1, 2, 3]) hub.publish(n)
    const slow = new Taker(hub, { after: 'e-1', overflow: 'wait' })
    const ids = [4, 5].map(n => hub.publishWhenReady(n))
    await ids[0]
    expect(hub.latestId).toBe('e-4')
    slow.take(1)
    await ids[1]
    expect(slow.take(10).log).toEqual([2, 3, 4, 5])
  })

  it('publishes as soon as there is room, before a further subscriber without room comes', async () => {
    const hub = hubOf({ history: 2 })
    const slow = new Taker(hub, { overflow: 'wait' })
    const ids = [1, 2, 3].map(n => hub.publishWhenReady(n))
    slow.take(1)
    const late = new Taker(hub, { after: 'e-1', overflow: 'wait' })
    expect(await Promise.all(ids)).toEqual(['e-1', 'e-2', 'e-3'])
    expect(late.take(10).log).toEqual([2, 3])
  })

  it('may be called by a subscriber that makes room', async () => {
    const hub = hubOf({ history: 1 })
    const slow = new Taker(hub, { overflow: 'wait' })
    const ids: Promise<string>[] = []
    hub.subscribe({ overflow: 'wait' }).subscribe(({ data }) => {
      if (Number(data) < 4) ids.push(hub.publishWhenReady(Number(data) + 1))
    })
    hub.publish(1)
    for (let n = 0; n < 4; n++) slow.take(1)
    expect(await Promise.all(ids)).toEqual(['e-2', 'e-3', 'e-4'])
    expect(slow.log).toEqual([1, 2, 3, 4])
  })
})
