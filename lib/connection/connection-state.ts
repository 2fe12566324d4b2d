/**
 * The state of a connection, which its users can read at any time.
 *
 * Strategy: getters have no side effects: they wake no loop and perform no pending work, so time limits and inspectors
 * may read all of them between any two operations.
 */
import type { Ownership } from '../buffer/ownership.js'
import type { Request } from '../message/request.js'
import { thrownError } from '../thrown.js'
import type { Exchanges } from './exchanges.js'

/** The readable state of one connection. */
export abstract class ConnectionState {
  /** @internal */
  protected readonly exchanges: Exchanges

  /** @internal */
  constructor(exchanges: Exchanges) {
    this.exchanges = exchanges
  }

  /** Whether both sides are closed. Output may still be pending: ask `nextWriteOperation`. */
  get isClosed(): boolean {
    return this.exchanges.isClosed
  }

  /**
   * The failure that ended the connection's work: a `RemoteProtocolError`, or the value that a handler threw or
   * reported; null without a failure. If null or undefined was thrown, it is an `Error` with that as its `cause`.
   */
  get errorCode(): unknown {
    return this.hasFailed ? thrownError(this.exchanges.failure) : null
  }

  /** @internal Whether {@link errorCode} is not null. */
  get hasFailed(): boolean {
    return this.exchanges.hasFailed
  }

  /** @internal Whether the error is the one that `onFailure` was called with. */
  hasFailedWith(error: unknown): boolean {
    return this.exchanges.hasFailedWith(error)
  }

  /** Whether the connection was handed over to another protocol, or will be once the head of the upgrade is written. */
  get isUpgrade(): boolean {
    return this.exchanges.output === 'upgrade'
  }

  /** Whether a request is being handled: its response is not complete, or its body was not consumed. */
  get isHandling(): boolean {
    return this.exchanges.output !== 'idle' && this.exchanges.output !== 'closed'
  }

  /** Whether the body of the current request is incomplete: the handler reads it, or the rest is being dropped. */
  get isReceivingBody(): boolean {
    return this.exchanges.input.current === 'body' || this.exchanges.input.current === 'drain'
  }

  /**
   * Whether the connection can use the next `read`, as `nextReadOperation` says, too, which may wake callbacks. When it
   * becomes true, the callback of `yieldReader` is called.
   */
  get wantsInput(): boolean {
    return this.exchanges.nextReadOperation() === 'read'
  }

  /** Whether the response to the current request was queued to its end, or the head of an upgrade. */
  get isResponseComplete(): boolean {
    const { output } = this.exchanges
    return output === 'complete' || output === 'upgrade'
  }

  /**
   * Whether the connection waits for the handler alone: its response is complete (or an upgrade), it began to read the
   * body, and it neither requests more nor closed it. See `dropBody`.
   */
  get isBodyLeftUnread(): boolean {
    const { input } = this.exchanges
    return this.isResponseComplete && input.current === 'body' && !input.body.isWanted
  }

  /** Whether the rest of the current body is dropped, because its response is complete. */
  get isDroppingBody(): boolean {
    return this.exchanges.input.current === 'drain'
  }

  /** The number of consumed bytes of the current body, including framing; 0 if no body is being received. */
  get bodyConsumed(): number {
    return this.exchanges.input.body.consumed
  }

  /** Whether the error handler has not completed its response. */
  get isAnsweringError(): boolean {
    const { input, output, reqd } = this.exchanges
    if (input.current === 'closed') return output !== 'closed'
    return (reqd?.failure ?? null) !== null && (output === 'waiting' || output === 'streaming')
  }

  /**
   * The number of bytes of the current body that are not consumed yet, as far as its framing tells: of a chunked body
   * only those of the current chunk; 0 if no body is being received. A caller with room for that many may keep reading
   * while the reader yields: only a read reveals that the client has left.
   */
  get bodyLeft(): number {
    return this.exchanges.input.body.left
  }

  /** @internal The ownership that the body expects of the next `read`: if it is `owned`, lent bytes are copied. */
  get wantedInput(): Ownership {
    return this.exchanges.input.body.wanted
  }

  /**
   * Whether the handler, or the error handler, has not begun the response to the current request. A streamed response
   * begins with its first byte.
   */
  get isResponseOwed(): boolean {
    const { output, hasBegun } = this.exchanges
    return output === 'waiting' || output === 'failing' || (output === 'streaming' && !hasBegun)
  }

  /** Whether the body of a response is being written. */
  get isStreaming(): boolean {
    return this.exchanges.output === 'streaming'
  }

  /** The current request, or null. */
  get currentRequest(): Request | null {
    return this.exchanges.reqd?.request ?? null
  }

  /** The number of pending bytes of output. */
  get pendingBytes(): number {
    return this.exchanges.queue.bytes.pendingBytes
  }

  /** Whether output is pending. */
  get hasPendingOutput(): boolean {
    return this.exchanges.queue.bytes.hasPending
  }

  /**
   * The pending bytes, one character each, if they are text that was not encoded yet; else ''. A caller that can write
   * text takes it instead of the next `write` operation and reports as many bytes: a response whose body is text then
   * needs no array, and a hello through `serve` takes 15 % less.
   *
   * @internal
   */
  get pendingText(): string {
    return this.exchanges.queue.pendingText
  }

  /**
   * The number of bytes of the current read after the consumed ones; null outside a read.
   *
   * @internal
   */
  get unconsumed(): number | null {
    return this.exchanges.input.bytes.unconsumed
  }

  /** Whether views of the bytes of the last `read` were handed out. Otherwise the caller may reuse the bytes. */
  get hasKeptInput(): boolean {
    return this.exchanges.input.bytes.hasViews
  }

  /** Whether a head was consumed in part. */
  get isWithinHead(): boolean {
    return this.exchanges.input.isWithinHead
  }
}
