/**
 * Reads requests from the bytes that `read` offers: heads, bodies and the end of the input.
 *
 * Strategy: it holds no bytes. In each state of the input it consumes the offered bytes that it can use and leaves the
 * rest to be offered again: an incomplete head, data that the handler has not requested, the next request while one is
 * handled. It reports each finding to the exchanges, which may change the state; the loop continues while bytes are
 * consumed or the state changes.
 */
import type { Ownership } from '../buffer/ownership.js'
import { RemoteProtocolError, type RemoteErrorCode } from '../errors.js'
import { requestBodyLength, type BodyLength } from '../message/body-length.js'
import { expectation } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import { releaseWords } from '../wire/words.js'
import { BodyIntake } from './body-intake.js'
import { BodyReader } from './body-reader.js'
import type { Config } from './config.js'
import type { Exchanges } from './exchanges.js'
import type { InputSide } from './input-side.js'
import { decoderOf, requestFault } from './request-check.js'

/** The reader of one connection's requests. @internal */
export class RequestReader {
  private readonly exchanges: Exchanges
  private readonly input: InputSide
  private readonly config: Config

  constructor(exchanges: Exchanges, config: Config) {
    this.exchanges = exchanges
    this.input = exchanges.input
    this.config = config
  }

  /**
   * Consumes the usable part of `bytes[start, end)`. Returns its length.
   *
   * @throws LocalProtocolError badState: called by a callback that it called itself
   */
  consume(bytes: Uint8Array, start: number, end: number, ownership: Ownership): number {
    this.input.bytes.begin(bytes, end)
    try {
      return this.consumed(start, this.run(start, ownership))
    } finally {
      this.release(ownership)
    }
  }

  /** Consumes the last bytes of the input, and acts on its end unless bytes remain that must be offered again. */
  consumeEof(bytes: Uint8Array, start: number, end: number): number {
    this.input.bytes.begin(bytes, end)
    try {
      const off = this.run(start, 'owned')
      this.reachEof(off)
      return this.consumed(start, off)
    } finally {
      this.release('owned')
    }
  }

  private release(ownership: Ownership): void {
    this.input.bytes.finish()
    this.input.head.release()
    // The lender of the others reuses them.
    if (ownership === 'owned') releaseWords()
  }

  /** How many bytes of a read that stopped at `off` were consumed: all of them once the input is closed. */
  private consumed(start: number, off: number): number {
    return (this.input.current === 'closed' ? this.input.bytes.end : off) - start
  }

  /** Steps while that consumes bytes or changes the state. Returns where it stopped. */
  private run(start: number, ownership: Ownership): number {
    let off = start
    for (let before = -1, state = this.input.current; off !== before || state !== this.input.current;) {
      before = off
      state = this.input.current
      off += this.step(off, ownership)
    }
    return off
  }

  private step(off: number, ownership: Ownership): number {
    switch (this.input.current) {
      case 'head': return off < this.input.bytes.end && this.exchanges.mayStartRequest ? this.stepHead(off) : 0
      case 'body': return this.stepBody(off, ownership)
      case 'drain': return this.stepDrain(off)
      default: return 0
    }
  }

  private stepHead(off: number): number {
    const { bytes, head } = this.input
    const consumed = head.receive(bytes, off)
    if (head.fault !== null) this.headFault(head.fault)
    else if (head.request !== null) this.arrive(head.request)
    return consumed
  }

  private headFault(code: RemoteErrorCode): void {
    const { head } = this.input
    this.exchanges.fail({ error: new RemoteProtocolError(code, head.faultOffset), request: null, method: head.method })
  }

  private arrive(request: Request): void {
    if (this.input.head.isUsual) return this.acceptWhole(request)
    const length = requestBodyLength(request)
    const expected = expectation(request)
    const fault = requestFault(request, length, expected, this.config)
    if (fault === null) this.accept(request, length, expected === 'continue')
    else this.exchanges.fail({ error: new RemoteProtocolError(fault), request, method: request.method })
  }

  private accept(request: Request, length: BodyLength, expectsContinue: boolean): void {
    const decoder = decoderOf(length, this.config)
    if (decoder === null) return this.acceptWhole(request)
    const reader = new BodyReader(this.exchanges, length.type === 'fixed' ? length.length : null)
    const body = new BodyIntake(decoder, reader, expectsContinue)
    this.input.arrived(body)
    body.isHandlerRunning = true
    this.exchanges.requestArrived(request, reader)
    body.isHandlerRunning = false
    this.exchanges.handlerReturned()
  }

  /** Accepts a request without a body. */
  private acceptWhole(request: Request): void {
    this.input.arrived(null)
    this.exchanges.requestArrived(request, null)
  }

  private stepBody(off: number, ownership: Ownership): number {
    const { body, bytes } = this.input
    try {
      const consumed = body.receive(bytes, off, ownership)
      bytes.reached = off + consumed
      if (this.input.current === 'body') this.settleBody(body)
      return consumed
    } catch (exn) {
      this.exchanges.callbackFailed(exn)
      return 0
    }
  }

  private settleBody(body: BodyIntake): void {
    if (body.fault !== null) this.bodyFault(body.fault)
    if (!body.isDone) return
    this.input.bodyEnded(body)
    this.exchanges.settle()
  }

  private stepDrain(off: number): number {
    const { body, bytes } = this.input
    const consumed = body.discard(bytes, off)
    if (body.fault === null && this.input.hasDroppedTooMuch) this.exchanges.close()
    else this.settleBody(body)
    return consumed
  }

  private reachEof(off: number): void {
    const { bytes, current } = this.input
    this.input.hasEof = off === bytes.end
    if (current === 'head') this.eofInHead(off)
    else if (current === 'body') this.eofInBody(off)
    else if (current === 'drain') this.exchanges.close()
  }

  private eofInHead(off: number): void {
    const { bytes, hasEof, head, isWithinHead } = this.input
    if (hasEof && !isWithinHead) this.exchanges.close()
    else if (this.exchanges.mayStartRequest) this.headFault(head.end(bytes, off))
  }

  /** Ends the input within a body, unless data that the handler has not requested comes first. */
  private eofInBody(off: number): void {
    const { body, bytes, hasEof } = this.input
    if (hasEof || body.isWanted) this.bodyFault(body.end(bytes, off))
  }

  private bodyFault(code: RemoteErrorCode): void {
    this.exchanges.reportExn(new RemoteProtocolError(code, this.input.body.faultOffset))
  }
}
