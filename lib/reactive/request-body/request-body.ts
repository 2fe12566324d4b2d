/**
 * The body of a request, as streams and as values.
 *
 * Strategy: every form schedules one read of the core's body at a time, and the next one only when its consumer is
 * done with the last; an unread byte stays in the socket. There is one consumer: a second one gets an error. However
 * a consumer ends before the body does, the core's body is closed, and the connection drains or ends it as it was set
 * up to.
 *
 * No form but the asynchronous iteration has a promise inside: chunks are emitted within the read that brought them.
 * What a subscriber does not handle fails the request, and not the process (guarded-observable.ts).
 */
import { type Observable, type ObservableInput, type TeardownLogic } from 'rxjs'
import { GuardedObservable, type Report } from '../../application/guarded-observable.js'
import type { BodyReader } from '../../connection/body-reader.js'
import { checkValue, COUNT } from '../../connection/option-check.js'
import { LocalProtocolError, RemoteProtocolError } from '../../errors.js'
import type { Headers } from '../../message/headers.js'
import type { BodySubject } from '../response-body/body-subject.js'
import { BodyPump } from '../response-body/echo.js'
import { BodyChunks } from './body-chunks.js'
import { collectBody } from './body-collector.js'
import { BodyFlow } from './body-flow.js'
import { BodyValue } from './body-value.js'

/** The limit of {@link RequestBody.bytes}, `text` and `json` unless one is given: 1 MiB. */
export const DEFAULT_BODY_LIMIT = 1_048_576

// As in fetch: bytes that are not UTF-8 become U+FFFD, a byte order mark goes. It keeps nothing between two texts.
const decoder = new TextDecoder()

/** One request body. Choose one form to read it; each starts when it is subscribed, iterated or awaited. */
export class RequestBody implements AsyncIterable<Uint8Array> {
  private readonly reader: BodyReader
  /** Hears of what consumers throw, and of errors that they do not handle. */
  private readonly report: Report
  private isTaken: boolean

  /** @internal */
  constructor(reader: BodyReader, report: Report) {
    this.reader = reader
    this.report = report
    this.isTaken = false
  }

  /** The trailer fields of a chunked body (RFC 9112 §7.1.2) once it is complete; null where none came. */
  get trailers(): Headers | null {
    return this.reader.trailers
  }

  /**
   * The chunks, each the subscriber's own. As a body, or as what `sse` or a WebSocket sends, also through operators
   * that work at once, a chunk is read when the client has room for what it becomes. Elsewhere it flows freely: there,
   * where a consumer is slow, {@link concatMap} is right.
   */
  get bytes$(): Observable<Uint8Array> {
    return new GuardedObservable(
      subscriber => this.open(new BodyFlow(this.reader, subscriber, null)), this.report,
    )
  }

  /**
   * Projects each chunk to an Observable (a promise, an iterable) and emits its values. Nothing is read while it is
   * active, so that its time is what the client is slowed down to; nor while a client that gets what it becomes has no
   * room, as for {@link bytes$}.
   *
   * @example
   * body.concatMap(chunk => file.append(chunk))
   */
  concatMap<R>(project: (chunk: Uint8Array, index: number) => ObservableInput<R>): Observable<R> {
    return new GuardedObservable(
      subscriber => this.open(new BodyFlow(this.reader, subscriber, project)), this.report,
    )
  }

  /**
   * Iterates over the chunks, each the iteration's own; the next one is read when it is asked for. Leaving the loop
   * closes the body, at once.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined, undefined> {
    return new BodyChunks(this.reader, () => { this.take() })
  }

  /**
   * The whole body. It fails with {@link RemoteProtocolError} contentTooLarge (413) as soon as it is known to have
   * more than `limit` bytes: before the first one is read, if Content-Length says so.
   *
   * @throws {@link LocalProtocolError} badRange: the limit
   */
  bytes(limit = DEFAULT_BODY_LIMIT): BodyValue<Uint8Array> {
    return this.value(limit, bytes => bytes)
  }

  /** The whole body as UTF-8 text, decoded as fetch does. `limit` is as in {@link bytes}. */
  text(limit = DEFAULT_BODY_LIMIT): BodyValue<string> {
    return this.value(limit, decodeText)
  }

  /**
   * The whole body parsed as JSON: what `T` says is not checked. It fails with {@link RemoteProtocolError} badContent
   * (400) where the body is no JSON. `limit` is as in {@link bytes}.
   */
  json<T = unknown>(limit = DEFAULT_BODY_LIMIT): BodyValue<T> {
    return this.value(limit, bytes => parseJson(bytes) as T)
  }

  /** @internal Moves the chunks to a response's body. */
  pump(subject: BodySubject): BodyPump {
    this.take()
    const pump = new BodyPump(this.reader, subject)
    pump.pull()
    return pump
  }

  private value<T>(limit: number, convert: (bytes: Uint8Array) => T): BodyValue<T> {
    checkValue('the limit', limit, COUNT)
    // `await` begins to read a microtask later, when the handler has returned: the body must be there then.
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
