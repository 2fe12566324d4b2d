/**
 * One request and its response ("request descriptor", as in http/af).
 *
 * Strategy: a `Reqd` holds only the state of its response; the bytes go through the connection. The connection may take
 * the response over (the peer broke the protocol, the handler failed, the client left). The handler cannot know that in
 * time, so its further writes are dropped without an error. Misuse by the handler throws.
 */
import { LocalProtocolError } from '../errors.js'
import { Headers } from '../message/headers.js'
import type { Request } from '../message/request.js'
import { Response } from '../message/response.js'
import type { Status } from '../message/status.js'
import { BodyReader, type BodyReaderHost } from './body-reader.js'
import type { BodyWriter } from './body-writer.js'
import type { Failure } from './error-handler.js'

/** The state of the response. While `failing`, the error handler owes it; the connection took an `abandoned` one. */
export type ResponseState = 'waiting' | 'failing' | 'fixed' | 'streaming' | 'upgrade' | 'abandoned'

/** The end of an exchange: the whole response was queued, or it never will be. */
export type ExchangeResult = 'done' | 'aborted'

/** The options of a streamed response. */
export interface StreamingOptions {
  /** Whether the head is sent at once instead of with the first bytes of the body. Default: no. */
  readonly flushHeadersImmediately?: boolean
}

/**
 * The output half of a connection, as its request descriptors call it. It imports the descriptors, so they do not
 * import it.
 *
 * @internal
 */
export interface ReqdHost extends BodyReaderHost {
  /** Queues an informational response. Returns false if the client does not support them. */
  sendInterim(reqd: ReqdBase, status: Status, headers: Headers): boolean
  /** Queues a whole response. */
  sendFixed(reqd: ReqdBase, response: Response, body: string | Uint8Array): void
  /** Queues the head of a response and returns its body: a dead one unless the response is in the state `owed`. */
  sendStreaming(reqd: ReqdBase, response: Response, isFlushed: boolean, owed: 'waiting' | 'failing'): BodyWriter
  /** Queues the head of an upgrade. */
  sendUpgrade(reqd: ReqdBase, response: Response, upgradeHandler: () => void): void
  /** Hands the connection over without a response. */
  takeOver(reqd: ReqdBase, upgradeHandler: () => void): void
  /** The handler failed. Returns whether the connection takes that for its failure, which its user learns. */
  reqdFailed(reqd: ReqdBase, exn: unknown): boolean
}

/**
 * The base of request descriptors: see {@link Reqd}. Both are separate because `respondWithStreaming` returns a
 * `Body.Writer` in the core, and in `httprx` a controlled subject, which is not a `Body.Writer`.
 */
export abstract class ReqdBase {
  /** The request as parsed. */
  readonly request: Request
  /** @internal */
  state: ResponseState
  /** @internal The handler's failure, if the error handler answers it and the connection continues. */
  failure: Failure | null
  private reader: BodyReader | null
  /** Null after a hand-over: a descriptor that the application keeps does not keep the connection's HTTP side. */
  private host: ReqdHost | null
  private answer: Response | null

  /** @internal */
  constructor(host: ReqdHost, request: Request, reader: BodyReader | null) {
    this.request = request
    this.state = 'waiting'
    this.failure = null
    this.reader = reader
    this.host = host
    this.answer = null
  }

  /** The body of the request; complete and empty if it has none. */
  get requestBody(): BodyReader {
    return (this.reader ??= BodyReader.empty(this.host))
  }

  /** The response that the handler began, or null. */
  get response(): Response | null {
    return this.answer
  }

  /** Whether the handler may still respond. */
  get isWaiting(): boolean {
    return this.state === 'waiting'
  }

  /**
   * Sends an informational response, such as 103 Early Hints (RFC 8297): at once, and only before the response. Returns
   * whether it was sent: HTTP/1.0 clients do not support them (RFC 9110 §15.2).
   *
   * @throws {@link LocalProtocolError} alreadyResponded
   * @throws {@link LocalProtocolError} badStatus: not a 1xx, or 101, which is an upgrade
   * @throws {@link LocalProtocolError} badField, badFraming
   */
  inform(status: Status, headers: Headers = Headers.empty): boolean {
    return this.unanswered().sendInterim(this, status, headers)
  }

  /**
   * Responds with text in UTF-8, with its Content-Length.
   *
   * @throws {@link LocalProtocolError} alreadyResponded, badStatus, badField, badFraming
   */
  respondWithString(response: Response, body: string): void {
    this.mayRespond()?.sendFixed(this, response, body)
  }

