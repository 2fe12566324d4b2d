/**
 * The rules of Reactive Streams as a kit: ours keep them, another implementation keeps most; and each rule fails on a
 * publisher, or a subscriber, that was written to break it.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { Flowable } from 'rsocket-flowable'
import { concat, Subject, throwError } from 'rxjs'
import { concatMap } from '../../lib/demand/flattening.js'
import { fromSource } from '../../lib/demand/from-source.js'
import { onBackpressureError } from '../../lib/demand/overflow-operators.js'
import { fromPublisher, toPublisher } from '../../lib/demand/reactive-streams/publisher.js'
import type { Publisher, Subscriber, Subscription } from '../../lib/demand/reactive-streams/types.js'
import {
  publisherRules, RuleError, subscriberRules, UNCHECKED_PUBLISHER_RULES, UNCHECKED_SUBSCRIBER_RULES,
  type PublisherUnderTest, type Rule, type SubscriberUnderTest, type TestedSubscriber,
} from '../../lib/testing/index.js'
import { Range, Taker, type Faults } from './faulty-streams.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
const broken = new Error('broken')

const range = (faults: Faults = {}): PublisherUnderTest<number> => ({
  publish: count => new Range(count, faults),
  fail: () => new Range(2, faults, broken),
  collect,
  patienceMs: 50,
})

const OURS: Record<string, PublisherUnderTest<number>> = {
  'an iterable': {
    publish: count => toPublisher(fromSource(numbers(count))),
    fail: () => toPublisher(concat(fromSource([1]), throwError(() => broken))),
  },
  'an async iterable': {
    publish: count => toPublisher(fromSource({
      [Symbol.asyncIterator]: async function *() {
        await Promise.resolve()
        yield* numbers(count)
      },
    })),
    fail: () => toPublisher(throwError(() => broken)),
  },
  'a stage that takes its time': {
    publish: count => toPublisher(fromSource(numbers(count)).pipe(concatMap(value => Promise.resolve(value)))),
    fail: () => toPublisher(fromSource([1]).pipe(concatMap(() => Promise.reject(broken)))),
  },
  'an Observable of numbers with a function of demand': {
    publish: count => toPublisher(ready$ => fromSource(numbers(count)).pipe(onBackpressureError(ready$))),
    fail: () => toPublisher(() => throwError(() => broken)),
  },
}

/** Runs each rule as its own test; `isBroken` names those that are known to be broken. */
function tests(rules: readonly Rule[], isBroken: (number: string) => boolean = () => false): void {
  for (const { number, name, check } of rules) {
    if (isBroken(number)) it(`${name} (broken)`, () => expect(check()).rejects.toMatchObject({ rule: number }))
    else it(name, check)
  }
}

/** A subscriber of this library, with a demand controlled by the kit. */
function requester(batch: number): TestedSubscriber<string> {
  const subscribers: Subscriber<string>[] = []
  const ready$ = new Subject<number>()
  const taken: string[] = []
  const publisher: Publisher<string> = { subscribe: subscriber => { subscribers.push(subscriber) } }
  const subscription = fromPublisher(publisher, { batch }).pipe(onBackpressureError(ready$)).subscribe({
    next: item => taken.push(item),
    error: () => undefined,
  })
  return {
    subscriber: subscribers[0],
    want: () => { ready$.next(1) },
    stop: () => { subscription.unsubscribe() },
    taken: () => taken,
  }
}

describe('publishers of httprx', () => {
  describe.each(Object.entries(OURS))('%s', (_, test) => {
    tests(publisherRules({ ...test, collect, patienceMs: 20_000 }))
  })
})

describe('subscribers of httprx', () => {
  describe.each([1, 3])('that request %d at once', batch => {
    tests(subscriberRules({ create: () => requester(batch), item: String }))
  })
})

describe('rsocket-flowable', () => {
  // It warns of signals that it does not pass on.
  beforeAll(() => { jest.spyOn(console, 'warn').mockImplementation(() => undefined) })
  afterAll(() => { jest.restoreAllMocks() })

  const broken$ = (): Publisher<number> => Flowable.error(broken)
  describe('its publisher', () => {
    // Its request throws below 1 and nests onNext, it keeps its subscriber, and it does not throw for null.
    const known = ['1.3', '1.6', '1.9', '3.3', '3.6', '3.9', '3.13']
    tests(publisherRules({
      publish: count => Flowable.just(...numbers(count)) as Publisher<number>, fail: broken$, collect, patienceMs: 50,
    }), number => known.includes(number))
  })

  describe('its subscriber', () => {
    // It warns of a second subscription and does not cancel it, and takes null.
    const known = ['2.5', '2.13']
    const rules = subscriberRules({ create: flowableSubscriber, item: String, patienceMs: 50 })
    tests(rules, number => known.includes(number))
  })
})

