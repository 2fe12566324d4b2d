import { RemoteProtocolError, type RemoteErrorCode } from '../errors.js'
import { requestBodyLength } from '../message/body-length.js'
import { hostFault } from '../message/host.js'
import { expectation } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import type { BodyDecoder } from '../wire/body-decoder.js'
import { ChunkedDecoder } from '../wire/chunked-decoder.js'
import { FixedDecoder } from '../wire/fixed-decoder.js'
import { HeadParser } from '../wire/head-parser.js'
import { discardBody, receiveBody, type Input } from './body-intake.js'
import { BodyReader, type BodyReaderHost } from './body-reader.js'
import type { Config } from './config.js'
import type { ReadOperation } from './operation.js'
import { Wakeup } from './wakeup.js'

/**
 * The input half of a connection: heads, bodies and the end of the input.
 *
 * Strategy: it holds no bytes. In each state it consumes what it can use of the bytes offered and leaves the rest to be
 * offered again: a head that is not complete, data that nobody asked for, the next request while one is handled. What was
 * found is told to the host, which may change the state; the loop goes on as long as bytes or state move.
 */

/**
 * What the input half is doing: `head`, between requests or within a head; `body`, reading the body for the handler;
 * `drain`, dropping what is left of a body after the response; `done`, the request is complete; `closed`, nothing more.
 */
export type InputState = 'head' | 'body' | 'drain' | 'done' | 'closed'

/** Whom the input half tells. */
export interface InputHost {
  /** Whether the output leaves room for another response. */
  readonly mayStartRequest: boolean
  /** A request came; `reader` is null where it has no body. */
  requestArrived(request: Request, reader: BodyReader | null): void
  /** A head or what it says is at fault; the request where it could be read, else its method, '' where unknown. */
  headFailed(error: RemoteProtocolError, request: Request | null, method: string): void
  /** The body is at fault or ended early. */
  bodyFailed(error: RemoteProtocolError): void
  /** The handler closed the body. */
  bodyUnwanted(): void
  /** The client waits for leave to send the body, and the handler wants it. */
  continueWanted(): void
  /** The body was read or dropped to its end. */
  bodyDone(): void
  /** There is nothing to go on with: the input ended between requests, or a body is too long to be dropped. */
  inputEnded(): void
  /** A callback of the application threw. */
  callbackFailed(exn: unknown): void
}

/** The input half of one connection. @internal */
export class InputSide implements BodyReaderHost {
  readonly wakeup: Wakeup
  /** Whether the client waits for 100 Continue. */
  private expectsContinue: boolean
  /** Whether the input ended and all of it was consumed. */
  hasEof: boolean
  private readonly host: InputHost
  private readonly config: Config
  private readonly parser: HeadParser
  private state: InputState
  private decoder: BodyDecoder | null
  private reader: BodyReader | null
  private dropped: number
  private readonly input: Input

  constructor(host: InputHost, config: Config) {
    this.wakeup = new Wakeup()
    this.expectsContinue = false
    this.hasEof = false
    this.host = host
    this.config = config
    this.parser = new HeadParser(config.maxHeaderSize, config.maxHeadersCount)
    this.state = 'head'
    this.decoder = null
    this.reader = null
    this.dropped = 0
    this.input = { bytes: new Uint8Array(0), end: 0, isLent: false }
  }

  get current(): InputState {
    return this.state
  }

  /** Whether part of a head was consumed. */
  get isWithinHead(): boolean {
    return this.state === 'head' && this.parser.isWithinHead
  }

  /** Whether the handler asks for the body, or asked and did not say that it wants no more. */
  get isBodyInUse(): boolean {
    return this.reader !== null && this.reader.isTouched && !this.reader.isClosed
  }

  /** Whether what is known of the rest of the body fits the limit for dropping it. */
  get isWorthDraining(): boolean {
    return this.decoder !== null && this.decoder.available <= this.config.drainLimit && !this.expectsContinue
  }

  nextOperation(): ReadOperation {
    switch (this.state) {
      case 'head': return this.host.mayStartRequest ? 'read' : 'yield'
      case 'body': return this.isBodyWanted ? 'read' : 'yield'
      case 'drain': return 'read'
      case 'done': return 'yield'
      case 'closed': return 'close'
    }
  }

  /** Consumes what can be used of `bytes[start, end)`. Returns how many bytes that were. */
  consume(bytes: Uint8Array, start: number, end: number, isLent: boolean): number {
    this.input.bytes = bytes
    this.input.end = end
    this.input.isLent = isLent
    let off = start
    for (let before = -1, state = this.state; off !== before || state !== this.state;) {
      before = off
      state = this.state
      off += this.step(off)
    }
    this.parser.release()
    return this.state === 'closed' ? end - start : off - start
  }

