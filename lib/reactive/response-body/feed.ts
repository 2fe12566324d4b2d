/**
 * Feeds a response body from any kind of source.
 *
 * Strategy: iterables and streams are pulled (iterate.ts); a function gets the demand; a plain Observable goes through
 * a gate with the overflow policy of the reply (overflow-policy.ts). Each is bounded. A pulled source holds at most the
 * high-water mark and one chunk, or sixteen such marks while the client keeps up. A demand-driven source holds at most
 * two batches; what it writes beyond its demand is bounded by excess.ts. An Observable holds the bound of its policy.
 */
import { Observable, from } from 'rxjs'
import { discard, endSubscription } from '../../application/discard.js'
import { type Chunk } from '../../demand/chunk.js'
import { controlled, DEFAULT_OVERFLOW } from '../../demand/overflow-policy.js'
import { isObservable } from '../../demand/pullable.js'
import { SourceSubscriber } from '../../demand/source-subscriber.js'
import { BackpressureError } from '../../errors.js'
import type { Clock } from '../../runtime/clock.js'
import type { BodySource, Reply } from '../reply.js'
import { RequestBody } from '../request-body/request-body.js'
import type { BodySubject } from './body-subject.js'
import { iterate, type PulledConnection } from './iterate.js'

/** A source at work for a body. */
export interface Feeding {
  unsubscribe(): void
}

/** The key of a method that feeds a body directly, without a `ready$`. */
export const FEEDS = Symbol('feeds')

/** A source that can write to the body itself; any other caller gets an Observable from it, as from any function. */
export type SelfFeeding = Extract<BodySource, (...args: never[]) => unknown> & {
  readonly [FEEDS]: (subject: BodySubject, connection: FedConnection) => Feeding
}

/** A source that is neither a string nor bytes. */
export type StreamedSource = Exclude<BodySource, Chunk>

/** The connection, for sources. */
export interface FedConnection extends PulledConnection {
  /** Emits when the connection is asked to close. */
  readonly closing$: Observable<void>
  /** Ends the connection at once. */
  cut(): void
  /**
   * Runs the task when the connection is asked to close: at once, if it was. Returns a function that cancels this.
   * Cheaper than {@link closing$}.
   */
  whenClosing(task: () => void): () => void
  /** The server's clock. */
  readonly clock: Clock
  /** Runs the task in the context of the source. */
  runFed(task: () => void): void
}

/** Feeds the body from the source. The reply has the overflow policy for Observables. */
export function feed(
  subject: BodySubject, source: StreamedSource, reply: Pick<Reply, 'overflow' | 'onDrop'>, connection: FedConnection,
): Feeding {
  if (source instanceof RequestBody) return source.pump(subject)
  if (isSelfFeeding(source)) return source[FEEDS](subject, connection)
  if (typeof source === 'function') return subscribe(madeBy(source, subject, connection), subject)
  if (isObservable(source)) {
    const { highWaterMark } = subject.marks
    const { overflow = DEFAULT_OVERFLOW, onDrop } = reply
    const chunks$ = controlled(from(source), subject.ready$, { overflow, highWaterMark, onDrop })
    return subscribe(overflow === 'disconnect' ? disconnecting(chunks$, connection) : chunks$, subject)
  }
  return iterate(source, subject, connection)
}

/** @throws {@link TypeError} the function did not return an Observable */
function madeBy(
  source: Extract<StreamedSource, (...args: never[]) => unknown>, subject: BodySubject, { closing$ }: FedConnection,
): Observable<Chunk> {
  const made: unknown = source(subject.bounded().ready$, closing$)
  if (typeof made === 'object' && made !== null && isObservable(made)) return made as Observable<Chunk>
  discard(made, error => { subject.bodySink.reportLate(error) })
  throw new TypeError('a body that is a function returns an Observable')
}

function isSelfFeeding(source: StreamedSource): source is SelfFeeding {
  return typeof source === 'function' && FEEDS in source
}

function subscribe(source: Observable<Chunk>, subject: BodySubject): Feeding {
  const feeding = new BodyFeeder(subject)
  feeding.start(source)
  return feeding
}

/**
 * Writes each chunk to the body. A chunk that the body refuses (beyond Content-Length, not a chunk, without demand)
 * stops the source and fails the body: at once, also where the source emits for ever within its subscription.
 */
class BodyFeeder extends SourceSubscriber<Chunk> {
  private readonly subject: BodySubject

  constructor(subject: BodySubject) {
    super()
    this.subject = subject
  }

  start(source: Observable<Chunk>): void {
    this.follow(source)
  }

  override next(chunk: Chunk): void {
    if (this.closed) return
    try {
      this.subject.write(chunk)
      if (this.subject.isClosed) this.stop()
    } catch (error) {
      this.error(error)
    }
  }

  override error(error: unknown): void {
    if (this.closed) return this.behindEnd(error)
    this.stop()
    this.subject.bodySink.error(error)
  }

  override complete(): void {
    if (this.closed) return
    try {
      this.subject.complete()
      this.stop()
    } catch (error) {
      this.error(error)
    }
  }

  protected override reportLate(error: unknown): void {
    this.subject.bodySink.reportLate(error)
  }

  private stop(): void {
    endSubscription(this, error => { this.reportLate(error) })
  }
}

/** Disconnects the client where the overflow policy fails. */
function disconnecting(source: Observable<Chunk>, connection: FedConnection): Observable<Chunk> {
  return new Observable(subscriber => source.subscribe({
    next: chunk => { subscriber.next(chunk) },
    error: (error: unknown) => {
      if (error instanceof BackpressureError) connection.cut()
      else subscriber.error(error)
    },
    complete: () => { subscriber.complete() },
  }))
}
