/**
 * The common form of what can be pulled: iterables, async iterables, web streams, Readables of Node.
 *
 * Strategy: one interface of two methods, `next` and `return`, as an iterator has them. It asks for nothing by itself.
 */
import { Observable } from 'rxjs'
import type { ReportError } from '../application/discard.js'
import type { Chunk } from './chunk.js'

/** The common form of what is pulled. `return` says that no more is wanted. */
export interface Pullable<T = Chunk> {
  next(): IteratorResult<T, unknown> | PromiseLike<IteratorResult<T, unknown>>
  return?(): unknown
}

/** A web stream as {@link Pullable}. */
export function pullableOfStream<T>(stream: ReadableStream<T>): Pullable<T> {
  const reader = stream.getReader()
  return {
    next: () => reader.read(),
    return: () => reader.cancel(),
  }
}

/** What is needed of a `Readable` of Node. */
export interface NodeReadable<T = Chunk> extends AsyncIterable<T> {
  destroy(): unknown
  on?(event: 'error', listener: (error: unknown) => void): unknown
}

/**
 * A `Readable` of Node as {@link Pullable}. It is destroyed directly: its iterator would do so only when the chunk that
 * is waited for has come. The iterator listens to errors only from its first step to its last, and until there is
 * room none is made.
 */
export function pullableOfReadable<T>(readable: NodeReadable<T>, report: ReportError): Pullable<T> {
  const iterator = readable[Symbol.asyncIterator]()
  let isReleased = false
  readable.on?.('error', error => { if (isReleased) report(error) })
  return {
    next: () => iterator.next(),
    return: () => {
      isReleased = true
      readable.destroy()
    },
  }
}

/** What can be pulled, whichever form it has. */
export type PulledSource<T> = Iterable<T> | AsyncIterable<T> | ReadableStream<T>

/** Any such source as {@link Pullable}. `report` hears of errors that come after it was told to end. */
export function pullableOf<T>(source: PulledSource<T>, report: ReportError): Pullable<T> {
  if (typeof (source as ReadableStream<T>).getReader === 'function') {
    return pullableOfStream(source as ReadableStream<T>)
  }
  if (Symbol.asyncIterator in source) {
    const isReadable = typeof (source as NodeReadable<T>).destroy === 'function'
    return isReadable ? pullableOfReadable(source as NodeReadable<T>, report) : source[Symbol.asyncIterator]()
  }
  return (source as Iterable<T>)[Symbol.iterator]()
}

/** Whether this is an Observable, of whichever copy of RxJS. */
export function isObservable(source: object): source is Observable<unknown> {
  return source instanceof Observable || typeof (source as { subscribe?: unknown }).subscribe === 'function'
}
