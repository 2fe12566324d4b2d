/**
 * To Reactive Streams, by the rules of https://github.com/reactive-streams/reactive-streams-jvm, version 1.0.4.
 */
import { describe, expect, it } from '@jest/globals'
import { Observable, of, Subject, throwError } from 'rxjs'
import { onBackpressureBuffer } from '../../../lib/demand/overflow-operators.js'
import { pulled } from '../../../lib/demand/pages.js'
import { toPublisher } from '../../../lib/demand/reactive-streams/publisher.js'
import type { Publisher, Subscriber, Subscription } from '../../../lib/demand/reactive-streams/types.js'
import { inVirtualTime } from '../../helpers/marbles.js'
import { publish } from './publish.js'

/** A subscriber that records its signals. */
class Probe<T> implements Subscriber<T> {
  readonly signals: unknown[] = []
  onNextItem: (item: T) => void = () => {}
  private subscription: Subscription | null = null

  onSubscribe(subscription: Subscription): void {
    this.signals.push('subscribed')
    this.subscription = subscription
  }

  onNext(item: T): void {
    this.signals.push(item)
    this.onNextItem(item)
  }

  onError(error: unknown): void {
    this.signals.push({ error })
  }

  onComplete(): void {
    this.signals.push('complete')
  }

  request(count: number): this {
    this.subscription?.request(count)
    return this
  }

  cancel(): this {
    this.subscription?.cancel()
    return this
  }
}

/** Subscribes a probe. */
function probe<T>(publisher: Publisher<T>): Probe<T> {
  const subscriber = new Probe<T>()
  publisher.subscribe(subscriber)
  return subscriber
}

/** Publishes the values of a subject, which wait until they are requested. */
function publishSubject(): { source: Subject<string>; publisher: Publisher<string> } {
  const source = new Subject<string>()
  return { source, publisher: toPublisher(ready$ => source.pipe(onBackpressureBuffer(ready$, { bufferBytes: 99 }))) }
}

describe('toPublisher: the publisher', () => {
  it('RS §1.1 signals no more than was requested in total', () => {
    const subscriber = probe(publish('a', 'b', 'c', 'd'))
    expect(subscriber.signals).toEqual(['subscribed'])
    expect(subscriber.request(1).signals).toEqual(['subscribed', 'a'])
    expect(subscriber.request(2).signals).toEqual(['subscribed', 'a', 'b', 'c'])
  })

  it('RS §1.3 signals one thing after another', () => {
    const subscriber = probe(publish('a', 'b', 'c'))
    let depth = 0
    const depths: number[] = []
    subscriber.onNextItem = () => {
      depths.push(++depth)
      subscriber.request(1)
      depth--
    }
    subscriber.request(1)
    expect(subscriber.signals).toEqual(['subscribed', 'a', 'b', 'c', 'complete'])
    expect(depths).toEqual([1, 1, 1])
  })

  it('RS §1.4, §1.5 signals completion, and an error at once', () => {
    const { source, publisher } = publishSubject()
    const subscriber = probe(publisher)
    source.next('a')
    source.error('broken')
    expect(subscriber.request(1).signals).toEqual(['subscribed', { error: 'broken' }])
    expect(probe(publish('a')).request(1).signals).toEqual(['subscribed', 'a', 'complete'])
  })

  it('RS §1.7 signals nothing after the end', () => {
    const { source, publisher } = publishSubject()
    const failed = probe(publisher)
    source.error('broken')
    const completed = probe(publish())
    for (const subscriber of [failed, completed]) {
      const { signals } = subscriber
      expect(signals).toHaveLength(2)
      expect(subscriber.request(0).request(1).cancel().signals).toHaveLength(2)
    }
  })

  it('RS §1.9 signals the subscription first, and throws if the subscriber is null', () => {
    const failing = toPublisher(() => throwError(() => 'broken'))
    const throwing = toPublisher(() => {
      throw new Error('broken')
    })
    expect(probe(failing).signals).toEqual(['subscribed', { error: 'broken' }])
    expect(probe(throwing).signals).toEqual(['subscribed', { error: new Error('broken') }])
    expect(() => failing.subscribe(null as unknown as Probe<never>)).toThrow(TypeError)
    expect(() => failing.subscribe(undefined as unknown as Probe<never>)).toThrow(TypeError)
  })

  it('RS §1.11 serves each subscriber anew', () => {
    const publisher = toPublisher(ready$ => of('a', 'b').pipe(onBackpressureBuffer(ready$, { bufferBytes: 9 })))
    expect(probe(publisher).request(2).signals).toEqual(['subscribed', 'a', 'b', 'complete'])
    expect(probe(publisher).request(1).signals).toEqual(['subscribed', 'a'])
  })
})

describe('toPublisher: a function that emits more than the demand', () => {
  const MOST = 1024 * 1024

  it('fails when too much is pending, and is unsubscribed', () => {
    let given = 0
    const endless = new Observable<string>(subscriber => {
      for (; !subscriber.closed; given++) subscriber.next('x'.repeat(1024))
    })
    const subscriber = probe(toPublisher(() => endless, { highWaterMark: 16 * 1024 }))
    expect(subscriber.signals).toEqual(['subscribed', { error: expect.objectContaining({ code: 'overflow' }) }])
    expect(given * 1024).toBeGreaterThan(MOST)
    expect(given * 1024).toBeLessThan(MOST + 32 * 1024)
  })

  it('continues as long as what it emitted is requested in time', () => {
    const source = new Subject<string>()
    const subscriber = probe(toPublisher(() => source, { highWaterMark: 1 })).request(1)
    for (let count = 0; count < 3000; count++) {
      source.next('x'.repeat(1024))
      subscriber.request(1)
    }
    expect(subscriber.signals).toHaveLength(3001)
  })
})

