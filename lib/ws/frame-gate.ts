/**
 * A socket behind a gate that lets one message in at a time.
 *
 * Strategy: pausing a socket does not hold back bytes that were already read: one read can contain thousands of small
 * messages, or a few that inflate to a thousand times their size. So the frame parser of `ws` gets the bytes up to the
 * end of one message, and the rest when that message was taken. At most one read waits here; the socket is paused
 * meanwhile. Pings and pongs pass as long as no message is in front of them; so does a close, unless the application is
 * still at work on a message, which it may answer.
 *
 * Only a limited number of frames pass in one turn of the event loop: thousands of the smallest messages, pings or
 * fragments in one read would starve the other connections.
 *
 * The parser keeps a list of the pieces of a frame, and needs quadratic time for a long list. So small pieces of a
 * payload are joined here. The header of a frame passes at once, because the parser may refuse the frame for it.
 *
 * For `ws` the gate is a Duplex, but it keeps nothing in the queues of a stream: input is emitted as it passes, output
 * has a queue of its own (gate-output.ts). Answers to a message leave when the message was handed over.
 */
import { Duplex } from 'node:stream'
import { Reentry } from '../buffer/reentry.js'
import { NODE_PLATFORM } from '../node/platform.js'
import { UnreadInput } from '../runtime/unread-input.js'
import { FrameCutter, kindOf } from './frame-cutter.js'
import { GateOutput } from './gate-output.js'

/** Receives a gate's notifications. */
export interface FrameGateHost {
  /** Whether the application is at work on the last message. */
  readonly isWorking: boolean
  /** Output was taken; less is pending. */
  drained(): void
  /** The peer ended its side, and the messages before that were taken. */
  inputEnded(): void
}

type Done = (error?: Error | null) => void

const NOTHING = Buffer.alloc(0)

/** Smaller pieces of a payload are joined, up to this size. */
const JOINED = 16 * 1024

/** How many frames pass before other connections have their turn. A turn more costs some microseconds. */
const FRAMES_PER_TURN = 32

/** A socket that hands over one message at a time. Nothing else may read or write the socket. */
export class FrameGate extends Duplex {
  /** How many bytes came from the peer. */
  receivedBytes: number
  private readonly socket: Duplex
  private readonly host: FrameGateHost
  /** The output to the client. */
  readonly output: GateOutput
  private readonly cutter: FrameCutter
  private input: Uint8Array
  private offset: number
  private state: 'open' | 'shut' | 'free'
  private readonly passing: Reentry
  /** Pieces of a payload that are to be joined. */
  private readonly joined: UnreadInput
  /** How many frames may pass in this turn. */
  private framesLeft: number
  /** Of the peer's side. */
  private ending: 'none' | 'waiting' | 'passed'

  /** `head`: bytes that were already read from the socket. */
  constructor(socket: Duplex, head: Uint8Array, host: FrameGateHost) {
    super()
    this.receivedBytes = head.length
    this.socket = socket
    this.host = host
    this.cutter = new FrameCutter()
    this.input = head
    this.offset = 0
    this.state = 'open'
    this.passing = new Reentry()
    this.joined = new UnreadInput()
    this.framesLeft = FRAMES_PER_TURN
    this.ending = 'none'
    this.output = new GateOutput(socket, {
      drained: () => { host.drained() },
      outputFailed: error => { this.destroy(error) },
    })
    socket.pause()
    socket.on('data', (chunk: Uint8Array) => { this.receive(chunk) })
    socket.on('end', () => { this.inputEnded() })
    socket.on('error', error => { this.destroy(error) })
    socket.on('close', () => { this.destroy() })
    this.on('resume', () => { this.pass() })
  }

  /** Whether bytes that were read wait here. */
  get isHolding(): boolean {
    return this.offset < this.input.length
  }

  /** Lets the next message in. */
  open(): void {
    if (this.state === 'shut') this.state = 'open'
    this.pass()
  }

  /** Lets everything in from now on. */
  free(): void {
    this.state = 'free'
    this.pass()
  }

  /** As for any stream; Node's own would queue it. */
  override write(chunk: Uint8Array | string, encoding?: BufferEncoding | Done, done?: Done): boolean {
    if (typeof encoding === 'function') return this.write(chunk, undefined, encoding)
    this.output.write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk, done)
    return true
  }

  /** Writes of one turn leave together without it. */
  override cork(): void {
    // Nothing to do.
  }

  override uncork(): void {
    // Nothing to do.
  }

  override _read(): void {
    // Input is emitted as it passes.
  }

  /** Only for bytes that are passed to `end`. */
  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.write(chunk, done)
  }

  override _final(done: Done): void {
    this.output.whenWritten(() => { this.socket.end(() => { done() }) })
  }

  override _destroy(error: Error | null, done: Done): void {
    this.input = NOTHING
    this.offset = 0
    this.joined.clear()
    this.output.destroy()
    this.socket.destroy()
    done(error)
  }

  private receive(chunk: Uint8Array): void {
    this.output.beginEvent()
    this.receivedBytes += chunk.length
    this.input = chunk
    this.offset = 0
    this.pass()
    if (this.isHolding) this.socket.pause()
  }

  private inputEnded(): void {
    this.ending = 'waiting'
    this.pass()
  }

  /** Hands over the input, as long as it may pass and the stream flows. */
  private pass(): void {
    if (!this.passing.enter()) return
    this.output.beginTurn()
    while (this.readableFlowing === true && this.isHolding && this.mayPass) this.passPart()
    this.passing.leave()
    if (!this.isHolding) this.refill()
    this.output.endTurn()
  }

  /** Whether the next part may be handed over now. */
  private get mayPass(): boolean {
    if (this.framesLeft === 0) return false
    // A frame that has begun to pass while the gate is shut is a control frame.
    if (this.state !== 'shut' || !this.cutter.isBehindFrame) return true
    const kind = kindOf(this.input[this.offset])
    return kind === 'signal' || (kind === 'close' && !this.host.isWorking)
  }

  private passPart(): void {
    const { cutter, input, offset } = this
    const wasWithinPayload = cutter.isWithinPayload
    this.offset = cutter.cut(input, offset)
    if (cutter.isBehindMessage && this.state === 'open') this.state = 'shut'
    if (cutter.isBehindFrame && --this.framesLeft === 0) this.rest()
    const part = input.subarray(offset, this.offset)
    if (wasWithinPayload && !cutter.isBehindFrame && part.length < JOINED) this.join(part)
    else this.handOver(part)
  }

  private join(part: Uint8Array): void {
    this.joined.append(part)
    if (this.joined.length >= JOINED) this.handOver(NOTHING)
  }

  /** Emits the joined pieces, and the part behind them. */
  private handOver(part: Uint8Array): void {
    const { bytes, off, length } = this.joined
    this.joined.clear()
    // Copied, because the joined buffer may be twice as large.
    if (length > 0) this.emit('data', Buffer.from(bytes.subarray(off, off + length)))
    if (part.length > 0) this.emit('data', part)
  }

  /** Continues after other connections had their turn. */
  private rest(): void {
    NODE_PLATFORM.later(() => {
      this.framesLeft = FRAMES_PER_TURN
      this.pass()
    })
  }

  private passEnd(): void {
    this.ending = 'passed'
    this.push(null)
    this.host.inputEnded()
  }

  private refill(): void {
    this.input = NOTHING
    this.offset = 0
    if (this.readableFlowing !== true) return
    if (this.socket.readableFlowing !== true) this.socket.resume()
    if (this.ending === 'waiting' && (this.state !== 'shut' || !this.host.isWorking)) this.passEnd()
  }
}
