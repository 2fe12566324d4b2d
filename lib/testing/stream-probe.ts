/**
 * A subscriber that keeps the signals of a publisher, for the rules of Reactive Streams.
 *
 * Strategy: it judges nothing. It writes down what comes and how deep calls nest, and does within a signal what a check
 * tells it to.
 */
import type { Publisher, Subscriber, Subscription } from '../demand/reactive-streams/types.js'
import type { Patience } from './stream-rule.js'

/** The name of a signal. */
export type Signal = 'onSubscribe' | 'onNext' | 'onError' | 'onComplete'

/** What a probe does within signals. */
export interface Reactions {
  readonly onSubscribe?: (subscription: Subscription) => void
  readonly onNext?: (subscription: Subscription, count: number) => void
}

/** A subscriber of the kit. */
export class Probe<T> implements Subscriber<T> {
  readonly signals: Signal[]
  readonly items: T[]
  readonly errors: unknown[]
  readonly subscriptions: Subscription[]
  /** How many calls of `onNext` were on the stack at most. */
  depth: number
  /** The first signal that came within `onNext`; null where each waited for it to return. */
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

  /** Whether the last signal was an end. */
  get hasEnded(): boolean {
    return this.signals.includes('onComplete') || this.signals.includes('onError')
  }

  /** Resolves when so many items have come. */
  received(count: number): Promise<void> {
    return this.until(() => this.items.length >= count, `item ${count}`)
  }

  /** Resolves when `onSubscribe` was called. */
  subscribed(): Promise<void> {
    return this.until(() => this.subscriptions.length > 0, 'onSubscribe')
  }

  /** Resolves when the end has come. */
  ended(): Promise<void> {
    return this.until(() => this.hasEnded, 'onComplete or onError')
  }

  /** Resolves when the given signal has come. */
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

/** Subscribes a probe, and returns it once it has its subscription. */
export async function probe<T>(
  publisher: Publisher<T>, patience: Patience, reactions?: Reactions,
): Promise<Probe<T>> {
  const subscriber = new Probe<T>(patience, reactions)
  publisher.subscribe(subscriber)
  await subscriber.subscribed()
  return subscriber
}
