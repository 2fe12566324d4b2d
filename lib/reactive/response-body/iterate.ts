/**
 * Sources that are pulled: iterables, async iterables, web streams.
 *
 * Strategy: one chunk is asked for when there is room for it, never before, and never two at once. `mergeInternals`
 * (behind `from(asyncIterable).pipe(concatMap(…))`) would pull without bound: 5,000 values for 5 delivered.
 *
 * There is room up to the high-water mark. A client that has taken megabytes as fast as they came gets more in one
 * write: a download of 1 GiB in chunks of 64 KiB takes 0.65 of the CPU, for most of it is what the kernel does for each
 * write. Its first write that has to wait ends that.
 */
import { currentContext } from '../../application/context.js'
import { isPromise } from '../../application/discard.js'
import type { Chunk } from '../../demand/chunk.js'
import type { Pullable } from '../../demand/pullable.js'
import { onRejection } from '../../errors.js'
import { WRITE_BYTES } from '../../runtime/write-loop.js'
import type { BodySubject } from './body-subject.js'

/** How many high-water marks leave at once to a client that keeps up, if a write takes so much. */
const MARKS_AT_ONCE = 16

/** How many empty chunks are taken in a row before others have their turn. */
const EMPTY_CHUNKS_PER_TURN = 1_000

/** What is needed of a connection. */
export interface PulledConnection {
  /** Runs the task after other connections had their turn. */
  later(task: () => void): void
  /** Whether the client has lately taken everything as fast as it came. */
  readonly isKeepingUp: boolean
}

/** Moves chunks from a source to a body as the client takes them. */
export class Pull {
  private readonly source: Pullable
  private readonly subject: BodySubject
  private readonly connection: PulledConnection
  private readonly resume: () => void
  private readonly take: (result: IteratorResult<Chunk, unknown>) => void
  private readonly fail: (error: unknown) => void
  private isOver: boolean
  private isPulling: boolean
  /**
   * How many empty chunks came since the last that was not. The count carries across promises: a source of them could
   * otherwise starve the event loop.
   */
  private emptyChunks: number

  constructor(source: Pullable, subject: BodySubject, connection: PulledConnection) {
    this.source = source
    this.subject = subject
    this.connection = connection
    const context = currentContext()
    this.resume = () => { context.runInAsyncScope(() => { this.pull() }) }
    this.take = result => { this.takeLater(result) }
    this.fail = error => { this.failLater(error) }
    this.isOver = false
    this.isPulling = false
    this.emptyChunks = 0
  }

  /** Pulls as long as there is room and chunks come at once. */
  pull(): void {
    if (this.isPulling) return
    this.isPulling = true
    try {
      while (this.isGoing && this.hasRoom && !this.isIdle) this.step()
    } catch (error) {
      this.finish(error)
    }
    if (!this.isGoing) return
    this.isPulling = false
    if (this.isIdle) this.rest()
    else this.subject.bodySink.whenReady(this.resume)
  }

  /** Pulls no more: the client is gone. */
  stop(): void {
    if (this.isOver) return
    this.isOver = true
    this.release()
  }

  private get isGoing(): boolean {
    return this.isPulling && !this.isOver
  }

  private get isIdle(): boolean {
    return this.emptyChunks >= EMPTY_CHUNKS_PER_TURN
  }

  private get hasRoom(): boolean {
    const { bodySink } = this.subject
    if (bodySink.hasRoom) return true
    const atOnce = Math.min(MARKS_AT_ONCE * bodySink.marks.highWaterMark, WRITE_BYTES)
    return this.connection.isKeepingUp && bodySink.pending < atOnce
  }

  private rest(): void {
    this.emptyChunks = 0
    this.connection.later(this.resume)
  }

  private step(): void {
    const result = this.source.next()
    if (isPromise(result)) {
      this.isPulling = false
      result.then(this.take, this.fail)
    } else {
      this.accept(result)
    }
  }

  private accept(result: IteratorResult<Chunk, unknown>): void {
    if (result.done === true) {
      this.isOver = true
      this.subject.complete()
    } else {
      this.subject.write(result.value)
      if (result.value.length === 0) this.emptyChunks++
      else this.emptyChunks = 0
    }
  }

  private takeLater(result: IteratorResult<Chunk, unknown>): void {
    if (this.isOver) return
    try {
      this.accept(result)
    } catch (error) {
      this.finish(error)
    }
    this.pull()
  }

  private failLater(error: unknown): void {
    if (this.isOver) this.subject.bodySink.reportLate(error)
    else this.finish(error)
  }

  private finish(error: unknown): void {
    this.isOver = true
    this.release()
    this.subject.bodySink.error(error)
  }

  private release(): void {
    try {
      onRejection(this.source.return?.(), error => { this.subject.bodySink.reportLate(error) })
    } catch (error) {
      this.subject.bodySink.reportLate(error)
    }
  }
}