  /**
   * Responds with bytes, with their Content-Length. They belong to the connection from now on: large arrays are not
   * copied.
   *
   * @throws as {@link respondWithString}
   */
  respondWithBytes(response: Response, body: Uint8Array): void {
    this.mayRespond()?.sendFixed(this, response, body)
  }

  /**
   * Hands the connection over to another protocol (RFC 9110 §7.8, §9.3.6): 101 with the given fields, or 200 to
   * CONNECT. `upgradeHandler` is called once, when the head is on the wire and the request's body was read; the input
   * after the body is not consumed and belongs to the new protocol. It is never called during a read, but when output
   * was written or the next operation for output is requested. From then on the connection neither reads nor writes.
   *
   * @throws {@link LocalProtocolError} alreadyResponded, badField
   * @throws {@link LocalProtocolError} badUpgrade: the client did not ask for one, or Upgrade is missing from `headers`
   */
  respondWithUpgrade(headers: Headers, upgradeHandler: () => void): void {
    const status = this.request.method === 'CONNECT' ? 200 : 101
    this.mayRespond()?.sendUpgrade(this, Response.create(status, { headers }), upgradeHandler)
  }

  /**
   * Hands the connection over without a response: the new owner writes its own. `upgradeHandler` is called once, when
   * earlier responses are on the wire and the request's body was read. Otherwise as {@link respondWithUpgrade}.
   *
   * @throws {@link LocalProtocolError} alreadyResponded
   */
  takeOver(upgradeHandler: () => void): void {
    this.mayRespond()?.takeOver(this, upgradeHandler)
  }

  /**
   * Reports that the handler failed. The error handler answers if no response has begun; a response that has begun is
   * cut; a complete one is delivered; then the connection closes. After the exchange it does nothing.
   */
  reportExn(exn: unknown): void {
    this.charge(exn)
  }

  /** Calls `f`. Reports its exception and returns it; returns null if there was none. */
  tryWith(f: () => void): unknown {
    try {
      f()
      return null
    } catch (exn) {
      this.reportExn(exn)
      return exn
    }
  }

  /** @internal The connection has queued (the head of) a response. */
  responded(state: ResponseState, response: Response): void {
    this.state = state
    this.answer = response
  }

  /** @internal The connection was handed over: nothing that the descriptor does concerns it any more. */
  handedOver(): void {
    this.host = null
    if (this.reader?.isTouched === false) this.reader = null
  }

  /** @internal The exchange is over, in the way given. Called once. */
  ended(_result: ExchangeResult): void {
    // The reactive layer overrides this.
  }

  /** @internal As {@link reportExn}. Returns whether `onFailure` of the connection was called with the error. */
  protected charge(exn: unknown): boolean {
    return this.host?.reqdFailed(this, exn) ?? false
  }

  /** Begins a streamed response. @throws as {@link respondWithString} */
  protected openBody(response: Response, options: StreamingOptions = {}): BodyWriter {
    return this.unanswered().sendStreaming(this, response, options.flushHeadersImmediately ?? false, 'waiting')
  }

  /** @internal Begins the response of the error handler. @throws as {@link respondWithString} */
  protected openErrorBody(response: Response): BodyWriter {
    return this.unanswered().sendStreaming(this, response, false, 'failing')
  }

  /** Returns the connection; null if it has taken the response over. */
  private mayRespond(): ReqdHost | null {
    const host = this.unanswered()
    return this.state === 'waiting' ? host : null
  }

  /** Returns the connection. @throws {@link LocalProtocolError} alreadyResponded */
  private unanswered(): ReqdHost {
    const { host, state } = this
    if (host !== null && (state === 'waiting' || state === 'failing' || state === 'abandoned')) return host
    throw new LocalProtocolError('alreadyResponded', 'the request was answered already')
  }
}

/** One request and its response. */
export class Reqd extends ReqdBase {
  /**
   * Responds with a body that is written in pieces: with the Content-Length of the response if it has one, else in
   * chunks; to an HTTP/1.0 client, until the end of the connection.
   *
   * @throws {@link LocalProtocolError} alreadyResponded, badStatus, badField, badFraming
   */
  respondWithStreaming(response: Response, options?: StreamingOptions): BodyWriter {
    return this.openBody(response, options)
  }
}
