/**
 * The input half of a connection: heads, bodies and the end of the input.
 *
 * Strategy: it holds no bytes. In each state it consumes what it can use of the bytes offered and leaves the rest to be
 * offered again: a head that is not complete, data that nobody asked for, the next request while one is handled. What
 * was found is told to the host, which may change the state; the loop goes on as long as bytes or state move.
 */
import type { Ownership } from '../buffer/ownership.js'
import { LocalProtocolError, RemoteProtocolError, type RemoteErrorCode } from '../errors.js'
import { requestBodyLength, type BodyLength } from '../message/body-length.js'
import { expectation } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import { FixedDecoder } from '../wire/fixed-decoder.js'
import { BodyIntake } from './body-intake.js'
import { BodyReader, type BodyReaderHost } from './body-reader.js'
import type { Config } from './config.js'
import { HeadIntake } from './head-intake.js'
import type { InputHost } from './hosts.js'
import { Input } from './input.js'
import type { ReadOperation } from './operation.js'
import { decoderOf, requestFault } from './request-check.js'
import { Wakeup } from './wakeup.js'

/**
 * What the input half is doing: `head`, between requests or within a head; `body`, reading the body for the handler;
 * `drain`, dropping what is left of a body after the response; `done`, the request is complete; `upgraded`, all that
 * follows is another protocol's; `closed`, nothing more.
 */
export type InputState = 'head' | 'body' | 'drain' | 'done' | 'upgraded' | 'closed'

const NO_BODY = new BodyIntake(new FixedDecoder(0), new BodyReader(null), false)

/** The input half of one connection. @internal */
export class InputSide implements BodyReaderHost {
  readonly wakeup: Wakeup
  /** Whether the input ended and all of it was consumed. */
  hasEof: boolean
  /** The read that is under way, or what is left of the last one. */
  readonly bytes: Input
  private readonly host: InputHost
  private readonly config: Config
  private readonly head: HeadIntake
  /** The body of the current request; where there is none, one that is complete. */
  body: BodyIntake
  private state: InputState

  constructor(host: InputHost, config: Config) {
    this.wakeup = new Wakeup()
    this.hasEof = false
    this.bytes = new Input()
    this.host = host
    this.config = config
    this.head = new HeadIntake(config)
    this.body = NO_BODY
    this.state = 'head'
  }

  get current(): InputState {
    return this.state
  }

  /** Whether part of a head was consumed. */
  get isWithinHead(): boolean {
    return this.state === 'head' && this.head.isWithinHead
  }

  /** The method of the head that was consumed in part, '' where there is none. */
  get method(): string {
    return this.head.method
  }

  /** Whether the handler, which is running, has not begun to read a body that would not be dropped if it never did. */
  get isUndecided(): boolean {
    return this.body.isUndecided && !this.isWorthDraining
  }

  /**
   * Whether the end of the request can be reached, as far as that is known: by the handler, or by dropping the rest.
   */
  get canReachNext(): boolean {
    if (this.hasEof || this.state === 'closed') return false
    return this.state !== 'body' || this.body.isInUse || this.isWorthDraining
  }

  nextOperation(): ReadOperation {
    switch (this.state) {
      case 'head': return this.host.mayStartRequest ? 'read' : 'yield'
      case 'body': return this.body.isWanted ? 'read' : 'yield'
      case 'drain': return 'read'
      case 'done': return 'yield'
      case 'upgraded': return 'upgrade'
      case 'closed': return 'close'
    }
  }

  /**
   * Calls who waits for the next operation, unless that is still to wait. Not within a read: who is called would offer
   * bytes again that the read has consumed.
   */
  wake(): void {
    if (!this.bytes.isUnderWay && this.nextOperation() !== 'yield') this.wakeup.wake()
  }

  /**
   * Consumes what can be used of `bytes[start, end)`. Returns how many bytes that were.
   *
   * @throws {@link LocalProtocolError} badState: called by a callback that it called itself
   */
  consume(bytes: Uint8Array, start: number, end: number, ownership: Ownership): number {
    this.bytes.begin(bytes, end)
    try {
      return this.consumed(start, this.run(start, ownership))
    } finally {
      this.release()
    }
  }

  /** Consumes the last bytes of the input, and acts on its end unless bytes remain that must be offered again. */
  consumeEof(bytes: Uint8Array, start: number, end: number): number {
    this.bytes.begin(bytes, end)
    try {
      const off = this.run(start, 'owned')
      this.reachEof(off)
      return this.consumed(start, off)
    } finally {
      this.release()
    }
  }

  bodyWanted(): void {
    if (this.takeExpectation()) this.host.continueWanted()
    this.wake()
  }

  bodyUnwanted(): void {
    this.host.bodyUnwanted()
  }

  /** Whether the client waits for 100 Continue; from now on it does not. */
  takeExpectation(): boolean {
    const { expectsContinue } = this.body
    if (expectsContinue) this.body.expectsContinue = false
    return expectsContinue
  }

