/**
 * A hub: order, ids, history, gaps and policies.
 */
import { describe, expect, it } from '@jest/globals'
import { Hub } from '../../lib/hub/index.js'
import { heard, hubOf, Taker } from '../helpers/hub.js'

describe('a hub', () => {
  it('gives each subscriber the events after its subscription, in order', () => {
    const hub = hubOf()
    const first = heard(hub)
    expect(hub.latestId).toBeNull()
    expect([hub.publish(1), hub.publish(2)]).toEqual(['e-1', 'e-2'])
    const second = heard(hub, { after: null })
    hub.publish(3)
    expect([first, second]).toEqual([[1, 2, 3], [3]])
    expect(hub.latestId).toBe('e-3')
  })

  it('keeps the order if a subscriber publishes', () => {
    const hub = hubOf()
    hub.subscribe().subscribe(event => { if (event.data === 1) hub.publish(2) })
    const log = heard(hub)
    hub.publish(1)
    expect(log).toEqual([1, 2])
  })

  it('emits events as they were published, with their type', () => {
    const hub = hubOf()
    const events: unknown[] = []
    hub.subscribe().subscribe(event => { events.push(event) })
    hub.publish(1, { event: 'price' })
    expect(events).toEqual([{ id: 'e-1', event: 'price', data: 1 }])
  })

  it('refuses a type that no event stream can carry, and not its clients one by one', async () => {
    const hub = hubOf()
    for (const event of ['a\nb', 'a\r', 5 as never]) {
      expect(() => hub.publish(1, { event })).toThrow(expect.objectContaining({ code: 'badOption' }))
      await expect(hub.publishWhenReady(1, { event })).rejects.toMatchObject({ code: 'badOption' })
    }
    expect(hub.latestId).toBeNull()
    hub.publish(1, { event: undefined as never })
    expect(heard(hub, { after: 'e-0' })).toContain(1)
  })

  it('counts its subscribers', () => {
    const hub = hubOf()
    const sizes: number[] = []
    hub.size$.subscribe(size => { sizes.push(size) })
    const subscriptions = [hub.subscribe().subscribe(), hub.subscribe().subscribe()]
    expect(hub.size).toBe(2)
    for (const subscription of subscriptions) subscription.unsubscribe()
    expect(sizes).toEqual([0, 1, 2, 1, 0])
  })

  it('completes its subscribers when it is closed, and accepts no further events', async () => {
    const hub = hubOf()
    const log = heard(hub)
    const slow = new Taker(hub).take(1)
    hub.publish(1)
    hub.publish(2)
    hub.close()
    expect([log, heard(hub), slow.log]).toEqual([[1, 2, 'end'], ['end'], [1]])
    expect(slow.take(5).log).toEqual([1, 2, 'end'])
    expect(() => hub.publish(3)).toThrow('the hub is closed')
    await expect(hub.publishWhenReady(3)).rejects.toMatchObject({ code: 'badState' })
  })

  it('refuses options that are out of range', () => {
    expect(() => new Hub({ history: 0 })).toThrow(expect.objectContaining({ code: 'badRange' }))
    expect(() => new Hub({ epoch: 'a-b' })).toThrow(expect.objectContaining({ code: 'badField' }))
    expect(() => hubOf().subscribe({ after: 7 as never })).toThrow(expect.objectContaining({ code: 'badOption' }))
    expect(() => hubOf().subscribe({ overflow: 'drop' as never })).toThrow('overflow must be')
    expect(() => hubOf().subscribe({ queue: 0 })).toThrow(expect.objectContaining({ code: 'badRange' }))
    expect(new Hub<number>().publish(1)).toMatch(/^[0-9a-z]+-1$/)
  })
})

