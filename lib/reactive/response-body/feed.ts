/**
 * Feeds a response body from any kind of source.
 *
 * Strategy: iterables and streams are pulled (iterate.ts); a function gets the demand; a plain Observable goes through
 * a gate with the overflow policy of the reply (overflow-policy.ts). Each is bounded. A pulled source holds at most the
 * high-water mark and one chunk, or sixteen such marks while the client keeps up. A demand-driven source holds at most
 * two batches; what it writes beyond its demand is bounded by excess.ts. An Observable holds the bound of its policy.
 */
import { from, type Observable } from 'rxjs'
import { discard } from '../../application/discard.js'
import { type Chunk } from '../../demand/chunk.js'
import { DEFAULT_OVERFLOW } from '../../demand/overflow-policy.js'
import { isObservable } from '../../demand/pullable.js'
import type { Clock } from '../../runtime/clock.js'
import type { BodySource, Reply } from '../reply.js'
import { RequestBody } from '../request-body/request-body.js'
import { BodyFeeder, GatedFeeder, type GatedConnection } from './body-feeder.js'
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
export interface FedConnection extends PulledConnection, GatedConnection {
  /** Emits when the connection is asked to close. */
  readonly closing$: Observable<void>
  /**
   * Runs the task when the connection is asked to close: at once, if it was. Returns a function that cancels this.
   * Cheaper than {@link closing$}.
   */
  whenClosing(task: () => void): () => void
  /** The server's clock. */
  readonly clock: Clock
}

/** Feeds the body from the source. The reply has the overflow policy for Observables. */
export function feed(
  subject: BodySubject, source: StreamedSource, reply: Pick<Reply, 'overflow' | 'onDrop'>, connection: FedConnection,
): Feeding {
  if (source instanceof RequestBody) return source.pump(subject)
  if (isSelfFeeding(source)) return source[FEEDS](subject, connection)
  if (typeof source === 'function') {
    const feeder = new BodyFeeder(subject)
    feeder.follow(madeBy(source, subject, connection))
    return feeder
  }
  if (isObservable(source)) {
    const { overflow = DEFAULT_OVERFLOW, onDrop } = reply
    const feeder = new GatedFeeder(subject, { overflow, onDrop }, connection)
    feeder.follow(from(source))
    return feeder
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