/** What rsocket-flowable subscribes to its source with. */
function flowableSubscriber(): TestedSubscriber<string> {
  const subscribers: Subscriber<string>[] = []
  const subscriptions: Subscription[] = []
  const taken: string[] = []
  new Flowable<string>(subscriber => { subscribers.push(subscriber) }).subscribe({
    onSubscribe: subscription => { subscriptions.push(subscription) },
    onNext: item => { taken.push(item) },
  })
  return {
    subscriber: subscribers[0],
    want: () => { subscriptions[0].request(1) },
    stop: () => { subscriptions[0].cancel() },
    taken: () => taken,
  }
}

/** The fault that breaks each rule. */
const PUBLISHER_FAULTS: Record<string, readonly string[]> = {
  '1.1': ['addsOne'],
  '1.2': ['waitsForDemand'],
  '1.3': ['nests'],
  '1.4': ['hidesErrors'],
  '1.5': ['endless'],
  '1.6': ['answersLate'],
  '1.7': ['endsAgain', 'endsTwice'],
  '1.8': ['deaf'],
  '1.9': ['lateSubscription', 'takesNobody'],
  '1.10': ['once'],
  '1.11': ['starves'],
  '2.12': ['subscribesTwice'],
  '3.2': ['deferred'],
  '3.3': ['nests'],
  '3.5': ['failsAtCancel'],
  '3.6': ['answersLate'],
  '3.7': ['cancelsOnce'],
  '3.8': ['forgets'],
  '3.9': ['takesNothing'],
  '3.10': ['disorder'],
  '3.12': ['completesAtCancel'],
  '3.13': ['holds'],
  '3.14': ['once'],
  '3.15': ['throwsAtCancel'],
  '3.16': ['throwsLate'],
  '3.17': ['bounded'],
}

const SUBSCRIBER_FAULTS: Record<string, readonly string[]> = {
  '2.1': ['silent'],
  '2.3': ['cancelsAtEnd'],
  '2.4': ['unaware'],
  '2.5': ['ignoresSecond', 'replaces'],
  '2.6': ['stays'],
  '2.8': ['takesLate'],
  '2.9': ['throwsAtEnd'],
  '2.10': ['throwsErrors'],
  '2.13': ['takesNothing'],
}

const taker = (faults: Faults = {}): SubscriberUnderTest<number> => ({
  create: () => {
    const subscriber = new Taker(faults)
    return {
      subscriber,
      want: () => { subscriber.want() },
      stop: () => { subscriber.stop() },
      taken: () => subscriber.items,
    }
  },
  item: index => index,
  patienceMs: 50,
})

describe('the kit of rules', () => {
  const publisherNumbers = publisherRules(range()).map(({ number }) => number)
  const subscriberNumbers = subscriberRules(taker()).map(({ number }) => number)

  it('has each rule of the specification, or says why not', () => {
    const all = [...publisherNumbers, ...subscriberNumbers]
    const unchecked = [...UNCHECKED_PUBLISHER_RULES, ...UNCHECKED_SUBSCRIBER_RULES]
    expect(unchecked.every(({ reason }) => reason.length > 20)).toBe(true)
    const section = (part: number, count: number): string[] => numbers(count).map(n => `${part}.${n + 1}`)
    expect(new Set([...all, ...unchecked.map(({ number }) => number)]))
      .toEqual(new Set([...section(1, 11), ...section(2, 13), ...section(3, 17)]))
    expect(new Set(all).size).toBe(all.length)
  })

  describe('accepts a publisher that keeps the rules', () => { tests(publisherRules(range())) })
  describe('accepts a subscriber that keeps the rules', () => { tests(subscriberRules(taker())) })

  it('is tried with a fault for each rule', () => {
    expect(Object.keys(PUBLISHER_FAULTS).sort()).toEqual([...publisherNumbers].sort())
    expect(Object.keys(SUBSCRIBER_FAULTS).sort()).toEqual([...subscriberNumbers].sort())
  })

  const pairs = (faults: Record<string, readonly string[]>): [string, string][] =>
    Object.entries(faults).flatMap(([number, names]) => names.map((name): [string, string] => [number, name]))

  it.each(pairs(PUBLISHER_FAULTS))('finds that a publisher breaks %s: %s', async (number, fault) => {
    await expectBroken(publisherRules(range({ [fault]: true })), number)
  })

  it.each(pairs(SUBSCRIBER_FAULTS))('finds that a subscriber breaks %s: %s', async (number, fault) => {
    await expectBroken(subscriberRules(taker({ [fault]: true })), number)
  })

  it('skips the check of memory if garbage cannot be collected', () => {
    const rules = publisherRules({ publish: count => new Range(count), fail: () => new Range(0, {}, broken) })
    expect(rules.map(({ number }) => number)).not.toContain('3.13')
  })

  it('waits as long as it is told to', async () => {
    let settled = 0
    const settle = (): Promise<void> => { settled++; return Promise.resolve() }
    await publisherRules({ ...range(), settle })[0].check()
    expect(settled).toBeGreaterThan(2)
  })
})

async function expectBroken(rules: readonly Rule[], number: string): Promise<void> {
  const { check, sentence } = rules.find(each => each.number === number)!
  const error = await check().then(() => null, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(RuleError)
  expect(error).toMatchObject({ rule: number, name: 'RuleError' })
  expect(String(error)).toContain(`Reactive Streams ${number} (${sentence}): `)
}
