/**
 * From Reactive Streams, by the rules of https://github.com/reactive-streams/reactive-streams-jvm, version 1.0.4, and
 * there and back.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { from, NEVER, of, Subject, take, throwError } from 'rxjs'
import { onBackpressureBuffer, onBackpressureError } from '../../../lib/demand/overflow-operators.js'
import { fromPublisher, toPublisher } from '../../../lib/demand/reactive-streams/publisher.js'
import type { Publisher, Subscriber, Subscription } from '../../../lib/demand/reactive-streams/types.js'
import { metered } from '../../reactive/metered-sink.js'
import { publish } from './publish.js'

/** A publisher in the hands of a test. */
class ManualPublisher<T> implements Publisher<T>, Subscription {
  readonly calls: unknown[] = []
  subscriber: Subscriber<T> | null = null

  subscribe(subscriber: Subscriber<T>): void {
    this.subscriber = subscriber
    subscriber.onSubscribe(this)
  }

  request(count: number): void {
    this.calls.push(count)
  }

  cancel(): void {
    this.calls.push('cancel')
  }
}

/** Reads a publisher on a demand in the hands of a test. */
function reading(options?: { batch?: number }) {
  const publisher = new ManualPublisher<string>()
  const ready$ = new Subject<number>()
  const seen: unknown[] = []
  const subscription = fromPublisher(publisher, options).pipe(onBackpressureError(ready$)).subscribe({
    next: value => seen.push(value),
    error: error => seen.push({ error }),
    complete: () => seen.push('complete'),
  })
  return { publisher, subscriber: publisher.subscriber!, ready$, seen, subscription }
}

