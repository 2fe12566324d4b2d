/**
 * Checks of the Reactive Streams rules for subscriptions (3.2 to 3.17), as far as they apply in a single thread.
 */
import type { Publisher } from '../demand/reactive-streams/types.js'
import { Probe, probe } from './stream-probe.js'
import { define, must, rulesOf, type Definition, type Patience, type Rule } from './stream-rule.js'

/** The publisher under test. */
interface Published<T> {
  readonly publish: (count: number) => Publisher<T>
  readonly collect?: () => void
}

/** The maximum of nested calls of `onNext` when each requests the next item. */
const MOST_NESTED = 64
const MANY = 10_000

/** Returns the rules for the subscriptions of a publisher. */
export function subscriptionRules<T>(test: Published<T>, patience: Patience): readonly Rule[] {
  const { publish, collect } = test
  const rules = rulesOf([...REQUEST_RULES, ...CANCEL_RULES, ...AMOUNT_RULES], test, patience)
  return collect === undefined ? rules : [...rules, ...rulesOf([DROPS_SUBSCRIBER], { publish, collect }, patience)]
}

const REQUEST_RULES: readonly Definition<Published<unknown>>[] = [
  define('3.2', 'request may be called within onSubscribe and onNext', async ({ publish }, patience) => {
    const subscriber = await probe(publish(5), patience, {
      onSubscribe: subscription => { subscription.request(1) },
      onNext: subscription => { subscription.request(1) },
    })
    await subscriber.ended()
    must(subscriber.items.length === 5, `${subscriber.items.length} items of 5 came`)
  }),
  define('3.3', 'the recursion between request and onNext has a bound', async ({ publish }, patience) => {
    const subscriber = await probe(publish(MANY), patience, { onNext: subscription => { subscription.request(1) } })
    subscriber.subscription.request(1)
    await subscriber.received(MANY)
    must(subscriber.depth <= MOST_NESTED, `${subscriber.depth} calls of onNext were on the stack`)
  }),
]

const CANCEL_RULES: readonly Definition<Published<unknown>>[] = [
  define('3.5', 'cancel may be called within onSubscribe and onNext', async ({ publish }, patience) => {
    const early = await probe(publish(10), patience, { onSubscribe: subscription => { subscription.cancel() } })
    const later = await probe(publish(10), patience, { onNext: subscription => { subscription.cancel() } })
    later.subscription.request(1)
    await later.received(1)
    await patience.settle()
    must(early.errors.length + later.errors.length === 0, 'onError came of it')
  }),
  define('3.6', 'request does nothing after cancel', async ({ publish }, patience) => {
    const subscriber = await cancelled(publish(10), patience)
    const count = subscriber.signals.length
    subscriber.subscription.request(5)
    subscriber.subscription.request(-1)
    await patience.settle()
    must(subscriber.signals.length === count, `${subscriber.signals.at(-1)} came`)
  }),
  define('3.7', 'cancel does nothing after cancel', async ({ publish }, patience) => {
    const subscriber = await cancelled(publish(10), patience)
    const count = subscriber.signals.length
    subscriber.subscription.cancel()
    subscriber.subscription.cancel()
    await patience.settle()
    must(subscriber.signals.length === count, `${subscriber.signals.at(-1)} came`)
  }),
  define('3.12', 'cancel ends the signals', async ({ publish }, patience) => {
    const subscriber = await probe(publish(MANY), patience)
    subscriber.subscription.request(1)
    await subscriber.received(1)
    await patience.settle()
    const count = subscriber.signals.length
    subscriber.subscription.cancel()
    await patience.settle()
    must(subscriber.signals.length === count, `${subscriber.signals.at(-1)} came of it`)
  }),
  define('3.14', 'after cancel, another subscriber gets all items or is refused by onError',
    async ({ publish }, patience) => {
      const publisher = publish(3)
      const first = await probe(publisher, patience)
      first.subscription.cancel()
      await patience.settle()
      const second = await probe(publisher, patience)
      second.subscription.request(10)
      await second.ended()
      must(second.items.length === 3 || second.errors.length === 1, `it got ${second.items.length} items of 3`)
    }),
  define('3.15', 'cancel returns', async ({ publish }, patience) => {
    const subscriber = await probe(publish(3), patience)
    for (let time = 0; time < 3; time++) subscriber.subscription.cancel()
  }),
]

