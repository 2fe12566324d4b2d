/**
 * The state of a connection, as its users can read it at any time.
 *
 * Strategy: a getter changes nothing, wakes no loop and carries out nothing that is due: time limits and inspectors may
 * read all of them between any two operations.
 */
import type { Ownership } from '../buffer/ownership.js'
import { thrownError } from '../errors.js'
import type { Request } from '../message/request.js'
import type { Exchanges } from './exchanges.js'

/** The state of one connection, as it can be read. */
export abstract class ConnectionState {
  /** @internal */
  protected readonly exchanges: Exchanges

  /** @internal */
  constructor(exchanges: Exchanges) {
    this.exchanges = exchanges
  }

  /** Whether both sides are closed. Output may be pending: `nextWriteOperation` says so. */
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

  /** Whether the connection was handed over to another protocol, or will be when its head is on the wire. */
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
   * Whether the next `read` can be used: `nextReadOperation` would say so too, and may wake others besides.
   * When it becomes true, the callback of `yieldReader` is called.
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
   * Whether only the handler can go on: its response is complete (or an upgrade), it began to read the body, and it
   * neither asks for more nor closed it. See `dropBody`.
   */
  get isBodyLeftUnread(): boolean {
    const { input } = this.exchanges
    return this.isResponseComplete && input.current === 'body' && !input.body.isWanted
  }

  /** Whether the rest of the current body is dropped, because its response is complete. */
  get isDroppingBody(): boolean {
    return this.exchanges.input.current === 'drain'
  }

  /** How many bytes of the current body were consumed, framing included; 0 where no body is received. */
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
   * How many bytes of the current body are not consumed yet, as far as its framing tells: of a chunked body only those
   * of the current chunk; 0 where no body is received. A caller with room for that many may keep reading while the
   * reader yields: only a read reveals that the client has left.
   */
  get bodyLeft(): number {
    return this.exchanges.input.body.left
  }

  /** @internal How the body wants the bytes of the next `read`: where it wants `owned` ones, lent bytes are copied. */
  get wantedInput(): Ownership {
    return this.exchanges.input.body.wanted
  }

  /**
   * Whether the handler, or the error handler, has not begun the response to the current request: one that is streamed
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

  /** The request that is being handled, or null. */
  get currentRequest(): Request | null {
    return this.exchanges.reqd?.request ?? null
  }

  /** How many bytes of output wait to be written. */
  get pendingBytes(): number {
    return this.exchanges.queue.bytes.pendingBytes
  }

  /** Whether output waits to be written. */
  get hasPendingOutput(): boolean {
    return this.exchanges.queue.bytes.hasPending
  }

  /**
   * The bytes that wait to be written, one character each, where they are text that was not encoded yet; else ''. A
   * caller that can write text takes it in place of the next `write` operation and reports as many bytes: a response
   * whose body is text needs no array then, and a hello through `serve` takes 15 % less.
   *
   * @internal
   */
  get pendingText(): string {
    return this.exchanges.queue.pendingText
  }

  /**
   * How many bytes of the read that is under way lie behind what was consumed; null where none is.
   *
   * @internal
   */
  get unconsumed(): number | null {
    return this.exchanges.input.bytes.unconsumed
  }

  /** Whether views of the bytes of the last `read` were handed out: only if not may the caller reuse them. */
  get hasKeptInput(): boolean {
    return this.exchanges.input.bytes.hasViews
  }

  /** Whether a head was consumed in part. */
  get isWithinHead(): boolean {
    return this.exchanges.input.isWithinHead
  }
}
