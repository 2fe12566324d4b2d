/**
 * A hub over a real broker that restarts, streams that lose messages or are created again, and subscribers that hold
 * back their process.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { DiscardPolicy, jetstream } from '@nats-io/jetstream'
import { House, Listener, numbers, publishAll, publishHeld, Taker } from './hubs.js'

let house: House

beforeAll(async () => { house = await House.open() })
afterEach(async () => { await house.closeHubs() })
afterAll(async () => { await house.close() })

describe('a broker that is killed', () => {
  it('restarts, and every subscriber continues after its last event', async () => {
    const where = house.place()
    const [one, two] = [await house.hub(where), await house.hub(where)]
    const listeners = [one, two].map(hub => new Listener(hub.subscribe()))
    await publishAll(one, 1, 3)
    await Promise.all(listeners.map(listener => listener.has(3)))
    await house.broker.kill()
    const published = one.publish(4)
    await house.restart()
    expect(await published).toMatch(/-4$/)
    await publishAll(two, 5, 6)
    for (const listener of listeners) expect(await listener.has(6)).toEqual(numbers(1, 6))
  })

  it('lets no more publications wait than are allowed, and those fail after publishTimeoutMs', async () => {
    const hub = await house.hub({ ...house.place(), unacknowledged: 2, publishTimeoutMs: 1 })
    await house.broker.kill()
    const published = [1, 2, 3].map(n => hub.publish(n))
    await expect(published[2]).rejects.toMatchObject({ name: 'BackpressureError', waiting: 2 })
    await expect(published[0]).rejects.toThrow('timeout')
    await expect(published[1]).rejects.toThrow('timeout')
    await house.restart()
  })

  it('is no reason to wait where a full stream refuses new messages', async () => {
    const where = house.place()
    const limits = { discard: DiscardPolicy.New, max_msgs: 2 }
    await house.manager.streams.add({ name: where.stream, subjects: [where.subject], ...limits })
    const hub = await house.hub({ ...where, publishTimeoutMs: 2 ** 31 - 1 })
    await publishAll(hub, 1, 2)
    await expect(hub.publish(3)).rejects.toThrow('maximum messages exceeded')
  })

  it('delays a subscriber that reads the stream until it restarts', async () => {
    const hub = await house.hub({ ...house.place(), history: 2 })
    const [first] = await publishAll(hub, 1, 10)
    await house.broker.kill()
    const listener = new Listener(hub.subscribe({ after: first }))
    await house.restart()
    expect(await listener.has(9)).toEqual(numbers(2, 10))
  })

  it('is asked nothing for subscribers that left before it restarts', async () => {
    const where = house.place()
    const hub = await house.hub({ ...where, history: 2 })
    const [first] = await publishHeld(hub, 1, 10)
    await house.broker.kill()
    const unknown = (n: number): string => first.replace(/1$/, String(1_000_000 + n))
    for (let n = 0; n < 100; n++) hub.subscribe({ after: unknown(n) }).subscribe().unsubscribe()
    const listener = new Listener(hub.subscribe({ after: first }))
    await house.restart()
    const asked = house.admin.subscribe(`$JS.API.STREAM.INFO.${where.stream}`)
    await house.admin.flush()
    expect(await listener.has(9)).toEqual(numbers(2, 10))
    expect(asked.getReceived()).toBeLessThan(50)
    asked.unsubscribe()
  })

  it('does not delay the close of a hub whose connection is closed', async () => {
    const hub = await house.hub({ ...house.place(), history: 2 })
    const [first] = await publishHeld(hub, 1, 10)
    const statuses = hub.connection.status()
    await house.broker.kill()
    for await (const { type } of statuses) if (type === 'disconnect') break
    const reader = new Listener(hub.subscribe({ after: first }))
    const published = hub.publish(11)
    await hub.connection.close()
    await expect(published).rejects.toThrow('closed')
    await hub.close()
    expect(reader.log).toEqual(['end'])
    await house.restart()
  })

  it('refuses a message that is too large', async () => {
    const hub = await house.hub<string>(house.place())
    await expect(hub.publish('x'.repeat(2 ** 21))).rejects.toThrow('max_payload')
  })
})

describe('a stream that changes', () => {
  it('is followed after a gap if it is created again', async () => {
    const where = house.place()
    const hub = await house.hub(where)
    const [old] = await publishHeld(hub, 1, 3)
    const listener = new Listener(hub.subscribe())
    await house.manager.streams.delete(where.stream)
    await house.manager.streams.add({ name: where.stream, subjects: [where.subject] })
    const { seq } = await jetstream(house.admin).publish(where.subject, '7')
    expect(await listener.has(2)).toEqual([expect.stringMatching(/^gap .*-3 to null: null$/), 7])
    expect([seq, listener.ids[0]]).toEqual([1, expect.stringMatching(/-1$/)])
    expect(await new Listener(hub.subscribe({ after: old })).has(4)).toEqual([2, 3, expect.stringMatching('gap'), 7])
  })

  it('gives a gap to a subscriber that was reading earlier events', async () => {
    const where = house.place()
    const hub = await house.hub({ ...where, history: 2 })
    const [first] = await publishHeld(hub, 1, 50)
    const taker = new Taker(hub.subscribe({ after: first }))
    await taker.take(10).has(10)
    const free = new Listener(hub.subscribe())
    await house.manager.streams.delete(where.stream)
    await house.manager.streams.add({ name: where.stream, subjects: [where.subject] })
    await jetstream(house.admin).publish(where.subject, '77')
    await free.hasLast(77)
    expect((await taker.take(100).hasLast(77)).slice(9)).toEqual([11, expect.stringMatching(/^gap .*: null$/), 77])
  })

  it('is followed after a gap if it loses its last messages, as in a crash of its machine', async () => {
    const hub = await house.hub(house.place())
    await publishHeld(hub, 1, 3)
    await house.broker.kill()
    house.broker.save()
    await house.restart()
    const listener = new Listener(hub.subscribe())
    const ids = await publishHeld(hub, 4, 5)
    await house.broker.kill()
    house.broker.restore()
    await house.restart()
    expect(await listener.has(3)).toEqual([4, 5, `gap ${ids[1]} to null: null`])
    expect(await hub.publish(44)).toBe(ids[0])
    expect(await listener.has(4)).toEqual([4, 5, `gap ${ids[1]} to null: null`, 44])
  })

  it('gives a gap for messages that are deleted before the process takes them', async () => {
    const where = house.place()
    const [hub, other] = [await house.hub({ ...where, prefetch: 1, limits: { messages: 3 } }), await house.hub(where)]
    const [first] = await publishAll(hub, 1, 1)
    const holder = new Taker(hub.subscribe({ overflow: 'wait', queue: 1 }))
    const listener = new Listener(hub.subscribe({ after: first }))
    await publishAll(other, 2, 20)
    holder.take(100)
    const log = await listener.hasLast(20)
    expect(log.slice(-3)).toEqual([18, 19, 20])
    const gaps = log.filter(thing => typeof thing === 'string')
    const missed = gaps.reduce((sum, gap) => sum + Number(/\d+$/.exec(gap)), 0)
    expect(missed + log.length - gaps.length).toBe(19)
  })
})

describe('a subscriber that must lose nothing', () => {
  it('holds back its process, while the broker keeps the rest', async () => {
    const where = house.place()
    const [hub, other] = [await house.hub({ ...where, prefetch: 4, history: 4 }), await house.hub(where)]
    const taker = new Taker(hub.subscribe({ overflow: 'wait' }))
    const free = new Listener(other.subscribe())
    await publishAll(other, 1, 300)
    expect(await free.has(300)).toEqual(numbers(1, 300))
    expect(hub.latestId).not.toBe(other.latestId)
    expect(await taker.take(1_000).has(300)).toEqual(numbers(1, 300))
  })

  it('gets a gap, too, when it has room again', async () => {
    const where = house.place()
    const [hub, other] = [await house.hub({ ...where, prefetch: 1 }), await house.hub(where)]
    const taker = new Taker(hub.subscribe({ overflow: 'wait', queue: 2 }))
    const free = new Listener(hub.subscribe())
    await publishAll(other, 1, 20)
    await free.has(2)
    await house.manager.streams.purge(where.stream)
    await publishAll(other, 21, 22)
    // It takes the next one only when it has no room.
    for (let count = 1; !free.log.includes(22); count++) {
      await taker.take(1).has(count)
      await free.has(count + 2)
    }
    const log = await taker.takeEach(22)
    const gapAt = log.findIndex(thing => typeof thing === 'string')
    expect(log.slice(0, gapAt)).toEqual(numbers(1, gapAt))
    expect(log.slice(gapAt)).toEqual([expect.stringMatching(new RegExp(`^gap .*: ${20 - gapAt}$`)), 21, 22])
  })

  it('gets the gap of a stream that is created again when it has room again', async () => {
    const where = house.place()
    const [hub, other] = [await house.hub(where), await house.hub(where)]
    const taker = new Taker(hub.subscribe({ overflow: 'wait', queue: 2 }))
    const free = new Listener(other.subscribe())
    await publishHeld(hub, 1, 2)
    await house.manager.streams.delete(where.stream)
    await house.manager.streams.add({ name: where.stream, subjects: [where.subject] })
    await jetstream(house.admin).publish(where.subject, '77')
    await free.hasLast(77)
    expect(await taker.takeEach(77)).toEqual([1, 2, expect.stringMatching(/^gap .*: null$/), 77])
  })

  it('does not delay the close of the hub, and completes behind the events that the process holds', async () => {
    const where = house.place()
    const [hub, other] = [await house.hub({ ...where, prefetch: 4, history: 4 }), await house.hub(where)]
    const taker = new Taker(hub.subscribe({ overflow: 'wait', queue: 2 }))
    const free = new Listener(hub.subscribe())
    await publishAll(other, 1, 50)
    await free.has(2)
    await hub.close()
    const log = await taker.take(1_000).hasLast('end')
    expect(log).toEqual([1, 2, 'end'])
  })

  it('delays publishWhenReady, and not publish', async () => {
    const hub = await house.hub({ ...house.place(), history: 1 })
    const taker = new Taker(hub.subscribe({ overflow: 'wait' }))
    const free = new Listener(hub.subscribe())
    const first = await hub.publishWhenReady(1)
    await free.has(1)
    const published = hub.publishWhenReady(2)
    await hub.publish(3)
    expect(hub.latestId).toBe(first)
    expect(await taker.take(10).has(3)).toEqual([1, 3, 2])
    expect(await published).toBe(first.replace(/1$/, '3'))
  })
})
