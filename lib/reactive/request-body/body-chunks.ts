/**
 * A request body as an asynchronous iterator.
 *
 * Strategy: a class and not a generator, because a generator's `return` waits for a pending `next`. Here, leaving the
 * loop or cancelling a web stream ends the reading at once and settles a pending `next` as done. Concurrent calls of
 * `next` are answered in order.
 */
import type { BodyReader } from '../../connection/body-reader.js'

type Result = IteratorResult<Uint8Array, undefined>

const DONE: Result = { done: true, value: undefined }

/** Reads the body chunk by chunk, one read for each `next`. */
export class BodyChunks implements AsyncIterableIterator<Uint8Array, undefined, undefined> {
  /** Null once the iteration has ended. */
  private reader: BodyReader | null
  private readonly take: () => void
  private isTaken: boolean
  /** The latest read; the next one waits for it. */
  private last: Promise<unknown>
  /** Settles the pending read as done; null if none is pending. */
  private end: (() => void) | null

  /** `take` makes this the consumer of the body; it throws if there is another. */
  constructor(reader: BodyReader, take: () => void) {
    this.reader = reader
    this.take = take
    this.isTaken = false
    this.last = Promise.resolve()
    this.end = null
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    const read = this.end === null ? this.read() : this.last.then(() => this.read(), () => this.read())
    this.last = read
    return read
  }

  return(): Promise<Result> {
    const { reader, end } = this
    this.reader = null
    this.end = null
    if (this.isTaken) reader?.close()
    end?.()
    return Promise.resolve(DONE)
  }

  /** As {@link return}, but rejects with the error. */
  throw(error: Error): Promise<Result> {
    void this.return()
    return Promise.reject(error)
  }

  private read(): Promise<Result> {
    return new Promise((resolve, reject) => {
      const { reader } = this
      if (reader === null) return resolve(DONE)
      this.takeOnce()
      const end = (): void => { resolve(DONE) }
      this.end = end
      reader.scheduleRead({
        onRead: value => {
          this.end = null
          resolve({ done: false, value })
        },
        onEof: () => { resolve(this.finished()) },
        onError: (error: Error) => {
          this.finished()
          reject(error)
        },
      })
    })
  }

  private takeOnce(): void {
    if (!this.isTaken) this.take()
    this.isTaken = true
  }

  private finished(): Result {
    this.reader = null
    this.end = null
    return DONE
  }
}