describe('a subscriber that resumes after an id', () => {
  const filled = (count: number, history: number): Hub<number> => {
    const hub = hubOf({ history })
    for (let n = 1; n <= count; n++) hub.publish(n)
    return hub
  }

  it('receives what it missed, then new events', () => {
    const hub = filled(5, 10)
    const log = heard(hub, { after: 'e-3' })
    hub.publish(6)
    expect(log).toEqual([4, 5, 6])
  })

  it('has missed nothing if nothing was published', () => {
    expect(heard(filled(3, 10), { after: 'e-3' })).toEqual([])
  })

  it('receives all that it missed, even beyond its queue', () => {
    const hub = filled(9, 10)
    expect(new Taker(hub, { after: 'e-1', queue: 2 }).take(20).log).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  })

  it.each([10, 11, 19, 20, 21, 99])('is told how many of %d events are lost', count => {
    const log = heard(filled(count, 5), { after: 'e-2' })
    const held = [4, 3, 2, 1, 0].map(back => count - back)
    expect(log).toEqual([`gap e-2 to e-${count - 4}: ${count - 7}`, ...held])
  })

  it.each([
    'f-2', 'e-0', 'e-9', 'e-02', 'e-1.0', 'e-1.5', 'e-0.5', 'e', 'nonsense', 'e--1', '',
  ])('learns that %j is not an id', after => {
    expect(heard(filled(3, 10), { after })).toEqual([`gap ${after} to e-1: null`, 1, 2, 3])
  })

  it('is told of an invalid id even if the hub is empty', () => {
    const hub = hubOf()
    const log = heard(hub, { after: 'old-7' })
    hub.publish(1)
    expect(log).toEqual(['gap old-7 to null: null', 1])
  })
})

describe('a slow subscriber', () => {
  const publish = (hub: Hub<number>, ...values: number[]): void => { for (const value of values) hub.publish(value) }

  it('receives events as its demand comes, while others continue', () => {
    const hub = hubOf()
    const slow = new Taker(hub)
    const quick = heard(hub)
    publish(hub, 1, 2, 3)
    expect([slow.log, quick]).toEqual([[], [1, 2, 3]])
    expect(slow.take(2).log).toEqual([1, 2])
    expect(slow.take(1).log).toEqual([1, 2, 3])
  })

  it('is told how many events it missed, and continues with the oldest', () => {
    const hub = hubOf({ history: 3 })
    const slow = new Taker(hub).take(1)
    publish(hub, 1, 2, 3, 4, 5, 6)
    expect(slow.take(10).log).toEqual([1, 'gap e-1 to e-4: 2', 4, 5, 6])
  })

  it('continues with the newest event with latest', () => {
    const hub = hubOf()
    const slow = new Taker(hub, { overflow: 'latest', queue: 1 }).take(1)
    publish(hub, 1, 2, 3, 4)
    expect(slow.take(10).log).toEqual([1, 'gap e-1 to e-4: 2', 4])
  })

  it('is completed with disconnect, and fails with error', () => {
    const hub = hubOf()
    const takers = (['disconnect', 'error', 'wait'] as const).map(overflow => new Taker(hub, { overflow, queue: 2 }))
    publish(hub, 1, 2)
    expect(takers.map(({ log }) => log)).toEqual([[], [], []])
    publish(hub, 3)
    expect(takers.map(({ log }) => log)).toEqual([['end'], ['BackpressureError', 3], ['BackpressureError', 3]])
    expect(hub.size).toBe(0)
  })

  it('is told of all missed events at once, even if more are missed meanwhile', () => {
    const hub = hubOf({ history: 2 })
    publish(hub, 1, 2, 3, 4)
    const slow = new Taker(hub, { after: 'e-1' })
    publish(hub, 5, 6)
    expect(slow.take(10).log).toEqual(['gap e-1 to e-5: 3', 5, 6])
    const stranger = new Taker(hub, { after: 'x' })
    publish(hub, 7, 8)
    expect(stranger.take(10).log).toEqual(['gap x to e-7: null', 7, 8])
  })
})
