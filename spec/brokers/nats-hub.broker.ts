/**
 * A hub over a real broker: one order and one set of ids for all processes, and what a returning subscriber receives.
 *
 * `npm run brokers`; nats-server has to be installed.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { jetstream } from '@nats-io/jetstream'
import { config, firstValueFrom, take, toArray } from 'rxjs'
import { NatsHub } from '../../lib/hub/nats/index.js'
import { House, Listener, numbers, publishAll, publishHeld, Taker } from './hubs.js'

let house: House

beforeAll(async () => { house = await House.open() })
afterEach(async () => { await house.closeHubs() })
afterAll(async () => { await house.close() })

describe('a hub over NATS', () => {
  it('delivers the events of any process to the subscribers of all, in one order', async () => {
    const where = house.place()
    const [one, two] = [await house.hub(where), await house.hub(where)]
    const listeners = [one, two].map(hub => new Listener(hub.subscribe()))
    await Promise.all([publishAll(one, 1, 50), publishAll(two, 51, 100)])
    const [first, second] = await Promise.all(listeners.map(listener => listener.has(100)))
    expect(first).toEqual(second)
    expect(first.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(1, 100))
    expect(listeners[0].ids).toEqual(listeners[1].ids)
    expect(one.latestId).toBe(two.latestId)
  })

  it('has ids from stream sequences, types of events, and the number of its own subscribers', async () => {
    const hub = await house.hub(house.place())
    expect(hub.latestId).toBeNull()
    const sizes = firstValueFrom(hub.size$.pipe(take(3), toArray()))
    const event = firstValueFrom(hub.subscribe())
    expect(hub.size).toBe(1)
    const id = await hub.publish(7, { event: 'price' })
    expect(id).toMatch(/^[0-9a-z]+-1$/)
    expect(await event).toEqual({ id, data: 7, event: 'price' })
    expect(await sizes).toEqual([0, 1, 0])
  })

  it('accepts a codec, and messages of other programs', async () => {
    const where = house.place()
    const codec = { encode: (text: string) => text.toUpperCase(), decode: (bytes: Uint8Array) => String(bytes.length) }
    const hub = await house.hub<string>({ ...where, codec })
    const both = firstValueFrom(hub.subscribe().pipe(take(2), toArray()))
    await hub.publish('four')
    await jetstream(house.admin).publish(where.subject, 'other')
    expect((await both).map(({ data }) => data)).toEqual(['4', '5'])
  })

  it('skips a message that it cannot decode, reports it, and continues', async () => {
    const where = house.place()
    const errors: unknown[] = []
    const hub = await house.hub({ ...where, onError: error => { errors.push(error) } })
    const listener = new Listener(hub.subscribe())
    await jetstream(house.admin).publish(where.subject, 'not JSON')
    await hub.publish(2)
    expect(await listener.has(1)).toEqual([2])
    expect(errors).toEqual([expect.any(SyntaxError)])
    expect(await new Listener(hub.subscribe({ after: hub.latestId?.replace(/2$/, '1') })).has(1)).toEqual([2])
  })

  it('lets RxJS report an exception of onError', async () => {
    const where = house.place()
    const reported = new Promise<unknown>(resolve => { config.onUnhandledError = resolve })
    const hub = await house.hub({ ...where, onError: () => { throw new Error('mine') } })
    const listener = new Listener(hub.subscribe())
    await jetstream(house.admin).publish(where.subject, 'not JSON')
    await hub.publish(2)
    expect(await listener.has(1)).toEqual([2])
    expect(await reported).toEqual(new Error('mine'))
    config.onUnhandledError = null
  })

  it('shares a given connection with other hubs, and leaves it open', async () => {
    const [a, b] = [house.place(), house.place()]
    const one = await house.hub({ ...a, connection: house.admin })
    const two = await house.hub({ ...b, connection: house.admin })
    const listener = new Listener(two.subscribe())
    await one.publish(1)
    await two.publish(2)
    expect(await listener.has(1)).toEqual([2])
    await one.close()
    await one.close()
    expect(house.admin.isClosed()).toBe(false)
    await expect(one.publish(3)).rejects.toMatchObject({ code: 'badState' })
    await two.publish(4)
    expect(await listener.has(2)).toEqual([2, 4])
  })

  it('completes its subscribers when it or its connection is closed', async () => {
    const one = await house.hub(house.place())
    const early = new Listener(one.subscribe())
    await one.close()
    expect([early.log, new Listener(one.subscribe()).log]).toEqual([['end'], ['end']])
    const two = await house.hub(house.place())
    const late = new Listener(two.subscribe())
    await two.connection.close()
    expect(await late.has(1)).toEqual(['end'])
  })

  it('refuses invalid options, a stream without the subject, and an unreachable broker', async () => {
    const where = house.place()
    await expect(house.hub({ ...where, subject: 'a.*' })).rejects.toMatchObject({ code: 'badOption' })
    await expect(house.hub({ ...where, stream: 'a b' })).rejects.toMatchObject({ code: 'badOption' })
    await expect(house.hub({ ...where, prefetch: 0 })).rejects.toMatchObject({ code: 'badRange' })
    await expect(house.hub({ ...where, limits: { bytes: -1 } })).rejects.toMatchObject({ code: 'badRange' })
    await house.manager.streams.add({ name: where.stream, subjects: [`${where.stream}.*.one`, 'elsewhere.>'] })
    await expect(house.hub(where)).rejects.toThrow(`does not have the subject ${where.subject}`)
    await expect(house.hub({ ...where, subject: 'elsewhere.a' })).resolves.toBeInstanceOf(NatsHub)
    const connection = { servers: 'nats://127.0.0.1:1', maxReconnectAttempts: 0 }
    await expect(house.hub({ ...where, connection })).rejects.toThrow('refused')
  })

  it('refuses a type that no event stream can carry', async () => {
    const hub = await house.hub(house.place())
    await expect(hub.publish(1, { event: 'a\nb' })).rejects.toMatchObject({ code: 'badOption' })
    expect(await hub.publish(1, { event: 'a' })).toMatch(/-1$/)
  })

  it('creates its stream with the given limits', async () => {
    const where = house.place()
    await house.hub({ ...where, limits: { messages: 10, bytes: 4096, ageMs: 60_000 } })
    const { config } = await house.manager.streams.info(where.stream)
    expect(config).toMatchObject({ max_msgs: 10, max_bytes: 4096, max_age: 60e9, subjects: [where.subject] })
  })
})

describe('a returning subscriber', () => {
  it('continues in another process with the events that it holds', async () => {
    const where = house.place()
    const one = await house.hub(where)
    const ids = await publishAll(one, 1, 5)
    const two = await house.hub(where)
    const listener = new Listener(two.subscribe({ after: ids[1] }))
    expect(listener.log).toEqual([3, 4, 5])
    await one.publish(6)
    expect(await listener.has(4)).toEqual([3, 4, 5, 6])
    expect(new Listener(two.subscribe({ after: ids[4] })).log).toEqual([6])
  })

  it.each([1, 99, 100, 101, 250])('reads events that the process does not hold from the stream: %d', async count => {
    const hub = await house.hub({ ...house.place(), history: 3 })
    const [first] = await publishAll(hub, 0, count + 3)
    const listener = new Listener(hub.subscribe({ after: first }))
    await hub.publish(count + 4)
    expect(await listener.has(count + 4)).toEqual(numbers(1, count + 4))
  })

  it('receives them at its own pace, while others are published', async () => {
    const hub = await house.hub({ ...house.place(), history: 2 })
    const [first] = await publishAll(hub, 1, 120)
    const taker = new Taker(hub.subscribe({ after: first }))
    await taker.take(50).has(50)
    await publishAll(hub, 121, 130)
    expect(taker.listener.log).toHaveLength(50)
    expect(await taker.take(1_000).has(129)).toEqual(numbers(2, 130))
  })

  it('receives the right events from cached pages, wherever it begins', async () => {
    const hub = await house.hub({ ...house.place(), history: 2 })
    const ids = await publishAll(hub, 1, 150)
    const listeners = ids.map(after => new Listener(hub.subscribe({ after })))
    for (const [index, listener] of listeners.entries()) {
      expect(await listener.has(149 - index)).toEqual(numbers(index + 2, 150))
    }
  })

  it('receives a gap for events that the stream no longer holds', async () => {
    const hub = await house.hub({ ...house.place(), history: 2, limits: { messages: 5 } })
    const ids = await publishHeld(hub, 1, 10)
    expect(await new Listener(hub.subscribe({ after: ids[1] })).has(6)).toEqual([
      `gap ${ids[1]} to ${ids[5]}: 3`, 6, 7, 8, 9, 10,
    ])
  })

  it('receives a gap without a number if the stream has other subjects', async () => {
    const where = house.place()
    await house.manager.streams.add({ name: where.stream, subjects: [`${where.stream}.>`], max_msgs: 5 })
    const hub = await house.hub({ ...where, history: 2 })
    const ids = await publishHeld(hub, 1, 3)
    for (let n = 0; n < 4; n++) await jetstream(house.admin).publish(`${where.stream}.other`, '')
    const [last] = await publishHeld(hub, 4, 4)
    expect(new Listener(hub.subscribe({ after: ids[2] })).log).toEqual([4])
    expect(await new Listener(hub.subscribe({ after: ids[0] })).has(2)).toEqual([`gap ${ids[0]} to ${last}: null`, 4])
  })

  it('receives a gap for an id that is not of the stream', async () => {
    const hub = await house.hub(house.place())
    const [first] = await publishHeld(hub, 1, 2)
    for (const after of ['', '17', 'other-1', `${first}x`]) {
      expect(new Listener(hub.subscribe({ after })).log).toEqual([`gap ${after} to ${first}: null`, 1, 2])
    }
    const after = first.replace(/1$/, '999')
    expect(await new Listener(hub.subscribe({ after })).has(3)).toEqual([`gap ${after} to ${first}: null`, 1, 2])
  })

  it('receives a gap for events that are removed while it reads', async () => {
    const hub = await house.hub({ ...house.place(), history: 2, limits: { messages: 300 } })
    const [first] = await publishHeld(hub, 1, 250)
    const taker = new Taker(hub.subscribe({ after: first }))
    await taker.take(10).has(10)
    await publishHeld(hub, 251, 550)
    const log = await taker.take(1_000).hasLast(550)
    // The page that it has begun is held.
    expect(log.slice(0, 100)).toEqual(numbers(2, 101))
    expect(log[100]).toMatch(/^gap \S+-101 to \S+-251: 149$/)
    expect(log.slice(101)).toEqual(numbers(251, 550))
  })

  it('continues without a gap after messages of other subjects', async () => {
    const where = house.place()
    await house.manager.streams.add({ name: where.stream, subjects: [`${where.stream}.>`] })
    const one = await house.hub(where)
    const [first] = await publishAll(one, 1, 1)
    for (let n = 0; n < 20; n++) await jetstream(house.admin).publish(`${where.stream}.other`, '')
    const two = await house.hub({ ...where, history: 3 })
    const listener = new Listener(two.subscribe({ after: first }))
    await one.publish(2)
    expect(await listener.has(1)).toEqual([2])
  })

  it('waits for a process that is behind its last event', async () => {
    const where = house.place()
    const [ahead, behind] = [await house.hub(where), await house.hub(where)]
    await publishAll(ahead, 1, 1)
    // A lossless subscriber without demand: its process takes no further events.
    const holder = new Taker(behind.subscribe({ overflow: 'wait', queue: 1 }))
    const ids = await publishAll(ahead, 2, 6)
    const back = new Listener(behind.subscribe({ after: ids[3] }))
    const also = new Listener(behind.subscribe({ after: ids[3] }))
    holder.take(100)
    expect(await back.has(1)).toEqual([6])
    expect(await also.has(1)).toEqual([6])
  })
})
