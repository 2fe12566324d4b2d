/**
 * The body of a request, pulled.
 *
 * Strategy: a body holds no bytes. Each scheduled read takes one view of the input as it arrives; without a scheduled
 * read the connection consumes no data, its reader yields, and the transport applies backpressure to the client. A body
 * that failed never calls `onEof`.
 */
import type { Ownership } from '../buffer/ownership.js'
import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { attempt, onRejection } from '../thrown.js'

/** The callbacks of a scheduled read: exactly one of the three is called, once. They may be asynchronous. */
export interface BodyCallbacks {
  /** Receives the next bytes, which belong to the callee for good. */
  onRead(bytes: Uint8Array): void | PromiseLike<void>
  /** The body is complete. {@link BodyReader.trailers} is set. */
  onEof(): void | PromiseLike<void>
  /**
   * The body will never be complete: the peer broke the protocol or left, the connection was shut down, or the body was
   * dropped because the handler had not begun to read it when the response was complete.
   */
  onError?(error: unknown): void | PromiseLike<void>
}

/**
 * {@link BodyCallbacks} that may be lent bytes.
 *
 * @internal
 */
export interface LentCallbacks extends Omit<BodyCallbacks, 'onRead'> {
  /** The ownership that is enough for the bytes. Default: `owned`. */
  readonly wanted?: Ownership
  /** Receives the next bytes: those that are `lent` change when it returns. */
  onRead(bytes: Uint8Array, ownership: Ownership): void | PromiseLike<void>
}

/**
 * A connection, as its request bodies call it. Its input half imports the bodies, so they cannot import it.
 *
 * @internal
 */
export interface BodyReaderHost {
  /** A read was scheduled. */
  bodyWanted(): void
  /** The handler closed the body: the rest is dropped. */
  bodyUnwanted(): void
  /** A callback failed outside the connection's own call: it is asynchronous, or something else called it. */
  bodyCallbackFailed(reader: BodyReader, exn: unknown): void
}

/** One request body, exported as `Body.Reader`. */
export class BodyReader {
  /** The trailer fields of a chunked body (RFC 9112 §7.1.2), from `onEof` on; null if there were none. */
  trailers: Headers | null
  /** @internal Whether a read was ever scheduled. */
  isTouched: boolean
  /** @internal The ownership of the bytes of the scheduled read, or of the last one. */
  wanted: Ownership
  /** @internal The Content-Length; null for a chunked body. */
  readonly contentLength: number | null
  private readonly host: BodyReaderHost | null
  private callbacks: LentCallbacks | null
  private state: 'open' | 'eof' | 'closed' | 'failed'
  private error: unknown
  /** The unread chunks, last first, of a complete body whose connection has ended; null otherwise. */
  private rest: Uint8Array[] | null

  /** @internal */
  constructor(host: BodyReaderHost | null, contentLength: number | null) {
    this.trailers = null
    this.isTouched = false
    this.wanted = 'owned'
    this.contentLength = contentLength
    this.host = host
    this.callbacks = null
    this.state = 'open'
    this.error = null
    this.rest = null
  }

  /** @internal A body that is complete and empty. */
  static empty(host: BodyReaderHost | null): BodyReader {
    const reader = new BodyReader(host, 0)
    reader.state = 'eof'
    return reader
  }

  /** Whether nothing more will be read: the body is complete, failed, or was closed. */
  get isClosed(): boolean {
    return this.state !== 'open'
  }

  /** @internal Whether all of the body was handed out. */
  get isComplete(): boolean {
    return this.state === 'eof'
  }

  /** @internal */
  get isScheduled(): boolean {
    return this.callbacks !== null
  }

  /**
   * Requests the next bytes: one of the callbacks is called once; at once, if the body has ended, was closed or has
   * failed.
   *
   * @throws {@link LocalProtocolError} alreadyScheduled: the last read has not been answered
   */
  scheduleRead(callbacks: BodyCallbacks): void {
    this.request(callbacks)
  }

  /**
   * @internal As {@link scheduleRead}, but reading a closed body is an error and not its end.
   *
   * @throws {@link LocalProtocolError} alreadyScheduled, bodyClosed
   */
  scheduleOpenRead(callbacks: LentCallbacks): void {
    if (this.state === 'closed') throw new LocalProtocolError('bodyClosed', 'the request body is closed')
    this.request(callbacks)
  }

  /** Closes the body: its rest is dropped, and a scheduled read is not answered. Closing again does nothing. */
  close(): void {
    if (this.state !== 'open') return
    this.state = 'closed'
    this.callbacks = null
    if (this.rest === null) this.host?.bodyUnwanted()
    this.rest = null
  }

  /** @internal The connection ended; the body arrived completely, and these chunks of it are unread. */
  keepRest(chunks: Uint8Array[], trailers: Headers | null): void {
    if (this.state !== 'open') return
    this.rest = chunks.reverse()
    this.trailers = trailers
  }

  /** @internal Answers the scheduled read with bytes. */
  deliver(bytes: Uint8Array, ownership: Ownership): void {
    this.watch(this.takeCallbacks()?.onRead(bytes, ownership))
  }

  /** @internal Completes the body. */
  complete(trailers: Headers | null): void {
    if (this.state !== 'open') return
    this.state = 'eof'
    this.trailers = trailers
    this.watch(this.takeCallbacks()?.onEof())
  }

  /** @internal The input has ended: the body fails, unless {@link keepRest} completed it. */
  fail(error: unknown): void {
    if (this.state !== 'open') return
    const callbacks = this.takeCallbacks()
    if (this.rest === null) {
      this.state = 'failed'
      this.error = error
      this.watch(callbacks?.onError?.(error))
    } else if (callbacks !== null) {
      this.watch(this.readRest(this.rest, callbacks))
    }
  }

  private request(callbacks: LentCallbacks): void {
    if (this.callbacks !== null) throw new LocalProtocolError('alreadyScheduled', 'a read is scheduled already')
    const { rest } = this
    if (rest !== null) this.guard(() => this.readRest(rest, callbacks))
    else if (this.state === 'open') this.schedule(callbacks)
    else if (this.state === 'failed') this.guard(() => callbacks.onError?.(this.error))
    else this.guard(() => callbacks.onEof())
  }

  /** Answers a read with the next of the unread chunks, or with the end. */
  private readRest(rest: Uint8Array[], callbacks: LentCallbacks): unknown {
    const chunk = rest.pop()
    if (chunk !== undefined) return callbacks.onRead(chunk, 'owned')
    this.rest = null
    this.state = 'eof'
    return callbacks.onEof()
  }

  /** Reports the rejection of an asynchronous callback. */
  private watch(result: unknown): void {
    if (result !== undefined) onRejection(result, exn => this.host?.bodyCallbackFailed(this, exn))
  }

  private guard(callback: () => unknown): void {
    attempt(callback, exn => { this.host?.bodyCallbackFailed(this, exn) })
  }

  private schedule(callbacks: LentCallbacks): void {
    this.callbacks = callbacks
    this.wanted = callbacks.wanted ?? 'owned'
    this.isTouched = true
    this.host?.bodyWanted()
  }

  private takeCallbacks(): LentCallbacks | null {
    const callbacks = this.callbacks
    this.callbacks = null
    return callbacks
  }
}
