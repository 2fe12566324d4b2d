/**
 * The server side of one HTTP/1.1 connection as a state machine without I/O.
 *
 * Strategy: the caller asks what to do next, does it, and reports what came of it; the connection never calls out
 * except to the handler, the error handler, the callbacks they registered, and the two resume callbacks of the caller.
 * Input and output are two machines (input-side.ts, output-side.ts) that meet in exchanges.ts, where it is decided
 * whether the connection goes on; states.ts has their states, and what the caller does in each.
 * Requests are handled one at a time, in order.
 */
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

const NO_BYTES = new Uint8Array(0)

/** One connection. */
export class ServerConnection extends ConnectionState {
  private readonly reader: RequestReader

  /** @internal Use {@link create}. Both can be what many connections share. */
  constructor(handlers: Handlers, config: Config) {
    super(new Exchanges(config, handlers))
    this.reader = new RequestReader(this.exchanges, config)
  }

  /**
   * A connection that serves each request with `handler`, which may be asynchronous: what it rejects with is as thrown.
   *
   * @throws {@link LocalProtocolError} badRange, badOption: what is given is no handler, or no option takes it
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

  /** What the caller does next for input. */
  nextReadOperation(): ReadOperation {
    this.exchanges.readEnded()
    return this.exchanges.nextReadOperation()
  }

  /**
   * Takes input: returns how many of the `len` bytes from `off` on were consumed. The others are to be offered again,
   * with what follows, when the next operation is `read`. All bytes of a read that {@link hasKeptInput} belong to the
   * connection and its handler for good; else the caller may reuse them.
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
   * Takes the last input. What was not consumed (requests behind the one that is handled) is offered again by `readEof`
   * when the next operation is `read`, also if nothing is left: half-closed clients get all their answers.
   *
   * @throws as {@link read}
   */
  readEof(bytes: Uint8Array, off: number, len: number): number {
    checkRange(bytes, off, len)
    return this.reader.consumeEof(bytes, off, off + len)
  }

  /**
   * Calls `resume` once when the next read operation is not `yield` any more; at once, if that is so now. If that comes
   * about within a read, `resume` is called when the next operation is asked for. It must not throw.
   *
   * @throws {@link LocalProtocolError} alreadyYielded
   */
  yieldReader(resume: () => void): void {
    this.exchanges.input.wakeup.register(resume)
    this.exchanges.wakeReader()
  }

  /** What the caller does next for output. */
  nextWriteOperation(): WriteOperation {
    this.exchanges.handOverWhenFree()
    return this.exchanges.input.current === 'upgraded' ? UPGRADE : this.exchanges.queue.nextOperation()
  }

  /**
   * Takes the result of a write: how many of the offered bytes were written, or that the peer takes no more, which ends
   * the connection.
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
   * The peer is gone: as a write result of `closed`, and with the reason that a body which is not complete fails with.
   * `rest` is the input that was not consumed: a body that is complete with it can still be read.
   *
   * @internal
   */
  lost(rest: Uint8Array, reason: () => unknown): void {
    this.exchanges.outputClosed(rest, reason)
  }

  /** The peer ended its side and counts as gone: as {@link lost}, but what is queued can still be written. @internal */
  peerLeft(rest: Uint8Array, reason: () => unknown): void {
    this.exchanges.close(reason, rest)
  }

  /**
   * Calls `resume` once when there is something to write or to close; at once, if that is so now. It must not throw.
   *
   * @throws {@link LocalProtocolError} alreadyYielded
   */
  yieldWriter(resume: () => void): void {
    this.exchanges.queue.wakeup.register(resume)
    if (this.nextWriteOperation().type !== 'yield') this.exchanges.queue.wakeup.wake()
  }

  /**
   * Reports a failure: the error handler answers where no response has begun; a response that has begun is cut, one
   * that is complete is delivered. Then the connection closes. Between two requests it closes without an answer, except
   * for a {@link RemoteProtocolError}, which is answered with its status. A failure while the error handler owes its
   * response is one of the error handler.
   */
  reportExn(exn: unknown): void {
    this.exchanges.reportExn(exn)
  }

  /**
   * Takes the body from a handler that has responded: it does not read on, or the client does not send the rest. It is
   * dropped as if the handler had closed it, and the connection goes on if it can. In other states it does nothing.
   */
  dropBody(): void {
    this.exchanges.dropBody()
  }

  /** Closes both sides now. What is queued can still be written; a response that is not complete is cut. */
  shutdown(): void {
    this.exchanges.end(() => new LocalProtocolError('badState', 'the connection was shut down'))
  }

  /**
   * Handles no further request: closes at once if none is handled, else after the response, which says so if it can.
   * With `awaitsRequest`, where none is handled or the response that has begun promised it: handles one more request, a
   * half-received one for example, and closes after it; if none comes, to call it again without closes. Requests behind
   * that are handled as well where `hasFurther` says that they came: it is asked when a response begins.
   */
  drain(awaitsRequest = false, hasFurther = (): boolean => false): void {
    if (awaitsRequest) this.exchanges.drainAwaiting(hasFurther)
    else this.exchanges.drain()
  }
}
