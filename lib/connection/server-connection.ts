/**
 * The server side of one HTTP/1.1 connection as a state machine without I/O.
 *
 * Strategy: the caller asks for the next operation, performs it, and reports its result; the connection calls only the
 * handler, the error handler, the callbacks they registered, and the two resume callbacks of the caller. Input and
 * output are two machines (input-side.ts, output-side.ts) that meet in exchanges.ts, which decides whether the
 * connection stays open; states.ts has their states, and the operations of each. Requests are handled one at a time, in
 * order.
 */
import { NO_BYTES } from '../buffer/bytes.js'
import { checkRange } from '../buffer/iovec.js'
import { LocalProtocolError } from '../errors.js'
import { CONFIG_KINDS, DEFAULT_CONFIG, withDefaults, type Config } from './config.js'
import { ConnectionState } from './connection-state.js'
import { defaultErrorHandler } from './error-handler.js'
import { Exchanges } from './exchanges.js'
import type { Handlers } from './handlers.js'
import { checkOptions, checkValue, FUNCTION } from './option-check.js'
import { UPGRADE, type ReadOperation, type WriteOperation, type WriteResult } from './operation.js'
import { Reqd } from './reqd.js'
import { RequestReader } from './request-reader.js'
import { SERVER_KINDS, type ServerConnectionOptions } from './server-connection-options.js'

/** One connection. */
export class ServerConnection extends ConnectionState {
  private readonly reader: RequestReader

  /** @internal Use {@link create}. Many connections may share both arguments. */
  constructor(handlers: Handlers, config: Config) {
    super(new Exchanges(config, handlers))
    this.reader = new RequestReader(this.exchanges, config)
  }

  /**
   * Creates a connection that serves each request with `handler`. It may be asynchronous: a rejection counts as an
   * exception.
   *
   * @throws {@link LocalProtocolError} badRange, badOption: the handler is not a function, or an option is invalid
   */
  static create(
    handler: (reqd: Reqd) => void | PromiseLike<void>, options: ServerConnectionOptions = {},
  ): ServerConnection {
    const { config = {}, errorHandler = defaultErrorHandler, onFailure, onLateError } = options
    const makeReqd: Handlers['makeReqd'] = (host, request, reader) => new Reqd(host, request, reader)
    const handlers = { handler, errorHandler, onFailure, onLateError, makeReqd } as Handlers
    checkValue('the handler', handler, FUNCTION)
    checkOptions(options, SERVER_KINDS)
    checkOptions(config, CONFIG_KINDS)
    return new ServerConnection(handlers, withDefaults(DEFAULT_CONFIG, config))
  }

  /** Returns the next operation for input. */
  nextReadOperation(): ReadOperation {
    this.exchanges.readEnded()
    return this.exchanges.nextReadOperation()
  }

  /**
   * Reads input and returns how many of the `len` bytes from `off` on were consumed. Offer the others again, with the
   * bytes that follow, when the next operation is `read`. All bytes of a read that {@link hasKeptInput} belong to the
   * connection and its handler for good; otherwise the caller may reuse them.
   *
   * @throws {@link LocalProtocolError} badRange; badState: called by a callback of another read
   */
  read(bytes: Uint8Array, off: number, len: number): number {
    checkRange(bytes, off, len)
    return this.reader.consume(bytes, off, off + len, 'owned')
  }

  /**
   * As {@link read}, but the bytes are only lent: body data is copied out, and the caller may reuse them afterwards.
   *
   * @throws as {@link read}
   */
  readLent(bytes: Uint8Array, off: number, len: number): number {
    checkRange(bytes, off, len)
    return this.reader.consume(bytes, off, off + len, 'lent')
  }

  /**
   * Reads the last input. Offer unconsumed bytes (requests after the current one) again with `readEof` when the next
   * operation is `read`, even if no bytes are left: half-closed clients get all their answers.
   *
   * @throws as {@link read}
   */
  readEof(bytes: Uint8Array, off: number, len: number): number {
    checkRange(bytes, off, len)
    return this.reader.consumeEof(bytes, off, off + len)
  }

  /**
   * Calls `resume` once when the next read operation is no longer `yield`, perhaps at once. If a read causes that,
   * `resume` is called when the next operation is requested. It must not throw.
   *
   * @throws {@link LocalProtocolError} alreadyYielded
   */
  yieldReader(resume: () => void): void {
    this.exchanges.input.wakeup.register(resume)
    this.exchanges.wakeReader()
  }

  /** Returns the next operation for output. */
  nextWriteOperation(): WriteOperation {
    this.exchanges.handOverWhenFree()
    return this.exchanges.input.current === 'upgraded' ? UPGRADE : this.exchanges.queue.nextOperation()
  }

  /**
   * Reports the result of a write: how many of the offered bytes were written, or that the peer accepts no more, which
   * ends the connection.
   *
   * @throws {@link LocalProtocolError} badRange: more than was offered
   */
  reportWriteResult(result: WriteResult): void {
    if (result.type === 'closed') {
      this.lost(NO_BYTES, () => new LocalProtocolError('badState', 'the peer takes no more output'))
    } else {
      this.exchanges.queue.shift(result.count)
      this.exchanges.written()
    }
  }

  /**
   * Reports that the peer is gone: as a write result of `closed`, with the error for an incomplete body. `rest` is the
   * unconsumed input: a body that is complete with it can still be read.
   *
   * @internal
   */
  lost(rest: Uint8Array, reason: () => unknown): void {
    this.exchanges.outputClosed(rest, reason)
  }

  /** Reports that the peer half-closed and counts as gone: as {@link lost}, but queued output is written. @internal */
  peerLeft(rest: Uint8Array, reason: () => unknown): void {
    this.exchanges.close(reason, rest)
  }

  /**
   * Calls `resume` once when there is something to write or to close, perhaps at once. It must not throw.
   *
   * @throws {@link LocalProtocolError} alreadyYielded
   */
  yieldWriter(resume: () => void): void {
    this.exchanges.queue.wakeup.register(resume)
    if (this.nextWriteOperation().type !== 'yield') this.exchanges.queue.wakeup.wake()
  }

  /**
   * Reports a failure. The error handler answers if no response has begun; a response that has begun is cut; a complete
   * one is delivered. Then the connection closes. Between two requests it closes without an answer, except for a
   * {@link RemoteProtocolError}, which is answered with its status. A failure while the error handler owes its response
   * counts as the error handler's.
   */
  reportExn(exn: unknown): void {
    this.exchanges.reportExn(exn)
  }

  /**
   * Drops the body of a request whose response is complete, as if the handler had closed it, because the handler does
   * not read or the client does not send the rest. The connection continues if it can. In other states it does nothing.
   */
  dropBody(): void {
    this.exchanges.dropBody()
  }

  /** Closes both sides now. Queued output can still be written; an incomplete response is cut. */
  shutdown(): void {
    this.exchanges.close(() => new LocalProtocolError('badState', 'the connection was shut down'))
  }

  /**
   * Handles no further request: closes at once if none is in progress, else after its response, which says so if it
   * can. With `awaitsRequest`, one more request is handled (for example, a half-received one) if none is in progress,
   * or if the head of the current response has promised that; then the connection closes. If no request comes, call it
   * again without `awaitsRequest` to close. Further requests are handled as well if `hasFurther` returns true when a
   * response begins: they have arrived already.
   */
  drain(awaitsRequest = false, hasFurther = (): boolean => false): void {
    if (awaitsRequest) this.exchanges.drainAwaiting(hasFurther)
    else this.exchanges.drain()
  }
}