describe('fromPublisher', () => {
  it('RS §2.1 requests one item after another while there is demand', () => {
    const { publisher, subscriber, ready$, seen } = reading()
    expect(publisher.calls).toEqual([])
    ready$.next(3)
    ready$.next(3)
    expect(publisher.calls).toEqual([1])
    subscriber.onNext('aa')
    expect(publisher.calls).toEqual([1, 1])
    subscriber.onNext('bb')
    expect(publisher.calls).toEqual([1, 1])
    ready$.next(1)
    expect(publisher.calls).toEqual([1, 1, 1])
    expect(seen).toEqual(['aa', 'bb'])
  })

  it('requests items in batches if a batch size is given', () => {
    const { publisher, subscriber, ready$ } = reading({ batch: 2 })
    ready$.next(9)
    subscriber.onNext('a')
    expect(publisher.calls).toEqual([2])
    subscriber.onNext('b')
    expect(publisher.calls).toEqual([2, 2])
  })

  it.each([[0], [-1], [NaN]])('RS §3.9 refuses a batch size of %d', batch => {
    expect(() => fromPublisher(new ManualPublisher(), { batch })).toThrow(expect.objectContaining({ code: 'badRange' }))
  })

  it('requests for demand that existed before the subscription', () => {
    const publisher = new ManualPublisher<string>()
    fromPublisher(publisher).pipe(onBackpressureError(of(9))).subscribe()
    expect(publisher.calls).toEqual([1])
  })

  it('RS §2.4, §2.6 cancels when it is unsubscribed, and not after the end', () => {
    const left = reading()
    left.subscription.unsubscribe()
    expect(left.publisher.calls).toEqual(['cancel'])
    const completed = reading()
    completed.subscriber.onComplete()
    const failed = reading()
    failed.subscriber.onError('broken')
    expect([...completed.publisher.calls, ...failed.publisher.calls]).toEqual([])
  })

  it('RS §2.5 cancels a second subscription, and one that arrives after unsubscribing', () => {
    const { publisher, subscriber, ready$ } = reading()
    const second = new ManualPublisher<string>()
    subscriber.onSubscribe(second)
    ready$.next(1)
    expect([second.calls, publisher.calls]).toEqual([['cancel'], [1]])
    const late = new ManualPublisher<string>()
    const lazy: { subscriber?: Subscriber<string> } = {}
    const slow: Publisher<string> = { subscribe: subscriber => void (lazy.subscriber = subscriber) }
    fromPublisher(slow).pipe(onBackpressureError(NEVER)).subscribe().unsubscribe()
    lazy.subscriber?.onSubscribe(late)
    expect(late.calls).toEqual(['cancel'])
  })

  it('RS §2.8 ignores items that arrive after it cancelled', () => {
    const { publisher, subscriber, ready$, seen, subscription } = reading()
    ready$.next(9)
    subscription.unsubscribe()
    subscriber.onNext('a')
    expect([seen, publisher.calls]).toEqual([[], [1, 'cancel']])
  })

  it('RS §2.9 completes with and without a request', () => {
    const asked = reading()
    asked.ready$.next(9)
    asked.subscriber.onNext('a')
    asked.subscriber.onComplete()
    const idle = reading()
    idle.subscriber.onComplete()
    expect([asked.seen, idle.seen]).toEqual([['a', 'complete'], ['complete']])
    expect(idle.ready$.observed).toBe(false)
  })

  it('RS §2.10 fails with and without a request', () => {
    const asked = reading()
    asked.ready$.next(9)
    asked.subscriber.onError('broken')
    const idle = reading()
    idle.subscriber.onError('broken')
    expect([asked.seen, idle.seen]).toEqual([[{ error: 'broken' }], [{ error: 'broken' }]])
  })

  it('fails and cancels if the demand fails', () => {
    const { publisher, ready$, seen } = reading()
    ready$.error('gone')
    expect([seen, publisher.calls]).toEqual([[{ error: 'gone' }], ['cancel']])
    const untouched = new ManualPublisher<string>()
    fromPublisher(untouched).pipe(onBackpressureError(throwError(() => 'gone'))).subscribe({ error: () => {} })
    expect(untouched.subscriber).toBeNull()
  })

  it('RS §3.3 does not grow the stack if the publisher answers within the request', () => {
    const seen: number[] = []
    let next = 0
    const publisher: Publisher<number> = {
      subscribe: subscriber => subscriber.onSubscribe({
        request: () => subscriber.onNext(next++),
        cancel: () => {},
      }),
    }
    fromPublisher(publisher).pipe(onBackpressureError(of(1e9))).pipe(take(100_000)).subscribe(value => seen.push(value))
    expect(seen).toHaveLength(100_000)
  })

  it('emits what toPublisher published', () => {
    fc.assert(fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 5 }), (items, batch) => {
      const { sink, subject } = metered<string>({ highWaterMark: 8 })
      const publisher = toPublisher<string>(
        ready$ => from(items).pipe(onBackpressureBuffer(ready$, { bufferBytes: 9_999 })),
        { highWaterMark: 4 },
      )
      fromPublisher(publisher, { batch }).pipe(onBackpressureError(subject.ready$)).subscribe(subject)
      for (let i = 0; i <= items.length; i++) sink.drain()
      expect(sink).toMatchObject({ values: items, ends: ['complete'] })
    }))
  })

  it('holds at most the high-water mark and a batch', () => {
    const sizes = fc.array(fc.nat(20), { maxLength: 60 })
    const drains = fc.array(fc.nat(60), { maxLength: 40 })
    fc.assert(fc.property(sizes, drains, fc.integer({ min: 1, max: 5 }), (chunks, takes, batch) => {
      const { sink, subject } = metered<Uint8Array>({ highWaterMark: 30 })
      const publisher = publish(...chunks.map(size => new Uint8Array(size)))
      fromPublisher(publisher, { batch }).pipe(onBackpressureError(subject.ready$)).subscribe(subject)
      for (const count of takes) sink.drain(count)
      expect(sink.peak).toBeLessThan(30 + batch * 20)
    }))
  })
})
