/**
 * RxJS's flattening operators, with demand.
 *
 * Strategy: RxJS's own operators buffer their input without bound while their inner Observables are active. These are
 * the same operators behind an offer (offer.ts) of their own: they have demand while fewer inner Observables than the
 * concurrency are active and the consumer has demand. So a pausable source pauses, and any number of asynchronous
 * stages in a row holds a bounded number of values. Inner Observables are offered the consumer's own demand.
 *
 * Clients may leave while their requests wait for earlier ones. No work is started for such requests.
 */
import {
  EMPTY, finalize, mergeMap as mergeMapOfRx, Observable, tap, type ObservableInput, type ObservedValueOf,
  type OperatorFunction,
} from 'rxjs'
import { checkValue, SIZE } from '../connection/option-check.js'
import { fromInput } from './from-source.js'
import { giveComplete, giveNext, offeredDemand, offering, Waiting, type Offer } from './offer.js'
import { Tally, type Ahead } from './tally.js'

/**
 * As RxJS's `mergeMap`: projects each value to an Observable (a promise, an iterable) and emits their values as they
 * come, of `concurrency` of them at a time. Meanwhile a pausable source is not asked for more, nor for more than the
 * client takes: so the number of values held is bounded, if `concurrency` is given. Requests ({@link Reqd}) whose
 * client went away while they waited are skipped.
 *
 * @example
 * body: reqd.body.bytes$.pipe(mergeMap(chunk => encrypt(chunk), 8))
 *
 * @throws {@link LocalProtocolError} badRange: the concurrency is not a whole number of at least 1, or Infinity
 */
export function mergeMap<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O, concurrency = Infinity,
): OperatorFunction<T, ObservedValueOf<O>> {
  checkValue('concurrency', concurrency, SIZE)
  return source => new Observable<ObservedValueOf<O>>(subscriber => {
    const stage = new Stage(concurrency)
    subscriber.add(stage.watch())
    const inner = (value: T, index: number): Observable<ObservedValueOf<O>> => {
      const input = isAbandoned(value) ? EMPTY : offering(null, () => project(value, index))
      return stage.inner(fromInput(input as ObservableInput<ObservedValueOf<O>>))
    }
    const counted$ = source.pipe(finalize(() => { stage.left() }), tap(() => { stage.arrive() }))
    return offering(stage, () => counted$.pipe(mergeMapOfRx(inner, concurrency)).subscribe(subscriber))
  })
}

/**
 * As RxJS's `concatMap`: {@link mergeMap} of one at a time, in order.
 *
 * @example
 * body: reqd.body.bytes$.pipe(concatMap(chunk => encrypt(chunk)))
 */
export function concatMap<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
): OperatorFunction<T, ObservedValueOf<O>> {
  return mergeMap(project, 1)
}

/** The key of the property of a value that is true when its result is not needed any more. */
export const ABANDONED = Symbol('abandoned')

function isAbandoned(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { [ABANDONED]?: boolean })[ABANDONED] === true
}

/** The demand of a flattening operator towards its source. */
class Stage implements Offer {
  private readonly concurrency: number
  /** The consumer's offer; null where it made none. */
  private readonly consumer: Offer | null
  private readonly waiting: Waiting
  private readonly tally: Tally
  private active: number
  private isLeft: boolean

  constructor(concurrency: number) {
    this.concurrency = concurrency
    this.consumer = offeredDemand()
    this.waiting = new Waiting()
    this.tally = new Tally()
    this.active = 0
    this.isLeft = false
  }

  get wanted(): number {
    if (this.isLeft) return Infinity
    if (this.active >= this.concurrency) return 0
    return this.consumer === null ? Infinity : this.consumer.wanted
  }

  whenWanted(callback: () => void): () => void {
    return this.waiting.add(callback)
  }

  /** Values that the operator emits within the call queue up at its own consumer. */
  enter(): number {
    this.consumer?.enter()
    return this.tally.enter()
  }

  leave(before: number): void {
    this.consumer?.leave(-1)
    const ahead = this.tally.leave(before)
    if (ahead !== null && !this.isLeft) this.ahead(ahead)
  }

  /** A value left the operators in front of this one. */
  arrive(): void {
    this.tally.arrive()
  }

  ahead(ahead: Ahead): void {
    this.consumer?.ahead(ahead)
  }

  reportLate(error: unknown): void {
    this.consumer?.reportLate(error)
  }

  /** Follows the consumer's demand until the returned function is called. */
  watch(): () => void {
    return this.consumer?.whenWanted(() => { this.notify() }) ?? (() => undefined)
  }

  /** Returns the inner Observable of a value, which counts as active until it ends. */
  inner<R>(values$: Observable<R>): Observable<R> {
    return new Observable<R>(subscriber => {
      this.active++
      return offering(this.consumer, () => values$.subscribe({
        next: value => { giveNext(this.consumer, subscriber, value) },
        error: (error: unknown) => { subscriber.error(error) },
        complete: () => {
          this.active--
          giveComplete(this.consumer, subscriber)
          this.notify()
        },
      }))
    })
  }

  /** The source has ended or was left, as that of a gate. */
  left(): void {
    this.isLeft = true
    this.notify()
  }

  private notify(): void {
    this.waiting.notify(() => this.wanted > 0)
  }
}
