/**
 * Conversions of any body into an Observable, an asynchronous iterator or a web stream, for middleware (compression, a
 * checksum, a `Response` of the Fetch standard).
 *
 * Strategy: every form becomes one Observable of bytes (from-source.ts). A gate (overflow-operators.ts) stands between
 * it and the iterator that hands out its chunks one by one. When no chunk waits and one is requested, the demand is the
 * high-water mark: so a pausable source is ahead by at most that and one chunk, and a source of small chunks is not
 * woken for each. An Observable that cannot be paused falls under the default policy.
 */
import { defer, filter, map, type Observable, of, Subject, type Subscription } from 'rxjs'
import { discard } from '../../application/discard.js'
import { ValueQueue } from '../../buffer/value-queue.js'
import { isBytes, type Chunk } from '../../demand/chunk.js'
import { fromSource, type Source } from '../../demand/from-source.js'
import { gated } from '../../demand/overflow-operators.js'
import { DEFAULT_HIGH_WATER_MARK } from '../../demand/water-marks.js'
import { bodyOf, type BodySource } from '../reply.js'

const encoder = new TextEncoder()

/** How many bytes may wait of a body that cannot be paused. */
const CAPACITY = 1024 * 1024

type Result = IteratorResult<Uint8Array, undefined>

const DONE: Result = { done: true, value: undefined }

/**
 * Returns the bytes of a body of any form as an Observable, without empty chunks. A pulled body respects the demand of
 * its subscriber, as {@link fromSource} does.
 *
 * @throws {@link TypeError} the value is not a body
 */
export function fromBody(body: BodySource): Observable<Uint8Array> {
  const checked = bodyOf({ body }) ?? ''
  const chunks$: Observable<Chunk> = typeof checked === 'string' || isBytes(checked)
    ? of(checked)
    : fromSource(checked as Source<Chunk>)
  return chunks$.pipe(map(bytesOf), filter(({ length }) => length > 0))
}

/**
 * Returns an iterator over the bytes of a body of any form. The body is pulled as chunks are requested, at most 16 KiB
 * and one chunk ahead; an Observable that cannot be paused fails when it is 1 MiB ahead. Leaving the loop stops the
 * body.
 *
 * @example
 * body: pipeline(toAsyncIterable(reply.body), createGzip(), () => {})
 *
 * @throws {@link TypeError} the value is not a body
 */
export function toAsyncIterable(body: BodySource): AsyncIterableIterator<Uint8Array, undefined, undefined> {
  return new ChunkIterator(fromBody(body), body)
}

/**
 * Returns a web stream of the bytes of a body of any form, which is read as by {@link toAsyncIterable}. Cancelling the
 * stream stops the body.
 *
 * @throws {@link TypeError} the value is not a body
 */
export function toReadableStream(body: BodySource): ReadableStream<Uint8Array> {
  const chunks = new ChunkIterator(fromBody(body), body)
  const pass = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const result = await chunks.next()
    if (result.done === true) controller.close()
    else controller.enqueue(result.value)
  }
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const waiting = chunks.shift()
      if (waiting === null) return pass(controller)
      controller.enqueue(waiting)
      return undefined
    },
    async cancel() { await chunks.return() },
  }, { highWaterMark: 0 })
}

function bytesOf(chunk: Chunk): Uint8Array {
  if (typeof chunk === 'string') return encoder.encode(chunk)
  if (!isBytes(chunk)) throw new TypeError('a body is made of strings and Uint8Arrays')
  return chunk
}

/** A pending call of `next`. */
interface Waiter {
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * The iterator over the chunks of a body as an Observable, which the first call of `next` subscribes. Without one, the
 * body itself is told to stop; there is nobody to hear of its failure then.
 */
class ChunkIterator implements AsyncIterableIterator<Uint8Array, undefined, undefined> {
  private readonly source: Observable<Uint8Array>
  private readonly body: BodySource
  private readonly wanted: Subject<number>
  private readonly queue: ValueQueue<Uint8Array>
  private readonly waiters: ValueQueue<Waiter>
  private subscription: Subscription | null
  /** How the Observable ended; null while it has not. */
  private end: { readonly error: unknown } | 'done' | null

  constructor(source: Observable<Uint8Array>, body: BodySource) {
    this.source = source
    this.body = body
    this.wanted = new Subject()
    this.queue = new ValueQueue()
    this.waiters = new ValueQueue()
    this.subscription = null
    this.end = null
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Returns the chunk that waits, as {@link next} would; null: none does. */
  shift(): Uint8Array | null {
    return this.queue.length > 0 ? this.queue.shift() : null
  }

  next(): Promise<Result> {
    const waiting = this.shift()
    if (waiting !== null) return Promise.resolve({ done: false, value: waiting })
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject })
      this.settle()
      if (this.waiters.length > 0) this.ask()
    })
  }

  return(): Promise<Result> {
    this.queue.clear()
    const isUnread = this.subscription === null && this.end === null
    this.end = 'done'
    if (isUnread) discard(this.body, () => undefined)
    else this.subscription?.unsubscribe()
    this.settle()
    return Promise.resolve(DONE)
  }

  throw(error: Error): Promise<Result> {
    void this.return()
    return Promise.reject(error)
  }

  private ask(): void {
    this.subscription ??= this.begin()
    if (this.end === null) this.wanted.next(DEFAULT_HIGH_WATER_MARK)
  }

  private begin(): Subscription {
    const policy = { capacity: CAPACITY, overflow: 'error' } as const
    return defer(() => this.source).pipe(gated(this.wanted, policy)).subscribe({
      next: bytes => {
        this.queue.push(bytes)
        this.settle()
      },
      error: (error: unknown) => {
        this.queue.clear()
        this.finish({ error })
      },
      complete: () => { this.finish('done') },
    })
  }

  private finish(end: NonNullable<ChunkIterator['end']>): void {
    this.end = end
    this.settle()
  }

  /** Answers as many pending calls as possible. */
  private settle(): void {
    while (this.waiters.length > 0 && (this.queue.length > 0 || this.end !== null)) this.answer(this.waiters.shift())
  }

  private answer({ resolve, reject }: Waiter): void {
    if (this.queue.length > 0) return resolve({ done: false, value: this.queue.shift() })
    const { end } = this
    // Only one call rejects, as with a generator.
    this.end = 'done'
    if (end === null || end === 'done') resolve(DONE)
    else reject(end.error)
  }
}
