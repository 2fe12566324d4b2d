/**
 * Offers of demand: how a pausable source learns its consumer's demand through plain RxJS operators in between.
 *
 * Strategy: a consumer with demand (a gate in front of a response, an event stream or a WebSocket; a flattening
 * operator with demand) makes its offer current while it subscribes to its source, which is a synchronous call. A
 * pausable source takes the current offer, and then gives values only while there is demand. Synchronous operators in
 * between need not know: their output has arrived when the call of `next` returns, and has used up demand. Several
 * sources may take one offer (`merge`). While a source gives a value or its end the offer is current again: so the
 * second source of a `concat`, and the inner Observables that RxJS's own flattening subscribes at once, find it too. A
 * source that is subscribed later finds none.
 *
 * The alternative, a subclass of Observable whose `lift` carries the demand, loses it in creation operators (`merge`,
 * `concat`) and in operators that subscribe for themselves.
 */
import type { Observer } from 'rxjs'
import type { Ahead } from './tally.js'

/** The demand of a consumer, for pausable sources. */
export interface Offer {
  /** The demand in the unit of the consumer: none where it is 0 or negative. */
  readonly wanted: number
  /** Calls back whenever there is demand again, until the returned function is called. */
  whenWanted(callback: () => void): () => void
  /**
   * A source that took the offer begins to give: all values that come of that may wait. Returns how many values had
   * arrived before.
   */
  enter(): number
  /** The source has given: a value (`before` is the result of {@link enter}), or an end (-1). */
  leave(before: number): void
  /** Receives errors of a source that was already told to stop. */
  reportLate(error: unknown): void
  /** Called when operators between a source and the consumer seem to hold values. */
  ahead(ahead: Ahead): void
}

/** Access to the current offer, which all copies of this package in a process share. */
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

/** Runs the task, which subscribes, with this as the current offer; null: with none. */
export function offering<R>(offer: Offer | null, task: () => R): R {
  const before = read()
  put(offer)
  try {
    return task()
  } finally {
    put(before)
  }
}

/** Returns the current offer; null: there is none, and a source behaves as any other Observable. */
export function offeredDemand(): Offer | null {
  return read()
}

/** Replaces the current offer and returns the old one: {@link offering} without a closure, for each value. */
export function replaceOffer(offer: Offer | null): Offer | null {
  const before = read()
  put(offer)
  return before
}

/**
 * Gives a value to the consumer that made the offer; null: there was no offer, and the one that is current, because
 * another source is giving, is not for sources behind this one.
 */
export function giveNext<T>(offer: Offer | null, subscriber: Observer<T>, value: T): void {
  if (offer === null && read() === null) return subscriber.next(value)
  const standing = replaceOffer(offer)
  const before = offer?.enter() ?? 0
  try {
    subscriber.next(value)
  } finally {
    offer?.leave(before)
    put(standing)
  }
}

/** Completes, as {@link giveNext}: a source that is subscribed because of that finds the offer. */
export function giveComplete(offer: Offer | null, subscriber: Observer<never>): void {
  giveEnd(offer, () => { subscriber.complete() })
}

/** Fails, as {@link giveComplete}. */
export function giveError(offer: Offer | null, subscriber: Observer<never>, error: unknown): void {
  giveEnd(offer, () => { subscriber.error(error) })
}

function giveEnd(offer: Offer | null, end: () => void): void {
  if (offer === null) return offering(null, end)
  offer.enter()
  try {
    offering(offer, end)
  } finally {
    offer.leave(-1)
  }
}

/** The callbacks that wait for demand of one offer. */
export class Waiting {
  private readonly callbacks = new Set<() => void>()

  /** As {@link Offer.whenWanted}. */
  add(callback: () => void): () => void {
    this.callbacks.add(callback)
    return () => { this.callbacks.delete(callback) }
  }

  /** Calls one after another, as long as there is demand. */
  notify(isWanted: () => boolean): void {
    for (const callback of [...this.callbacks]) if (isWanted()) callback()
  }
}
