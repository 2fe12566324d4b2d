/**
 * A request body as an asynchronous iterator.
 *
 * Strategy: not a generator, whose `return` waits for a `next` that is pending: a loop that is left, or a web stream
 * that is cancelled, ends the reading at once, and a `next` that waits is told that there is no more. Calls of `next`
 * that come before the last was answered are answered in their order.
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
  /** The last read, which the next one waits for. */
  private last: Promise<unknown>
  /** Ends the read that is pending. */
  private end: (() => void) | null

  /** `take` makes this the consumer of the body; it throws where there is another. */
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

  /** As {@link return}, for whoever drives the iterator by hand. */
  throw(error: Error): Promise<Result> {
    void this.return()
    return Promise.reject(error)
  }

  private read(): Promise<Result> {
    return new Promise((resolve, reject) => {
      const { reader } = this
      if (reader === null) return resolve(DONE)
      this.takeOnce()
      this.end = () => { resolve(DONE) }
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
