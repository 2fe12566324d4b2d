/**
 * Checks of the Reactive Streams rules for publishers (1.1 to 1.11); those for subscriptions are in
 * subscription-rules.ts.
 *
 * Strategy: each check makes its own publisher and does not affect the others. A permission (MAY) is checked by what it
 * excludes: 1.11 allows a publisher to refuse a second subscriber, but not to starve it.
 */
import type { Publisher } from '../demand/reactive-streams/types.js'
import { Probe, probe } from './stream-probe.js'
import {
  define, must, Patience, rulesOf, type Definition, type Rule, type RuleTiming, type UncheckedRule,
} from './stream-rule.js'
import { subscriptionRules } from './subscription-rules.js'

/** A publisher under test. */
export interface PublisherUnderTest<T> extends RuleTiming {
  /** Returns a new publisher of `count` items, 0 to 10,000. */
  readonly publish: (count: number) => Publisher<T>
  /** Returns a new publisher that fails, at once or after some items. */
  readonly fail: () => Publisher<T>
  /** Collects garbage: `globalThis.gc`, if the process has it. Without it, rule 3.13 is not checked. */
  readonly collect?: () => void
}

/** The rules that {@link publisherRules} does not check. */
export const UNCHECKED_PUBLISHER_RULES: readonly UncheckedRule[] = [
  { number: '3.1', reason: 'it binds subscribers, which call from within their own context: there is one thread' },
  { number: '3.4', reason: 'how long a request may take is the choice of an implementation' },
  { number: '3.11', reason: 'it allows an end within a request, and forbids nothing' },
]

/**
 * Returns the rules for a publisher and its subscriptions, in the order of the specification. Each is a test.
 *
 * @example
 * for (const { name, check } of publisherRules({ publish: range, fail: failing })) it(name, check)
 */
export function publisherRules<T>(test: PublisherUnderTest<T>): readonly Rule[] {
  const patience = new Patience(test)
  return [...rulesOf([...SIGNAL_RULES, ...LIFE_RULES], test, patience), ...subscriptionRules(test, patience)]
}

const SIGNAL_RULES: readonly Definition<PublisherUnderTest<unknown>>[] = [
  define('1.1', 'no more items are signalled than were requested', async ({ publish }, patience) => {
    const subscriber = await probe(publish(10), patience)
    for (const [requested, total] of [[0, 0], [1, 1], [2, 3]]) {
      if (requested > 0) subscriber.subscription.request(requested)
      await subscriber.received(total)
      await patience.settle()
      const count = subscriber.items.length
      must(count === total, `${count} items came where ${total} had been requested`)
    }
  }),
  define('1.2', 'fewer items than were requested may be signalled, and then the end',
    async ({ publish }, patience) => {
      const subscriber = await probe(publish(3), patience)
      subscriber.subscription.request(10)
      await subscriber.ended()
      must(subscriber.items.length === 3, `${subscriber.items.length} items of 3 came before the end`)
    }),
  define('1.3', 'signals come one after the other', async ({ publish }, patience) => {
    const subscriber = await probe(publish(10), patience, { onNext: subscription => { subscription.request(1) } })
    subscriber.subscription.request(2)
    await subscriber.received(10)
    await patience.settle()
    must(subscriber.overlap === null, `${subscriber.overlap} came before onNext had returned`)
  }),
  define('1.4', 'a failure is signalled by onError', async ({ fail }, patience) => {
    const subscriber = await probe(fail(), patience)
    subscriber.subscription.request(1_000)
    await subscriber.ended()
    must(subscriber.errors.length === 1, 'onComplete came, and no onError')
  }),
  define('1.5', 'the end of a finite stream is signalled by onComplete', async ({ publish }, patience) => {
    for (const count of [0, 2]) {
      const subscriber = await probe(publish(count), patience)
      subscriber.subscription.request(10)
      await subscriber.ended()
      must(subscriber.errors.length === 0, `onError came of ${count} items: ${String(subscriber.errors[0])}`)
    }
  }),
  define('1.6', 'after onError or onComplete the subscription counts as cancelled',
    async ({ publish, fail }, patience) => {
      for (const publisher of [publish(1), fail()]) {
        const subscriber = await probe(publisher, patience)
        subscriber.subscription.request(1_000)
        await subscriber.ended()
        const count = subscriber.signals.length
        // A cancelled subscription ignores even invalid requests (3.6).
        subscriber.subscription.request(-1)
        subscriber.subscription.cancel()
        await patience.settle()
        must(subscriber.signals.length === count, `${subscriber.signals.at(-1)} came upon a request after the end`)
      }
    }),
]

