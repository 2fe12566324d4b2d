/**
 * A subscriber that records the signals of a publisher, for the rules of Reactive Streams.
 *
 * Strategy: it does not judge. It records signals and the nesting of calls, and runs a check's reactions within
 * signals.
 */
import type { Publisher, Subscriber, Subscription } from '../demand/reactive-streams/types.js'
import type { Patience } from './stream-rule.js'

/** The name of a signal. */
export type Signal = 'onSubscribe' | 'onNext' | 'onError' | 'onComplete'

/** Callbacks that a probe runs within signals. */
export interface Reactions {
  readonly onSubscribe?: (subscription: Subscription) => void
  readonly onNext?: (subscription: Subscription, count: number) => void
}

/** The recording subscriber. */
export class Probe<T> implements Subscriber<T> {
  readonly signals: Signal[]
  readonly items: T[]
  readonly errors: unknown[]
  readonly subscriptions: Subscription[]
  /** The maximum of nested calls of `onNext`. */
  depth: number
  /** The first signal within `onNext`; null if there was none. */
  overlap: Signal | null
  private nesting: number
  private readonly patience: Patience
  private readonly reactions: Reactions
  private changed: () => void

  constructor(patience: Patience, reactions: Reactions = {}) {
    this.signals = []
    this.items = []
    this.errors = []
    this.subscriptions = []
    this.depth = 0
    this.overlap = null
    this.nesting = 0
    this.patience = patience
    this.reactions = reactions
    this.changed = () => undefined
  }

  onSubscribe(subscription: Subscription): void {
    this.subscriptions.push(subscription)
    this.note('onSubscribe')
    this.reactions.onSubscribe?.(subscription)
  }

  onNext(item: T): void {
    this.items.push(item)
    this.note('onNext')
    this.nesting++
    this.depth = Math.max(this.depth, this.nesting)
    this.reactions.onNext?.(this.subscription, this.items.length)
    this.nesting--
  }

  onError(error: unknown): void {
    this.errors.push(error)
    this.note('onError')
  }

  onComplete(): void {
    this.note('onComplete')
  }

  /** The first subscription. */
  get subscription(): Subscription {
    const [subscription] = this.subscriptions as (Subscription | undefined)[]
    if (subscription === undefined) throw new Error('onSubscribe was not called')
    return subscription
  }

  /** Whether `onComplete` or `onError` was called. */
  get hasEnded(): boolean {
    return this.signals.includes('onComplete') || this.signals.includes('onError')
  }

  /** Resolves when `count` items were received. */
  received(count: number): Promise<void> {
    return this.until(() => this.items.length >= count, `item ${count}`)
  }

  /** Resolves when `onSubscribe` was called. */
  subscribed(): Promise<void> {
    return this.until(() => this.subscriptions.length > 0, 'onSubscribe')
  }

  /** Resolves when `onComplete` or `onError` was called. */
  ended(): Promise<void> {
    return this.until(() => this.hasEnded, 'onComplete or onError')
  }

  /** Resolves when the signal was received. */
  signalled(signal: Signal): Promise<void> {
    return this.until(() => this.signals.includes(signal), signal)
  }

  private until(isThere: () => boolean, what: string): Promise<void> {
    return this.patience.until(isThere, changed => { this.changed = changed }, what)
  }

  private note(signal: Signal): void {
    if (this.nesting > 0) this.overlap ??= signal
    this.signals.push(signal)
    this.changed()
  }
}

/** Subscribes a probe and returns it once `onSubscribe` was called. */
export async function probe<T>(
  publisher: Publisher<T>, patience: Patience, reactions?: Reactions,
): Promise<Probe<T>> {
  const subscriber = new Probe<T>(patience, reactions)
  publisher.subscribe(subscriber)
  await subscriber.subscribed()
  return subscriber
}
