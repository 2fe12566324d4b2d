/**
 * Checks of the Reactive Streams rules for subscribers (2.1 to 2.13).
 *
 * Strategy: each check plays the publisher: it records the subscriber's calls and sends signals by hand.
 */
import type { Subscriber, Subscription } from '../demand/reactive-streams/types.js'
import {
  define, must, Patience, rulesOf, type Definition, type Rule, type RuleTiming, type UncheckedRule,
} from './stream-rule.js'

/** A subscriber under test, and the handles that a check needs. */
export interface TestedSubscriber<T> {
  readonly subscriber: Subscriber<T>
  /** Makes it request one more item. Omitted for a subscriber that requests by itself. */
  readonly want?: () => void
  /** Makes it cancel. */
  readonly stop: () => void
  /** Returns the items that it received so far. */
  readonly taken: () => readonly T[]
}

/** A factory of subscribers under test. */
export interface SubscriberUnderTest<T> extends RuleTiming {
  /** Returns a new subscriber. */
  readonly create: () => TestedSubscriber<T>
  /** Returns an item. */
  readonly item: (index: number) => T
}

/** The rules that {@link subscriberRules} does not check. */
export const UNCHECKED_SUBSCRIBER_RULES: readonly UncheckedRule[] = [
  { number: '2.2', reason: 'whether its work is quick is for the subscriber to say' },
  { number: '2.7', reason: 'there is one thread: calls to a subscription follow each other' },
  { number: '2.11', reason: 'there is one thread: a signal is seen before it is processed' },
  { number: '2.12', reason: 'it binds publishers, which call onSubscribe once: publisherRules checks it' },
]

/**
 * Returns the rules for a subscriber, in the order of the specification. Each is a test.
 *
 * @example
 * for (const { name, check } of subscriberRules({ create, item: String })) it(name, check)
 */
export function subscriberRules<T>(test: SubscriberUnderTest<T>): readonly Rule[] {
  const patience = new Patience(test)
  return rulesOf([...DEMAND_RULES, ...END_RULES], test as SubscriberUnderTest<unknown>, patience)
}

/** A subscription that records its calls. */
class Calls implements Subscription {
  readonly requests: number[] = []
  cancels = 0
  private changed: () => void = () => undefined

  request(count: number): void {
    this.requests.push(count)
    this.changed()
  }

  cancel(): void {
    this.cancels++
    this.changed()
  }

  get count(): number {
    return this.requests.length + this.cancels
  }

  /** Resolves when something was requested. */
  requested(patience: Patience): Promise<void> {
    return patience.until(() => this.requests.length > 0, changed => { this.changed = changed }, 'a request')
  }

  /** Resolves when it was cancelled. */
  cancelled(patience: Patience): Promise<void> {
    return patience.until(() => this.cancels > 0, changed => { this.changed = changed }, 'cancel')
  }
}

interface Subscribed<T> extends TestedSubscriber<T> {
  readonly calls: Calls
}

/** Returns a new subscriber with its subscription. */
function subscribed<T>(test: SubscriberUnderTest<T>): Subscribed<T> {
  const tested = test.create()
  const calls = new Calls()
  tested.subscriber.onSubscribe(calls)
  return { ...tested, calls }
}

/** Returns a new subscriber that has requested something. */
async function asking<T>(test: SubscriberUnderTest<T>, patience: Patience): Promise<Subscribed<T>> {
  const tested = subscribed(test)
  tested.want?.()
  await tested.calls.requested(patience)
  return tested
}

const DEMAND_RULES: readonly Definition<SubscriberUnderTest<unknown>>[] = [
  define('2.1', 'a subscriber requests what it wants', async (test, patience) => {
    const { calls, subscriber, taken } = await asking(test, patience)
    must(calls.requests[0] >= 1, `it requested ${calls.requests[0]}`)
    subscriber.onNext(test.item(0))
    await patience.settle()
    must(taken().length === 1, 'it did not take the item that it had requested')
  }),
  define('2.3', 'onComplete and onError call nothing of the subscription', async (test, patience) => {
    for (const end of [complete, fail]) {
      const { calls, subscriber } = await asking(test, patience)
      const { count } = calls
      end(subscriber)
      must(calls.count === count, `within ${end.name} it called the subscription`)
    }
  }),
  define('2.4', 'after onComplete or onError the subscription counts as cancelled', async (test, patience) => {
    for (const end of [complete, fail]) {
      const { calls, subscriber, want, stop } = await asking(test, patience)
      end(subscriber)
      const { count } = calls
      want?.()
      await patience.settle()
      stop()
      await patience.settle()
      must(calls.count === count, `after ${end.name} it called the subscription`)
    }
  }),
  define('2.5', 'a second subscription is cancelled, and the first goes on', async (test, patience) => {
    const { calls, subscriber, taken } = await asking(test, patience)
    const second = new Calls()
    subscriber.onSubscribe(second)
    await second.cancelled(patience)
    must(second.requests.length === 0, 'it requested of the second subscription')
    must(calls.cancels === 0, 'it cancelled the first subscription')
    subscriber.onNext(test.item(0))
    await patience.settle()
    must(taken().length === 1, 'it took no more of the first subscription')
  }),
  define('2.6', 'a subscription that is not needed any more is cancelled', async (test, patience) => {
    const { calls, stop } = await asking(test, patience)
    stop()
    await calls.cancelled(patience)
  }),
  define('2.8', 'items that come after cancel do no harm', async (test, patience) => {
    const { calls, subscriber, stop, taken } = await asking(test, patience)
    stop()
    await calls.cancelled(patience)
    subscriber.onNext(test.item(0))
    await patience.settle()
    must(taken().length === 0, 'it took an item after it had cancelled')
  }),
]

const END_RULES: readonly Definition<SubscriberUnderTest<unknown>>[] = [
  define('2.9', 'onComplete may come with and without a request', async (test, patience) => {
    complete(subscribed(test).subscriber)
    complete((await asking(test, patience)).subscriber)
    await patience.settle()
  }),
  define('2.10', 'onError may come with and without a request', async (test, patience) => {
    fail(subscribed(test).subscriber)
    fail((await asking(test, patience)).subscriber)
    await patience.settle()
  }),
  define('2.13', 'signals return normally; onSubscribe throws where there is no subscription',
    async (test, patience) => {
      const { calls, subscriber } = await asking(test, patience)
      subscriber.onNext(test.item(0))
      must(calls.cancels === 0, 'it cancelled upon an item that it had requested')
      complete(subscriber)
      let hasThrown = false
      try {
        test.create().subscriber.onSubscribe(null as never)
      } catch {
        hasThrown = true
      }
      must(hasThrown, 'onSubscribe(null) did not throw')
    }),
]

function complete(subscriber: Subscriber<never>): void {
  subscriber.onComplete()
}

function fail(subscriber: Subscriber<never>): void {
  subscriber.onError(new Error('a failure of the kit'))
}