const LIFE_RULES: readonly Definition<PublisherUnderTest<unknown>>[] = [
  define('1.7', 'after onError or onComplete there are no signals', async ({ publish, fail }, patience) => {
    for (const publisher of [publish(2), fail()]) {
      const subscriber = await probe(publisher, patience)
      subscriber.subscription.request(1_000)
      await subscriber.ended()
      subscriber.subscription.request(1)
      await patience.settle()
      const { signals } = subscriber
      const end = signals.findIndex(signal => signal === 'onComplete' || signal === 'onError')
      must(end === signals.length - 1, `${signals.at(-1)} came behind ${signals[end]}`)
    }
  }),
  define('1.8', 'a subscription that is cancelled stops being signalled', async ({ publish }, patience) => {
    const subscriber = await probe(publish(10_000), patience, {
      onNext: (subscription, count) => { if (count === 3) subscription.cancel() },
    })
    subscriber.subscription.request(10_000)
    await subscriber.received(3)
    await patience.settle()
    const count = subscriber.signals.length
    must(count < 10_000, 'all items came after the third, at which it had cancelled')
    await patience.settle()
    must(subscriber.signals.length === count, `${subscriber.signals.at(-1)} came long after it had cancelled`)
  }),
  define('1.9', 'onSubscribe comes first, and subscribe throws only where there is no subscriber',
    async ({ publish, fail }, patience) => {
      for (const publisher of [publish(0), publish(2), fail()]) {
        const subscriber = new Probe(patience)
        publisher.subscribe(subscriber)
        await subscriber.subscribed()
        must(subscriber.signals[0] === 'onSubscribe', `${subscriber.signals[0]} came before onSubscribe`)
      }
      must(throws(() => { publish(1).subscribe(null as never) }), 'subscribe(null) did not throw')
    }),
  define('1.10', 'subscribe may be called again, with another subscriber', async ({ publish }, patience) => {
    const publisher = publish(2)
    for (let time = 1; time <= 3; time++) {
      const subscriber = await probe(publisher, patience)
      subscriber.subscription.request(10)
      await subscriber.ended()
    }
  }),
  define('1.11', 'each of several subscribers gets all items, or is refused by onError',
    async ({ publish }, patience) => {
      const publisher = publish(3)
      const subscribers = [await probe(publisher, patience), await probe(publisher, patience)]
      for (const subscriber of subscribers) subscriber.subscription.request(10)
      for (const subscriber of subscribers) {
        await subscriber.ended()
        const isServed = subscriber.items.length === 3 || subscriber.errors.length === 1
        must(isServed, `a subscriber of two got ${subscriber.items.length} items of 3, and no error`)
      }
    }),
  define('2.12', 'onSubscribe is called once for a subscriber', async ({ publish }, patience) => {
    const subscriber = await probe(publish(2), patience)
    subscriber.subscription.request(10)
    await subscriber.ended()
    await patience.settle()
    must(subscriber.subscriptions.length === 1, `onSubscribe came ${subscriber.subscriptions.length} times`)
  }),
]

function throws(f: () => void): boolean {
  try {
    f()
    return false
  } catch {
    return true
  }
}
