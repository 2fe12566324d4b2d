/**
 * From a body source to a body.
 *
 * Strategy: whatever can be pulled is pulled; a function is given the demand; a plain Observable gets an operator
 * between itself and the body that does what `overflow` says. None of them can make the server hold more than the
 * high-water mark and a chunk; or two batches, for sources driven by demand, of which one that gives more than it was
 * asked for is bounded (excess.ts); or what leaves at once to a client that keeps up with a source that is pulled
 * (iterate.ts).
 */
import { Observable, Subscriber, from } from 'rxjs'
import { discard } from '../../application/discard.js'
import { type Chunk } from '../../demand/chunk.js'
import { controlled, DEFAULT_OVERFLOW } from '../../demand/overflow-policy.js'
import { isObservable } from '../../demand/pullable.js'
import { BackpressureError } from '../../errors.js'
import type { Clock } from '../../runtime/clock.js'
import type { BodySource, Reply } from '../reply.js'
import { RequestBody } from '../request-body/request-body.js'
import type { BodySubject } from './body-subject.js'
import { iterate, type PulledConnection } from './iterate.js'

/** What the connection keeps of a source that feeds a body: how to stop it. */
export interface Feeding {
  unsubscribe(): void
}

/** The key of a function that feeds a body without the Observables of the demand. */
export const FEEDS = Symbol('feeds')

/** A source that writes to the body itself. As any other function it gives an Observable to whoever asks. */
export type SelfFeeding = Extract<BodySource, (...args: never[]) => unknown> & {
  readonly [FEEDS]: (subject: BodySubject, connection: FedConnection) => Feeding
}

/** A source that is neither a string nor bytes. */
export type StreamedSource = Exclude<BodySource, Chunk>

/** What a source may need of the connection. */
export interface FedConnection extends PulledConnection {
  /** Emits when the connection is asked to close. */
  readonly closing$: Observable<void>
  /** Ends the connection at once. */
  cut(): void
  /**
   * Runs the task when the connection is asked to close: at once where it was. Returns how to forget it. It costs less
   * than {@link closing$}.
   */
  whenClosing(task: () => void): () => void
  /** The server's clock. */
  readonly clock: Clock
  /** Runs the task in the context of the source. */
  runFed(task: () => void): void
}

/** Feeds the body from the source, and returns how to stop that. The reply says what an Observable may lose. */
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

/** @throws TypeError: the function made no Observable */
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
  source.subscribe(feeding)
  return feeding
}

/**
 * Writes what it gets. What the body refuses (too long, not a chunk, too much) ends the source and fails the body: at
 * once, also a source that never pauses within its subscription.
 */
class BodyFeeder extends Subscriber<Chunk> {
  private readonly subject: BodySubject

  constructor(subject: BodySubject) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- of an observer, RxJS closes its own subscriber only
    super()
    this.subject = subject
  }

  override next(chunk: Chunk): void {
    if (this.closed) return
    try {
      this.subject.write(chunk)
      if (this.subject.isClosed) this.unsubscribe()
    } catch (error) {
      this.error(error)
    }
  }

  override error(error: unknown): void {
    if (this.closed) return
    this.unsubscribe()
    this.subject.bodySink.error(error)
  }

  override complete(): void {
    if (this.closed) return
    try {
      this.subject.complete()
      this.unsubscribe()
    } catch (error) {
      this.error(error)
    }
  }
}

/** Turns the failure of a slow client into its disconnection. */
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