describe('toPublisher: the subscription', () => {
  it('RS §2.9 signals completion without a request', () => {
    expect(probe(publish()).signals).toEqual(['subscribed', 'complete'])
  })

  it('RS §2.10 signals an error without a request', () => {
    expect(probe(toPublisher(() => throwError(() => 'broken'))).signals).toEqual(['subscribed', { error: 'broken' }])
  })

  it('RS §2.13 counts a subscriber that throws as cancelled', () => {
    const subscriber = probe(publish('a', 'b'))
    subscriber.onNextItem = () => {
      throw new Error('no')
    }
    expect(() => subscriber.request(2)).toThrow('no')
    expect(subscriber.request(1).signals).toEqual(['subscribed', 'a'])
  })

  it('RS §3.2 accepts requests from within onSubscribe and onNext', () => {
    const subscriber = new Probe<string>()
    const subscribed = subscriber.onSubscribe.bind(subscriber)
    subscriber.onSubscribe = subscription => {
      subscribed(subscription)
      subscription.request(1)
    }
    subscriber.onNextItem = () => subscriber.request(1)
    publish('a', 'b').subscribe(subscriber)
    expect(subscriber.signals).toEqual(['subscribed', 'a', 'b', 'complete'])
  })

  it('RS §3.3 does not grow the stack, however long requests and items answer each other', () => {
    let left = 100_000
    let count = 0
    inVirtualTime(() => {
      const subscriber = probe(toPublisher(pulled(() => left-- > 0 ? ['x', 'y'] : null)))
      subscriber.onNextItem = () => {
        count++
        subscriber.request(1)
      }
      subscriber.request(1)
    })
    expect(count).toBe(200_000)
  })

  it('RS §3.5 is cancelled at once: the source is unsubscribed', () => {
    inVirtualTime(({ hot, cold, expectSubscriptions }) => {
      const source = hot('-a-b-c-')
      const subscriber = probe(toPublisher(() => source))
      cold('---x').subscribe(() => subscriber.cancel())
      expectSubscriptions(source.subscriptions).toBe('^--!')
    })
  })

  it('RS §3.5 can be cancelled from within onSubscribe, and requests nothing of the source', () => {
    let asked = 0
    const publisher = toPublisher(pulled(() => [asked++]))
    const subscriber = new Probe<number>()
    subscriber.onSubscribe = subscription => subscription.cancel()
    publisher.subscribe(subscriber)
    expect({ asked, signals: subscriber.signals }).toEqual({ asked: 0, signals: [] })
  })

  it('RS §3.6 ignores requests after it was cancelled', () => {
    expect(probe(publish('a')).cancel().request(1).request(-1).signals).toEqual(['subscribed'])
  })

  it('RS §3.7 may be cancelled again', () => {
    expect(probe(publish('a')).cancel().cancel().signals).toEqual(['subscribed'])
  })

  it('RS §3.8 adds requests up', () => {
    const { source, publisher } = publishSubject()
    const subscriber = probe(publisher).request(1).request(2)
    for (const item of ['a', 'b', 'c', 'd']) source.next(item)
    expect(subscriber.signals).toEqual(['subscribed', 'a', 'b', 'c'])
  })

  it.each([0, -1, Number.NaN])('RS §3.9 signals an error for a request of %d', count => {
    const { source, publisher } = publishSubject()
    const subscriber = probe(publisher).request(count)
    expect(subscriber.signals).toEqual(['subscribed', { error: expect.objectContaining({ code: 'badRange' }) }])
    expect(source.observed).toBe(false)
  })

  it('RS §3.12, §3.13 releases what is pending when it is cancelled within onNext', () => {
    const subscriber = probe(publish('a', 'b', 'c'))
    subscriber.onNextItem = () => subscriber.cancel()
    expect(subscriber.request(3).signals).toEqual(['subscribed', 'a'])
  })

  it.each([2 ** 53, Number.MAX_VALUE, Infinity])('RS §3.17 accepts a request of %d, twice', count => {
    const subscriber = probe(publish('a', 'b')).request(count).request(count)
    expect(subscriber.signals).toEqual(['subscribed', 'a', 'b', 'complete'])
  })

  it('may have no high-water mark', () => {
    const subscriber = probe(toPublisher(of('a', 'b'), { highWaterMark: Infinity })).request(2)
    expect(subscriber.signals).toEqual(['subscribed', 'a', 'b', 'complete'])
  })

  it('takes at most the high-water mark and one value from the source', () => {
    let asked = 0
    const publisher = toPublisher(pulled(() => [String(asked++ % 10)]), { highWaterMark: 4 })
    const subscriber = probe(publisher)
    expect(asked).toBe(4)
    subscriber.request(1)
    expect(asked).toBe(4)
    subscriber.request(1)
    expect(asked).toBe(6)
  })
})
