/**
 * Demand on offer: how a source that can wait finds out what its consumer wants, through the plain RxJS that stands
 * between the two.
 *
 * Strategy: who subscribes a source and knows what it wants (a gate in front of a response, an event stream, a
 * WebSocket; a flattening operator with demand) offers that for the length of the subscription, which is synchronous.
 * A source that can wait takes the offer, and then gives only while something is wanted. Operators in between need not
 * know: what a value becomes on its way is there when giving it returns, and costs the demand. Several sources may take
 * one offer (`merge`). While a source gives (a value or its end) the offer stands again: so the second source of a
 * `concat`, and what RxJS's own flattening subscribes at once, find it too. What is subscribed later finds none.
 *
 * A subclass of Observable whose `lift` carries the demand was the other way: creation operators (`merge`, `concat`)
 * and operators that subscribe for themselves would lose it.
 */
import type { Observer, Subscriber } from 'rxjs'
import type { Ahead } from './drops.js'

/** What a consumer wants of sources that can wait. */
export interface Offer {
  /** How much is wanted, in the unit of the consumer: nothing where it is not more than 0. */
  readonly wanted: number
  /** Calls back whenever something is wanted again, until the returned function is called. */
  whenWanted(callback: () => void): () => void
  /**
   * A source that took the offer begins to give: what comes of that waits for its consumer, however much it is. Returns
   * how many values had come before.
   */
  enter(): number
  /** It has given: a value, before which so many had come; or, with -1, an end. */
  leave(before: number): void
  /** Hears of errors of a source that was told to end already. */
  reportLate(error: unknown): void
  /** Hears of what operators hold that stand between sources and a consumer. */
  ahead(ahead: Ahead): void
}

/** How the offer that stands is read and replaced: one for all copies of this package in a process. */
interface Stand {
  readonly read: () => Offer | null
  readonly put: (offer: Offer | null) => void
}

const KEY = Symbol.for('httprx.offer')
const shared = globalThis as { [KEY]?: Stand | undefined }
const { read, put } = shared[KEY] ??= makeStand()

function makeStand(): Stand {
  let standing: Offer | null = null
  return { read: () => standing, put: offer => { standing = offer } }
}

/** Runs the task, which subscribes, with the demand on offer; null: with none. */
export function offering<R>(offer: Offer | null, task: () => R): R {
  const before = read()
  put(offer)
  try {
    return task()
  } finally {
    put(before)
  }
}

/** The demand that is on offer; null where there is none, and a source is as any other Observable. */
export function offeredDemand(): Offer | null {
  return read()
}

/** Replaces the offer that stands: {@link offering} for where each value would cost a closure. Returns the old one. */
export function replaceOffer(offer: Offer | null): Offer | null {
  const before = read()
  put(offer)
  return before
}

/** Gives a value to whose demand it is; null: nobody offered any. */
export function giveNext<T>(offer: Offer | null, subscriber: Observer<T>, value: T): void {
  if (offer === null) return subscriber.next(value)
  const standing = replaceOffer(offer)
  const before = offer.enter()
  try {
    subscriber.next(value)
  } finally {
    offer.leave(before)
    put(standing)
  }
}

/** Gives the end, as {@link giveNext}: what follows upon it finds the offer. */
export function giveComplete(offer: Offer | null, subscriber: Observer<never>): void {
  giveEnd(offer, () => { subscriber.complete() })
}

/** Gives an error, as {@link giveComplete}. */
export function giveError(offer: Offer | null, subscriber: Observer<never>, error: unknown): void {
  giveEnd(offer, () => { subscriber.error(error) })
}

function giveEnd(offer: Offer | null, end: () => void): void {
  if (offer === null) return end()
  offer.enter()
  try {
    offering(offer, end)
  } finally {
    offer.leave(-1)
  }
}

/** Who waits for an offer to want more. */
export class Waiting {
  private readonly callbacks = new Set<() => void>()

  /** As {@link Offer.whenWanted}. */
  add(callback: () => void): () => void {
    this.callbacks.add(callback)
    return () => { this.callbacks.delete(callback) }
  }

  /** Calls all in turn, as long as something is wanted. */
  notify(isWanted: () => boolean): void {
    for (const callback of [...this.callbacks]) if (isWanted()) callback()
  }
}

/** The pace of a source that goes on when it is told to: at once, or when something is wanted. */
export class Pace {
  /** Whose demand it keeps to; null where none was on offer. */
  readonly offer: Offer | null
  private readonly goOn: () => void
  private isWaiting: boolean

  /** Takes the offer that stands, if there is one, for as long as the subscriber is there. */
  constructor(subscriber: Subscriber<never>, goOn: () => void) {
    this.offer = offeredDemand()
    this.goOn = goOn
    this.isWaiting = false
    if (this.offer !== null) subscriber.add(this.offer.whenWanted(() => { if (this.isWaiting) this.next() }))
  }

  /** Goes on, now or when something is wanted. */
  next(): void {
    this.isWaiting = this.offer !== null && this.offer.wanted <= 0
    if (!this.isWaiting) this.goOn()
  }
}
