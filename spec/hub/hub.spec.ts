/**
 * A hub: order, ids, history, gaps, policies, and a publisher that waits.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { offering, Waiting, type Offer } from '../../lib/demand/offer.js'
import { Hub, isGap, type HubEvent, type HubGap, type HubOptions, type SubscribeOptions } from '../../lib/hub/index.js'

const hubOf = (options: HubOptions = {}): Hub<number> => new Hub<number>({ epoch: 'e', ...options })

/** The log of a subscriber: data, gaps, the end. */
function heard(hub: Hub<number>, options?: SubscribeOptions): unknown[] {
  const log: unknown[] = []
  hub.subscribe(options).subscribe({
    next: event => { log.push(shown(event)) },
    error: (error: Error) => { log.push(error.name) },
    complete: () => { log.push('end') },
  })
  return log
}

function shown(event: HubEvent<number> | HubGap): unknown {
  if (!isGap(event)) return event.data
  const { after, next, missed } = event.data
  return `gap ${after} to ${next}: ${missed}`
}

/** A demand controlled by a test, and a subscriber that respects it. */
class Taker implements Offer {
  wanted = 0
  readonly log: unknown[] = []
  private readonly waiting = new Waiting()
  private readonly stop: () => void

  constructor(hub: Hub<number>, options?: SubscribeOptions) {
    const subscription = offering(this, () => hub.subscribe(options).subscribe({
      next: event => {
        this.wanted--
        this.log.push(shown(event))
      },
      error: (error: Error) => { this.log.push(error.name, (error as { waiting?: number }).waiting) },
      complete: () => { this.log.push('end') },
    }))
    this.stop = () => { subscription.unsubscribe() }
  }

  whenWanted(callback: () => void): () => void { return this.waiting.add(callback) }
  enter(): number { return 0 }
  leave(): void { /* Nobody counts. */ }
  reportLate(): void { /* Nothing is late. */ }
  ahead(): void { /* Nothing is held. */ }

  take(count: number): this {
    this.wanted += count
    this.waiting.notify(() => this.wanted > 0)
    return this
  }

  leaves(): void { this.stop() }
}

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
})
