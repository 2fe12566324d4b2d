/**
 * A publisher and a subscriber of Reactive Streams that can be made to break each rule.
 */
import type { Publisher, Subscriber, Subscription } from '../../lib/demand/reactive-streams/types.js'

/** How a publisher or a subscriber breaks a rule: faults by their names. */
export type Faults = Readonly<Record<string, boolean | undefined>>

/** A publisher that keeps the rules, but for its faults. */
export class Range implements Publisher<number> {
  private readonly count: number
  private readonly error: unknown
  private readonly faults: Faults
  private subscribers: number
  readonly held: unknown[]

  constructor(count: number, faults: Faults = {}, error: unknown = null) {
    this.count = count
    this.error = error
    this.faults = faults
    this.subscribers = 0
    this.held = []
  }

  subscribe(subscriber: Subscriber<number>): void {
    const { faults } = this
    this.subscribers++
    if (faults['takesNobody'] !== true && (subscriber as unknown) === null) throw new TypeError('no subscriber')
    if (faults['once'] === true && this.subscribers > 1) return
    if (faults['holds'] === true) this.held.push(subscriber)
    if (faults['lateSubscription'] === true && this.count > 0) subscriber.onNext(0)
    const count = faults['starves'] === true && this.subscribers > 1 ? 0 : this.count
    const walk = new Walk(count, subscriber, faults, this.error)
    ;(subscriber as Subscriber<number> | null)?.onSubscribe(walk)
    if (faults['subscribesTwice'] === true) subscriber.onSubscribe(walk)
  }
}

/** One subscription of it. */
class Walk implements Subscription {
  private readonly count: number
  private subscriber: Subscriber<number> | null
  private readonly faults: Faults
  private readonly error: unknown
  private at = 0
  private requested = 0
  private isWalking = false
  private hasEnded = false

  constructor(count: number, subscriber: Subscriber<number>, faults: Faults, error: unknown) {
    this.count = count
    this.subscriber = subscriber
    this.faults = faults
    this.error = error
  }

  request(count: number): void {
    const { faults } = this
    if (this.subscriber === null) {
      if (faults['throwsLate'] === true) throw new Error('it is over')
      return
    }
    if (this.hasEnded) {
      if (faults['endsAgain'] === true && count > 0) this.subscriber.onComplete()
      if (faults['answersLate'] === true && count < 1) this.subscriber.onError(new RangeError('bad request'))
      return
    }
    if (count < 1) {
      if (faults['takesNothing'] !== true) this.end(subscriber => { subscriber.onError(new RangeError('bad request')) })
      return
    }
    if (faults['bounded'] === true && count > 1e9) return this.end(each => { each.onError(new RangeError('too many')) })
    if (faults['deferred'] === true && this.isWalking) return
    if (faults['forgets'] === true && this.at > 0) return
    this.requested += count
    if (faults['addsOne'] === true) this.requested++
    if (faults['nests'] === true) this.walk()
    else if (!this.isWalking) this.walkOnce()
  }

  cancel(): void {
    const { faults, subscriber } = this
    if (subscriber === null && faults['cancelsOnce'] === true) throw new Error('it is cancelled')
    if (faults['throwsAtCancel'] === true) throw new Error('no')
    if (faults['deaf'] === true) return
    if (faults['completesAtCancel'] === true && !this.hasEnded) subscriber?.onComplete()
    if (faults['failsAtCancel'] === true) subscriber?.onError(new Error('it was cancelled'))
    if (faults['answersLate'] === true) this.hasEnded = true
    else this.subscriber = null
  }

  private walkOnce(): void {
    this.isWalking = true
    this.walk()
    this.isWalking = false
  }

  private walk(): void {
    while (this.requested > 0 && this.at < this.count && this.subscriber !== null) {
      this.requested--
      const item = this.faults['disorder'] === true ? this.requested : this.at
      this.at++
      this.subscriber.onNext(item)
    }
    if (this.at >= this.count) this.finish()
  }

  private finish(): void {
    const { error, faults } = this
    if (faults['endless'] === true || (faults['waitsForDemand'] === true && this.requested > 0)) return
    if (error === null || faults['hidesErrors'] === true) this.end(subscriber => { subscriber.onComplete() })
    else this.end(subscriber => { subscriber.onError(error) })
  }

  private end(signal: (subscriber: Subscriber<number>) => void): void {
    if (this.hasEnded || this.subscriber === null) return
    this.hasEnded = true
    signal(this.subscriber)
    if (this.faults['endsTwice'] === true) this.subscriber.onComplete()
    const keeps = this.faults['answersLate'] ?? this.faults['endsAgain'] ?? this.faults['holds']
    if (keeps !== true) this.subscriber = null
  }
}

/** A subscriber that keeps the rules, but for its faults. It requests one item at a time, when it is told to. */
export class Taker implements Subscriber<number> {
  readonly items: number[] = []
  private readonly faults: Faults
  private subscription: Subscription | null = null

  constructor(faults: Faults) {
    this.faults = faults
  }

  want(): void {
    if (this.faults['silent'] !== true) this.subscription?.request(1)
  }

  stop(): void {
    if (this.faults['stays'] !== true) this.subscription?.cancel()
    if (this.faults['takesLate'] !== true) this.subscription = null
  }

  onSubscribe(subscription: Subscription): void {
    const { faults } = this
    if (faults['takesNothing'] !== true && (subscription as unknown) === null) throw new TypeError('no subscription')
    if (this.subscription === null || faults['replaces'] === true) this.subscription = subscription
    else if (faults['ignoresSecond'] !== true) subscription.cancel()
  }

  onNext(item: number): void {
    if (this.subscription !== null) this.items.push(item)
  }

  onError(error: unknown): void {
    if (this.faults['throwsErrors'] === true) throw error
    this.end()
  }

  onComplete(): void {
    if (this.faults['throwsAtEnd'] === true) throw new Error('it is over')
    this.end()
  }

  private end(): void {
    if (this.faults['cancelsAtEnd'] === true) this.subscription?.cancel()
    if (this.faults['unaware'] !== true) this.subscription = null
  }
}
