/**
 * The body of a request, as a stream or as a value.
 *
 * Strategy: every form schedules one read of the core's body at a time, and the next only when the consumer is done
 * with the last; unread bytes stay in the socket, which is the backpressure. There is one consumer; a second one gets
 * an error. When a consumer ends before the body does, the core's body is closed, and the connection drops the rest or
 * closes.
 *
 * Only asynchronous iteration uses promises: elsewhere chunks are emitted within the read that brought them. Unhandled
 * errors of a subscriber fail the request and not the process (guarded-observable.ts).
 */
import { type Observable, type ObservableInput, type TeardownLogic } from 'rxjs'
import { GuardedObservable, type Report } from '../../application/guarded-observable.js'
import type { BodyReader } from '../../connection/body-reader.js'
import { checkValue, COUNT } from '../../connection/option-check.js'
import { LocalProtocolError, RemoteProtocolError } from '../../errors.js'
import type { Headers } from '../../message/headers.js'
import type { BodySubject } from '../response-body/body-subject.js'
import { BodyPump } from '../response-body/body-pump.js'
import { BodyChunks } from './body-chunks.js'
import { collectBody } from './body-collector.js'
import { BodyFlow } from './body-flow.js'
import { BodyValue } from './body-value.js'

/** The default limit of {@link RequestBody.bytes}, `text` and `json`: 1 MiB. */
const DEFAULT_BODY_LIMIT = 1_048_576

// As in fetch: invalid UTF-8 becomes U+FFFD and a byte order mark is removed. Shared, because it is stateless.
const decoder = new TextDecoder()

/** A request body. Choose one form to read it; reading starts at the subscription, iteration or await. */
export class RequestBody implements AsyncIterable<Uint8Array> {
  private readonly reader: BodyReader
  /** Receives exceptions of consumers and errors that they do not handle. */
  private readonly report: Report
  private isTaken: boolean

  /** @internal */
  constructor(reader: BodyReader, report: Report) {
    this.reader = reader
    this.report = report
    this.isTaken = false
  }

  /** The trailer fields of a chunked body (RFC 9112 §7.1.2) once it is complete; null if there were none. */
  get trailers(): Headers | null {
    return this.reader.trailers
  }

  /**
   * The chunks; the subscriber owns each one. When it is returned as a response body, or sent by `sse` or a WebSocket,
   * also through synchronous operators, a chunk is read only when the client has room for the result. Elsewhere chunks
   * flow freely; use {@link concatMap} for a slow consumer.
   */
  get bytes$(): Observable<Uint8Array> {
    return new GuardedObservable(
      subscriber => this.open(new BodyFlow(this.reader, subscriber, null, 'owned')), this.report,
    )
  }

  /**
   * The chunks as in {@link bytes$}, but lent: each is valid until `next` returns, and empty from then on. For
   * consumers that are done with a chunk at once, as those that hash, count, parse or copy: no memory is allocated for
   * the chunks, which is most of what an upload costs. A chunk whose buffer is transferred is kept.
   *
   * In a response body, or behind an operator of this package, the receiver may keep its input: there the chunks are
   * owned, as those of {@link bytes$}.
   *
   * @example
   * body.lent$.pipe(reduce((hash, chunk) => hash.update(chunk), createHash('sha256')))
   */
  get lent$(): Observable<Uint8Array> {
    return new GuardedObservable(
      subscriber => this.open(new BodyFlow(this.reader, subscriber, null, 'lent')), this.report,
    )
  }

  /**
   * Projects each chunk to an Observable, a promise or an iterable and emits its values. Nothing is read while the
   * inner source is active, which slows the client down to its pace; nor while a client that receives the result has no
   * room, as with {@link bytes$}.
   *
   * @example
   * body.concatMap(chunk => file.append(chunk))
   */
  concatMap<R>(project: (chunk: Uint8Array, index: number) => ObservableInput<R>): Observable<R> {
    return new GuardedObservable(
      subscriber => this.open(new BodyFlow(this.reader, subscriber, project, 'owned')), this.report,
    )
  }

  /**
   * Iterates over the chunks; the caller owns each one. A chunk is read when it is asked for. Leaving the loop closes
   * the body at once.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined, undefined> {
    return new BodyChunks(this.reader, () => { this.take() })
  }

  /**
   * The whole body; the caller owns the bytes. It fails with {@link RemoteProtocolError} contentTooLarge (413) as soon
   * as the body is known to exceed `limit` bytes: before the first read, if Content-Length says so.
   *
   * @throws {@link LocalProtocolError} badRange: an invalid limit
   */
  bytes(limit = DEFAULT_BODY_LIMIT): BodyValue<Uint8Array> {
    return this.value(limit, bytes => bytes)
  }

  /** The whole body as UTF-8 text, decoded as fetch does. `limit` is as in {@link bytes}. */
  text(limit = DEFAULT_BODY_LIMIT): BodyValue<string> {
    return this.value(limit, decodeText)
  }

  /**
   * The whole body parsed as JSON; `T` is not checked. It fails with {@link RemoteProtocolError} badContent (400) if
   * the body is not JSON. `limit` is as in {@link bytes}.
   */
  json<T = unknown>(limit = DEFAULT_BODY_LIMIT): BodyValue<T> {
    return this.value(limit, bytes => parseJson(bytes) as T)
  }

  /** @internal Pumps the chunks into a response's body. */
  pump(subject: BodySubject): BodyPump {
    this.take()
    const pump = new BodyPump(this.reader, subject)
    pump.pull()
    return pump
  }

  private value<T>(limit: number, convert: (bytes: Uint8Array) => T): BodyValue<T> {
    checkValue('the limit', limit, COUNT)
    // `await` starts reading a microtask later, after the handler returned; an untouched body would be dropped by then.
    this.reader.isTouched = true
    return new BodyValue<T>(subscriber => {
      this.take()
      collectBody(this.reader, { limit, contentLength: this.reader.contentLength }, {
        value: bytes => {
          subscriber.next(convert(bytes))
          subscriber.complete()
        },
        error: error => subscriber.error(error),
      })
      return () => this.reader.close()
    }, this.report)
  }

  private open<R>(flow: BodyFlow<R>): TeardownLogic {
    this.take()
    flow.readOn()
    return () => this.reader.close()
  }

  private take(): void {
    if (this.isTaken) throw new LocalProtocolError('alreadyScheduled', 'the request body has a consumer already')
    this.isTaken = true
  }
}

function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

function parseJson(bytes: Uint8Array): unknown {
  const text = decodeText(bytes)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw Object.assign(new RemoteProtocolError('badContent'), { cause })
  }
}
