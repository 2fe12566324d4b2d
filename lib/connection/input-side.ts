/**
 * The input half of a connection: its state, and the parts of the request that it reads.
 *
 * Strategy: it holds no bytes and calls only the reader of a body that it drops. request-reader.ts reads the bytes and
 * advances its state; exchanges.ts decides the consequences.
 */
import { LocalProtocolError } from '../errors.js'
import { FixedDecoder } from '../wire/fixed-decoder.js'
import { BodyIntake } from './body-intake.js'
import { BodyReader } from './body-reader.js'
import type { Config } from './config.js'
import { HeadIntake } from './head-intake.js'
import { Input } from './input.js'
import type { ReadOperation } from './operation.js'
import { INPUT_MOVES, OPERATIONS, type InputState } from './states.js'
import { Wakeup } from './wakeup.js'

const NO_BODY = new BodyIntake(new FixedDecoder(0), BodyReader.empty(null), false)

/** The input half of one connection. @internal */
export class InputSide {
  readonly wakeup: Wakeup
  /** Whether the input ended and all of it was consumed. */
  hasEof: boolean
  /** The current read, or what remains of the last one. */
  readonly bytes: Input
  readonly head: HeadIntake
  /** The body of the current request; a complete one if it has none. */
  body: BodyIntake
  private readonly drainLimit: number
  private state: InputState

  constructor(config: Config) {
    this.wakeup = new Wakeup()
    this.hasEof = false
    this.bytes = new Input()
    this.head = new HeadIntake(config)
    this.body = NO_BODY
    this.drainLimit = config.drainLimit
    this.state = 'head'
  }

  get current(): InputState {
    return this.state
  }

  /** Whether part of a head was consumed. */
  get isWithinHead(): boolean {
    return this.state === 'head' && this.head.isWithinHead
  }

  /** Whether the running handler has not begun to read a body that could not be dropped afterwards. */
  get isUndecided(): boolean {
    return this.body.isUndecided && !this.isWorthDraining
  }

  /**
   * Whether the end of the request is reachable, as far as known: the handler reads the body, or the rest is dropped.
   */
  get canReachNext(): boolean {
    if (this.hasEof || this.state === 'closed') return false
    return this.state !== 'body' || this.body.isInUse || this.isWorthDraining
  }

  /** Whether more of the body was dropped than the limit allows. */
  get hasDroppedTooMuch(): boolean {
    return this.body.dropped > this.drainLimit
  }

  /** The next operation; `hasRoom` says whether the output leaves room for another response. */
  nextOperation(hasRoom: boolean): ReadOperation {
    switch (this.state) {
      case 'head': return hasRoom ? OPERATIONS.head.read : OPERATIONS['head, full'].read
      case 'body': return this.body.isWanted ? OPERATIONS['body, wanted'].read : OPERATIONS.body.read
      case 'drain': return OPERATIONS.drain.read
      case 'done': return OPERATIONS.done.read
      case 'upgraded': return OPERATIONS.upgraded.read
      case 'closed': return OPERATIONS.closed.read
    }
  }

  /** Begins a request with that body; null: it has none. */
  arrived(body: BodyIntake | null): void {
    this.state = body === null ? INPUT_MOVES.requestCame.to : INPUT_MOVES.bodyBegan.to
    if (body !== null) this.body = body
  }

  /** The body was read or dropped to its end. */
  bodyEnded(body: BodyIntake): void {
    this.state = INPUT_MOVES.bodyEnded.to
    body.reader.complete(body.trailers)
  }

  /** Returns whether the client waits for 100 Continue; from now on it does not. */
  takeExpectation(): boolean {
    const { expectsContinue } = this.body
    if (expectsContinue) this.body.expectsContinue = false
    return expectsContinue
  }

  /** Drops the rest of the body from now on. */
  drain(): void {
    if (this.state !== 'body') return
    this.state = INPUT_MOVES.bodyDropped.to
    this.body.reader.fail(new LocalProtocolError('bodyClosed', 'the body was dropped after the response'))
  }

  /** Consumes nothing more: the following input belongs to another protocol. */
  handOver(): void {
    this.state = INPUT_MOVES.handedOver.to
  }

  /** Waits for the next head. */
  next(): void {
    this.state = INPUT_MOVES.exchangeOver.to
    this.body = NO_BODY
  }

  /** Consumes nothing more but `rest`, the last input. Returns the reader of the body, which may not be complete. */
  close(rest: Uint8Array | null = null): BodyReader {
    if (rest !== null && this.state === 'body') this.body.receiveRest(rest)
    const { reader } = this.body
    this.state = INPUT_MOVES.closed.to
    this.body = NO_BODY
    return reader
  }

  private get isWorthDraining(): boolean {
    return this.body.isWorthDraining(this.drainLimit)
  }
}