/** A rule that is checked only if garbage can be collected. */
const DROPS_SUBSCRIBER = define<Required<Published<unknown>>>(
  '3.13', 'after cancel, the publisher drops its subscriber', async ({ publish, collect }, patience) => {
    const publisher = publish(10)
    const { subscriber, subscription } = await leave(publisher, patience)
    for (let turn = 0; turn < 10 && subscriber.deref() !== undefined; turn++) {
      await patience.settle()
      collect()
    }
    must(subscriber.deref() === undefined, 'the subscriber is still held')
    // Keeps publisher and subscription reachable until here, so that only they could retain the subscriber.
    subscription.cancel()
    publisher.subscribe(new Probe(patience))
  })

/** Returns a subscriber that cancelled after one item. */
async function cancelled<T>(publisher: Publisher<T>, patience: Patience): Promise<Probe<T>> {
  const subscriber = await probe(publisher, patience)
  subscriber.subscription.request(1)
  await subscriber.received(1)
  subscriber.subscription.cancel()
  await patience.settle()
  return subscriber
}

/** Cancels after one item. A separate function, so that no reference to the subscriber stays on the stack. */
async function leave<T>(publisher: Publisher<T>, patience: Patience) {
  const subscriber = await probe(publisher, patience)
  const { subscription } = subscriber
  subscription.request(1)
  await subscriber.received(1)
  subscription.cancel()
  return { subscriber: new WeakRef(subscriber), subscription }
}

const AMOUNT_RULES: readonly Definition<Published<unknown>>[] = [
  define('3.8', 'each request adds to those before', async ({ publish }, patience) => {
    const subscriber = await probe(publish(10), patience)
    subscriber.subscription.request(2)
    subscriber.subscription.request(3)
    await subscriber.received(5)
    await patience.settle()
    must(subscriber.items.length === 5, `${subscriber.items.length} items came of 2 and 3`)
  }),
  define('3.9', 'a request of less than 1 is answered by onError', async ({ publish }, patience) => {
    for (const count of [0, -1]) {
      const subscriber = await probe(publish(3), patience)
      subscriber.subscription.request(count)
      await subscriber.signalled('onError')
    }
  }),
  define('3.10', 'items that come within request are in order, as are those that come later',
    async ({ publish }, patience) => {
      const whole = await probe(publish(6), patience)
      whole.subscription.request(6)
      await whole.received(6)
      const single = await probe(publish(6), patience)
      for (let count = 1; count <= 6; count++) {
        single.subscription.request(1)
        await single.received(count)
      }
      must(single.items.every((item, index) => Object.is(item, whole.items[index]) || isLike(item, whole.items[index])),
        'six requests of one item gave other items than one request of six')
    }),
  define('3.16', 'request returns', async ({ publish }, patience) => {
    const subscriber = await probe(publish(3), patience)
    for (const count of [1, 1_000, 1]) subscriber.subscription.request(count)
    await subscriber.ended()
    subscriber.subscription.request(1)
  }),
  define('3.17', 'demand has no bound', async ({ publish }, patience) => {
    const subscriber = await probe(publish(100), patience)
    for (let time = 0; time < 3; time++) subscriber.subscription.request(Number.MAX_SAFE_INTEGER)
    await subscriber.ended()
    must(subscriber.errors.length === 0, `onError came: ${String(subscriber.errors[0])}`)
    must(subscriber.items.length === 100, `${subscriber.items.length} items of 100 came`)
  }),
]

/** Whether two items are equal; objects may be made anew for each subscriber. */
function isLike(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