  /** Drops the rest of the body from now on. */
  drain(): void {
    if (this.state !== 'body') return
    this.state = 'drain'
    this.body.reader.fail(new LocalProtocolError('bodyClosed', 'the body was dropped after the response'))
  }

  /** Consumes nothing more: what follows is another protocol's. */
  handOver(): void {
    this.state = 'upgraded'
  }

  /** Waits for the next head. */
  next(): void {
    this.state = 'head'
    this.body = NO_BODY
  }

  /** Consumes nothing more but `rest`, the last input. Returns the reader of the body, which may not be complete. */
  close(rest: Uint8Array | null = null): BodyReader {
    if (rest !== null && this.state === 'body') this.body.receiveRest(rest)
    const { reader } = this.body
    this.state = 'closed'
    this.body = NO_BODY
    return reader
  }

  private get isWorthDraining(): boolean {
    return this.body.isWorthDraining(this.config.drainLimit)
  }

  private release(): void {
    this.bytes.finish()
    this.head.release()
  }

  /** How many bytes of a read that stopped at `off` were consumed: all, where nobody will use what is left. */
  private consumed(start: number, off: number): number {
    return (this.state === 'closed' ? this.bytes.end : off) - start
  }

  /** Steps as long as that moves anything. Returns where it stopped. */
  private run(start: number, ownership: Ownership): number {
    let off = start
    for (let before = -1, state = this.state; off !== before || state !== this.state;) {
      before = off
      state = this.state
      off += this.step(off, ownership)
    }
    return off
  }

  private step(off: number, ownership: Ownership): number {
    switch (this.state) {
      case 'head': return off < this.bytes.end && this.host.mayStartRequest ? this.stepHead(off) : 0
      case 'body': return this.stepBody(off, ownership)
      case 'drain': return this.stepDrain(off)
      default: return 0
    }
  }

  private stepHead(off: number): number {
    const { head } = this
    const consumed = head.receive(this.bytes, off)
    if (head.fault !== null) this.headFault(head.fault)
    else if (head.request !== null) this.arrive(head.request)
    return consumed
  }

  private headFault(code: RemoteErrorCode): void {
    const error = new RemoteProtocolError(code, this.head.faultOffset)
    this.host.headFailed({ error, request: null, method: this.method })
  }

  private arrive(request: Request): void {
    const length = requestBodyLength(request)
    const expected = expectation(request)
    const fault = requestFault(request, length, expected, this.config)
    if (fault === null) this.accept(request, length, expected === 'continue')
    else this.host.headFailed({ error: new RemoteProtocolError(fault), request, method: request.method })
  }

  private accept(request: Request, length: BodyLength, expectsContinue: boolean): void {
    const decoder = decoderOf(length, this.config)
    if (decoder === null) {
      this.state = 'done'
      this.host.requestArrived(request, null)
    } else {
      this.state = 'body'
      const reader = new BodyReader(this, length.type === 'fixed' ? length.length : null)
      this.body = new BodyIntake(decoder, reader, expectsContinue)
      this.begin(request, this.body)
    }
  }

  private begin(request: Request, body: BodyIntake): void {
    body.isHandlerRunning = true
    this.host.requestArrived(request, body.reader)
    body.isHandlerRunning = false
    this.host.handlerReturned()
  }

  private stepBody(off: number, ownership: Ownership): number {
    const { body } = this
    try {
      const consumed = body.receive(this.bytes, off, ownership)
      this.bytes.reached = off + consumed
      if (this.current === 'body') this.settleBody(body)
      return consumed
    } catch (exn) {
      this.host.callbackFailed(exn)
      return 0
    }
  }

  private settleBody(body: BodyIntake): void {
    if (body.fault !== null) this.bodyFault(body.fault)
    if (!body.isDone) return
    this.state = 'done'
    body.reader.complete(body.trailers)
    this.host.bodyDone()
  }

  private stepDrain(off: number): number {
    const { body } = this
    const consumed = body.discard(this.bytes, off)
    if (body.fault === null && body.dropped > this.config.drainLimit) this.host.inputEnded()
    else this.settleBody(body)
    return consumed
  }

  private reachEof(off: number): void {
    this.hasEof = off === this.bytes.end
    if (this.state === 'head') this.eofInHead(off)
    else if (this.state === 'body') this.eofInBody(off)
    else if (this.state === 'drain') this.host.inputEnded()
  }

  private eofInHead(off: number): void {
    if (this.hasEof && !this.isWithinHead) {
      this.host.inputEnded()
    } else if (this.host.mayStartRequest) {
      this.headFault(this.head.end(this.bytes, off))
    }
  }

  /** Data that is there and that nobody asked for yet comes before the end. */
  private eofInBody(off: number): void {
    if (this.hasEof || this.body.isWanted) this.bodyFault(this.body.end(this.bytes, off))
  }

  private bodyFault(code: RemoteErrorCode): void {
    this.host.bodyFailed(new RemoteProtocolError(code, this.body.faultOffset))
  }
}