  /** Consumes the last bytes of the input, and acts on its end unless bytes remain that must be offered again. */
  consumeEof(bytes: Uint8Array, start: number, end: number): number {
    const consumed = this.consume(bytes, start, end, false)
    const off = start + consumed
    this.hasEof = off === end
    if (this.state === 'head') this.eofInHead(bytes, off, end)
    else if (this.state === 'body' && (this.hasEof || this.isBodyWanted)) this.bodyFault('unexpectedEof')
    else if (this.state === 'drain') this.host.inputEnded()
    return this.current === 'closed' ? end - start : consumed
  }

  bodyWanted(): void {
    if (this.expectsContinue) this.host.continueWanted()
    this.expectsContinue = false
    this.wakeup.wake()
  }

  bodyUnwanted(): void {
    this.host.bodyUnwanted()
  }

  /** Drops the rest of the body from now on. */
  drain(): void {
    if (this.state !== 'body') return
    this.state = 'drain'
    this.dropped = 0
  }

  /** Waits for the next head. */
  next(): void {
    this.state = 'head'
    this.decoder = null
    this.reader = null
    this.expectsContinue = false
  }

  /** Consumes nothing more. Returns the reader of a body that will not be completed, or null. */
  close(): BodyReader | null {
    const reader = this.reader
    this.state = 'closed'
    this.decoder = null
    this.reader = null
    return reader
  }

  private get isBodyWanted(): boolean {
    return this.reader!.isScheduled || this.decoder!.isWithinTrailers
  }

  private step(off: number): number {
    switch (this.state) {
      case 'head': return off < this.input.end && this.host.mayStartRequest ? this.stepHead(off) : 0
      case 'body': return this.stepBody(off)
      case 'drain': return this.stepDrain(off)
      default: return 0
    }
  }

  private stepHead(off: number): number {
    const { parser } = this
    const consumed = parser.parse(this.input.bytes, off, this.input.end)
    if (parser.fault !== null) this.headFault()
    else if (parser.request !== null) this.arrive(parser.request)
    return consumed
  }

  private headFault(): void {
    const { parser } = this
    this.host.headFailed(new RemoteProtocolError(parser.fault!, parser.faultOffset), null, parser.method ?? '')
  }

  /** RFC 9112 §3.2, §6.3, RFC 9110 §10.1.1: what the head says must make sense before anybody acts on it. */
  private arrive(request: Request): void {
    const length = requestBodyLength(request)
    const expected = expectation(request)
    const fault = hostFault(request) ??
      (length.type === 'error' ? length.code : expected === 'unknown' ? 'expectationFailed' : null)
    if (fault !== null) return this.host.headFailed(new RemoteProtocolError(fault), request, request.method)
    this.decoder = length.type === 'fixed' ? fixedDecoder(length.length) : this.chunkedDecoder()
    this.expectsContinue = expected === 'continue' && this.decoder !== null
    this.state = this.decoder === null ? 'done' : 'body'
    this.reader = this.decoder === null ? null : new BodyReader(this)
    this.host.requestArrived(request, this.reader)
  }

  private chunkedDecoder(): BodyDecoder {
    return new ChunkedDecoder(this.config.maxHeaderSize, this.config.maxHeadersCount)
  }

  private stepBody(off: number): number {
    const decoder = this.decoder!
    const reader = this.reader!
    try {
      const consumed = receiveBody(decoder, reader, this.input, off)
      if (consumed > 0) this.expectsContinue = false
      if (this.state === 'body') this.settleBody(decoder, reader)
      return consumed
    } catch (exn) {
      this.host.callbackFailed(exn)
      return 0
    }
  }

  private settleBody(decoder: BodyDecoder, reader: BodyReader): void {
    if (decoder.fault !== null) return this.bodyFault(decoder.fault)
    if (!decoder.isDone) return
    this.state = 'done'
    reader.complete(decoder.trailers)
    if (this.state === 'done') this.host.bodyDone()
  }

  private stepDrain(off: number): number {
    const decoder = this.decoder!
    const consumed = discardBody(decoder, this.input.bytes, off, this.input.end)
    this.dropped += consumed
    if (decoder.isDone) {
      this.state = 'done'
      this.host.bodyDone()
    } else if (decoder.fault !== null || this.dropped > this.config.drainLimit) {
      this.host.inputEnded()
    }
    return consumed
  }

  private eofInHead(bytes: Uint8Array, off: number, end: number): void {
    if (off === end && !this.parser.isWithinHead) return this.host.inputEnded()
    if (!this.host.mayStartRequest) return
    this.parser.parseEof(bytes, off, end)
    this.parser.release()
    this.headFault()
  }

  private bodyFault(code: RemoteErrorCode): void {
    this.host.bodyFailed(new RemoteProtocolError(code, this.decoder!.faultOffset))
  }
}

function fixedDecoder(length: number): BodyDecoder | null {
  return length === 0 ? null : new FixedDecoder(length)
}
