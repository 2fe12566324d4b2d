/**
 * One subscription of `toPublisher`: the values of an Observable for one Reactive Streams subscriber.
 *
 * Strategy: a {@link ControlledSubject} makes the demand. Its sink is a queue, and `request` takes items out of it.
 * What a source gives beyond its demand is bounded (excess.ts). Signals come from a loop, so that a `request` within
 * `onNext` neither nests signals nor grows the stack.
 */
import { defer, type Observable, takeUntil } from 'rxjs'
import { Reentry } from '../../buffer/reentry.js'
import { ValueQueue } from '../../buffer/value-queue.js'
import { BackpressureError, LocalProtocolError } from '../../errors.js'
import { chunkSize } from '../chunk.js'
import { ControlledSubject, type ControlledSink, type SinkWatcher } from '../controlled-subject.js'
import { Excess } from '../excess.js'
import type { Subscriber as PublisherSubscriber, Subscription as PublisherSubscription } from './types.js'

/**
 * The subscription of one subscriber, and the sink of its source. Rules are cited as `RS §3.9`.
 */
export class Publication<T> implements PublisherSubscription, ControlledSink<T> {
  /** How many bytes (or items) wait to be requested. */
  pending: number
  /** Null once the last signal was given, or after `cancel` (RS §3.13). */
  private subscriber: PublisherSubscriber<T> | null
  private readonly source: (ready$: Observable<number>) => Observable<T>
  private watcher: SinkWatcher | null
  private readonly highWaterMark: number
  private readonly excess: Excess
  private readonly queue: ValueQueue<T>
  private requested: number
  private mark: number
  private onDrained: (() => void) | null
  private readonly signalling: Reentry
  private isComplete: boolean

  constructor(
    subscriber: PublisherSubscriber<T>,
    source: (ready$: Observable<number>) => Observable<T>,
    highWaterMark: number,
  ) {
    this.pending = 0
    this.subscriber = subscriber
    this.source = source
    this.watcher = null
    this.highWaterMark = highWaterMark
    this.excess = new Excess()
    this.queue = new ValueQueue()
    this.requested = 0
    this.mark = 0
    this.onDrained = null
    this.signalling = new Reentry()
    this.isComplete = false
  }

  // RS §1.9: `onSubscribe` comes before every other signal, and nothing is thrown.
  start(): void {
    const { source, highWaterMark } = this
    const subject = new ControlledSubject<T>(this, { highWaterMark })
    this.subscriber?.onSubscribe(this)
    defer(() => source(subject.ready$)).pipe(takeUntil(subject.closed$)).subscribe(subject)
  }

  // RS §3.6: after the end, a request does nothing. RS §3.17: a sum beyond 2^53 is without bound as far as anyone can
  // count.
  request(count: number): void {
    if (this.subscriber === null) return
    if (count >= 1) {
      this.requested += count
      this.signal()
    } else {
      // RS §3.9
      this.error(new LocalProtocolError('badRange', 'at least 1 item must be requested (RS §3.9)'))
    }
  }

  // RS §3.5, §3.7: it is cheap and idempotent.
  cancel(): void {
    this.subscriber = null
    this.queue.clear()
    this.pending = 0
    this.watcher?.closed('aborted')
  }

  write(value: T): void {
    const size = chunkSize(value)
    if (!this.excess.takes(size, this.pending, this.highWaterMark)) return this.error(this.overflowError())
    this.queue.push(value)
    this.pending += size
    this.signal()
  }

  complete(): void {
    this.isComplete = true
    this.signal()
  }

  // At once, as in all of this library: waiting values are dropped.
  error(error: unknown): void {
    const subscriber = this.subscriber
    this.cancel()
    subscriber?.onError(error)
  }

  watch(watcher: SinkWatcher): void {
    this.watcher = watcher
  }

  whenDrained(mark: number, callback: () => void): void {
    this.mark = mark
    this.onDrained = callback
    this.callBackIfDrained()
  }

  // RS §1.3, §3.3: signals never nest, whatever the subscriber calls from within one.
  private signal(): void {
    if (!this.signalling.enter()) return
    while (this.requested > 0 && this.queue.length > 0) this.signalNext(this.queue.shift())
    this.signalling.leave()
    if (this.isComplete && this.queue.length === 0) this.signalComplete()
  }

  private signalNext(value: T): void {
    this.requested--
    this.pending -= chunkSize(value)
    try {
      this.subscriber?.onNext(value)
    } catch (error) {
      // RS §2.13: a subscriber that throws counts as cancelled, and its caller gets the error.
      this.signalling.leave()
      this.cancel()
      throw error
    }
    this.callBackIfDrained()
  }

  private signalComplete(): void {
    const subscriber = this.subscriber
    this.subscriber = null
    this.watcher?.closed('done')
    subscriber?.onComplete()
  }

  private overflowError(): BackpressureError {
    return new BackpressureError(
      `${this.pending} bytes or items wait to be requested, and the source gives more than ready$ demands`,
      this.pending,
    )
  }

  private callBackIfDrained(): void {
    const callback = this.onDrained
    if (callback === null || this.pending > this.mark) return
    this.onDrained = null
    callback()
  }
}
