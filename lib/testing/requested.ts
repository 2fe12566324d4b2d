/**
 * Demand by hand: a source of a body, asked for what a diagram says.
 *
 * Strategy: it is the source alone, without a server, a client or a connection. A source of `ready$` gets the requests
 * as they are. What is pulled is pulled as the server does it: one value at a time, as long as something is left of the
 * last request, of which each value takes its size.
 */
import { from, isObservable, NEVER, Observable, type Observer } from 'rxjs'
import { chunkSize } from '../reactive/chunk.js'
import { isThenable } from './async-guard.js'

/** A source that can be slowed, of values of any kind. */
export type SlowableSource<T> =
  | ((ready$: Observable<number>, closing$: Observable<void>) => Observable<T>)
  | Iterable<T> | AsyncIterable<T> | ReadableStream<T>

/** The common form of what is pulled. */
interface Puller<T> {
  next(): IteratorResult<T, unknown> | PromiseLike<IteratorResult<T, unknown>>
  return?(): unknown
}

/**
 * Returns what the source emits when it is asked for what `requests$` emits: bytes, of values that are text or bytes,
 * and else items, as `ready$` has it. A later request replaces what is left of the last. It is unsubscribed as any
 * response is.
 *
 * @example
 * expectObservable(requested(pulled(next), cold('a--b', { a: 10, b: 5 }))).toBe('x--y', values)
 */
export function requested<T>(source: SlowableSource<T>, requests$: Observable<number>): Observable<T> {
  if (isObservable(source)) throw new TypeError('an Observable can\'t be asked: it emits when it wants to')
  if (typeof source === 'function') return source(requests$, NEVER)
  return new Observable(subscriber => {
    const reader = new RequestedReader(pullerOf(source), subscriber)
    subscriber.add(requests$.subscribe({
      next: count => { reader.request(count) },
      error: (error: unknown) => { subscriber.error(error) },
    }))
    return () => { reader.stop() }
  })
}

function pullerOf<T>(source: Exclude<SlowableSource<T>, (...args: never[]) => unknown>): Puller<T> {
  if (Symbol.asyncIterator in source && !('getReader' in source)) return source[Symbol.asyncIterator]()
  if (Symbol.iterator in source) return source[Symbol.iterator]()
  const reader = source.getReader()
  return { next: () => reader.read(), return: () => reader.cancel() }
}

class RequestedReader<T> {
  private readonly puller: Puller<T>
  private readonly observer: Observer<T>
  private credit: number
  private isPulling: boolean
  private isOver: boolean

  constructor(puller: Puller<T>, observer: Observer<T>) {
    this.puller = puller
    this.observer = observer
    this.credit = 0
    this.isPulling = false
    this.isOver = false
  }

  request(count: number): void {
    this.credit = count
    if (!this.isPulling) this.pull()
  }

  stop(): void {
    if (this.isOver) return
    this.isOver = true
    const returned = this.puller.return?.()
    if (isThenable(returned)) returned.then(undefined, () => undefined)
  }

  private pull(): void {
    this.isPulling = true
    while (this.credit > 0 && !this.isOver) {
      const result = this.attempt(() => this.puller.next())
      if (isThenable(result)) return this.wait(result)
      if (result !== undefined) this.accept(result)
    }
    this.isPulling = false
  }

  private wait(promise: PromiseLike<IteratorResult<T, unknown>>): void {
    from(promise).subscribe({
      next: result => {
        this.accept(result)
        this.pull()
      },
      error: (error: unknown) => { this.fail(error) },
    })
  }

  private accept(result: IteratorResult<T, unknown>): void {
    if (this.isOver) return
    if (result.done === true) {
      this.isOver = true
      this.observer.complete()
    } else {
      this.credit -= chunkSize(result.value)
      this.observer.next(result.value)
    }
  }

  private attempt<R>(run: () => R): R | undefined {
    try {
      return run()
    } catch (error) {
      this.fail(error)
      return undefined
    }
  }

  private fail(error: unknown): void {
    this.isOver = true
    this.observer.error(error)
  }
}
