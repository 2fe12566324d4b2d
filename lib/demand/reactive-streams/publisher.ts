/**
 * Reactive Streams (version 1.0.4), to and from sources driven by demand.
 *
 * Strategy: Reactive Streams counts items, `ready$` counts bytes. From a publisher, one batch of items at a time is
 * requested while there is demand, so the source runs ahead of its demand by at most one batch ({@link Requester}). To
 * a publisher, values wait in a queue until they are requested ({@link Publication}); the source sees a `ready$` as
 * usual, and is ahead of the requests by at most the high-water mark and one value.
 *
 * Rules are cited as `RS §1.3`. A `request` within `onNext` continues a loop and does not recurse (RS §3.3).
 */
import { Observable } from 'rxjs'
import { checkOptions, SIZE } from '../../connection/option-check.js'
import { onBackpressureError } from '../overflow-operators.js'
import { DEFAULT_HIGH_WATER_MARK } from '../water-marks.js'
import { Publication } from './publication.js'
import { Requester } from './requester.js'
import type { Publisher, Subscriber } from './types.js'

/** The options of {@link fromPublisher}. */
export interface FromPublisherOptions {
  /**
   * How many items are requested at once: 1 unless given. A larger batch is faster where requests go to another
   * process.
   */
  readonly batch?: number
}

/**
 * Returns an Observable that requests items of the publisher while there is demand: as the source of a body, of `sse`
 * or of a WebSocket no more than the client takes, also through synchronous operators. For a subscriber without demand
 * it requests one batch after another.
 *
 * @throws {@link LocalProtocolError} badRange: the batch is not a whole number of at least 1, or Infinity; badOption
 *
 * @example
 * body: fromPublisher(publisher)
 */
export function fromPublisher<T>(
  publisher: Publisher<T>,
  options: FromPublisherOptions = {},
): Observable<T> {
  // RS §3.9: at least 1 item must be requested.
  checkOptions(options, { batch: SIZE })
  const { batch = 1 } = options
  return new Observable<T>(subscriber => {
    const requester = new Requester(subscriber, batch)
    subscriber.add(() => { requester.cancel() })
    if (!subscriber.closed) publisher.subscribe(requester)
  })
}

/** The options of {@link toPublisher}. */
export interface ToPublisherOptions {
  /** How many bytes (or items) may be taken from the source before they are requested: 16 KiB unless given. */
  readonly highWaterMark?: number
}

/**
 * Returns a publisher of a source. Each of its subscribers subscribes to the source anew. A function gets the demand;
 * an Observable is offered it. An Observable that cannot be paused fails with a `BackpressureError` when it emits
 * without demand, unless a backpressure operator handles that.
 *
 * @throws {@link LocalProtocolError} badRange: the high-water mark is not a whole number of at least 1, or Infinity;
 *   badOption
 *
 * @example
 * toPublisher(ready$ => prices$.pipe(onBackpressureLatest(ready$)))
 */
export function toPublisher<T>(
  source: Observable<T> | ((ready$: Observable<number>) => Observable<T>),
  options: ToPublisherOptions = {},
): Publisher<T> {
  checkOptions(options, { highWaterMark: SIZE })
  const values = typeof source === 'function' ? source
    : (ready$: Observable<number>) => source.pipe(onBackpressureError(ready$))
  return {
    subscribe(subscriber: Subscriber<T> | null | undefined): void {
      // RS §1.9: the only reason for `subscribe` to throw.
      if (subscriber === null || subscriber === undefined) throw new TypeError('a subscriber is needed')
      new Publication(subscriber, values, options.highWaterMark ?? DEFAULT_HIGH_WATER_MARK).start()
    },
  }
}
