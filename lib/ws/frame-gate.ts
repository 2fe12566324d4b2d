/**
 * A socket behind a gate that lets one message in at a time.
 *
 * Strategy: pausing a socket does not stop what was read already: one read can hold thousands of small messages, or a
 * few that inflate to a thousand times their size. So the reader of the frames gets them up to the end of one
 * message, and what follows only when that message was taken. What waits here is at most one read of the socket,
 * which is paused meanwhile. Pings and pongs pass as long as no message is in front of them; so does a close, unless
 * somebody is at work on a message and may still answer it.
 *
 * Frames are counted. After some of them the rest waits for another turn of the event loop: thousands of the smallest
 * messages, pings or fragments in one read would keep the process from its other connections.
 *
 * The reader behind keeps a list of what a frame came in, and needs quadratic time for a long one. So small pieces of a
 * payload are joined here. The header of a frame passes at once: it may be what the frame is refused for.
 *
 * Output passes unchanged. It counts as pending until the operating system has taken it.
 *
 * It is a stream for the library behind, but keeps nothing in a stream's queues: input is emitted as it passes, output
 * is the socket's at once. A queue for the output would cost 0.05 of the CPU of an echo, one for the input 0.01.
 */
import { Duplex } from 'node:stream'
import { NODE_PLATFORM } from '../node/platform.js'
import { plainSocket } from '../node/plain-socket.js'
import { PendingInput } from '../reactive/pending-input.js'
import { FrameCutter, kindOf } from './frame-cutter.js'
import type { FrameOutput } from './frame-writer.js'

/** Receives a gate's notifications. */
export interface GateHost {
  /** Whether somebody is at work on the last message. */
  readonly isWorking: boolean
  /** Output was taken; less is pending. */
  drained(): void
  /** The peer ended its side, and the messages before that were taken. */
  inputEnded(): void
}

type Done = (error?: Error | null) => void

const NOTHING = Buffer.alloc(0)

/** The callback of a larger write is cheap beside it. */
const SMALL = 4 * 1024

/** Smaller pieces of a payload are joined, up to this size. */
const JOINED = 16 * 1024

/** How many frames pass before other connections have their turn. A turn more costs some microseconds. */
const FRAMES_PER_TURN = 32

/** A socket that hands over one message at a time. It must not be read or written by anybody else. */
export class FrameGate extends Duplex implements FrameOutput {
  /** How many bytes came from the peer. */
  receivedBytes: number
  private readonly socket: Duplex
  private readonly host: GateHost
  /** Whether a write can be over at once: TLS and other streams never say so. */
  readonly isPrompt: boolean
  private readonly cutter: FrameCutter
  private input: Uint8Array
  private offset: number
  private state: 'open' | 'shut' | 'free'
  private isPassing: boolean
  /** The pieces of a payload that are joined. */
  private readonly joined: PendingInput
  /** How many frames may pass in this turn. */
  private framesLeft: number
  /** Of the peer's side. */
  private ending: 'none' | 'waiting' | 'passed'
  private sentBytes: number
  /** The callback of writes, which all share. */
  private readonly taken: () => void

  /** `head`: what was read from the socket already. */
  constructor(socket: Duplex, head: Uint8Array, host: GateHost) {
    super()
    this.receivedBytes = head.length
    this.socket = socket
    this.host = host
    this.isPrompt = plainSocket(socket) !== null
    this.cutter = new FrameCutter()
    this.input = head
    this.offset = 0
    this.state = 'open'
    this.isPassing = false
    this.joined = new PendingInput()
    this.framesLeft = FRAMES_PER_TURN
    this.ending = 'none'
    // What is on its way counts as sent.
    this.sentBytes = socket.writableLength
    this.taken = () => { host.drained() }
    socket.pause()
    socket.on('data', (chunk: Uint8Array) => { this.receive(chunk) })
    socket.on('end', () => { this.inputEnded() })
    socket.on('error', error => { this.destroy(error) })
    socket.on('close', () => { this.destroy() })
    this.on('resume', () => { this.pass() })
  }

  /** Whether something that was read waits here. */
  get isHolding(): boolean {
    return this.offset < this.input.length
  }

  /** How many bytes were written and not taken by the operating system yet. */
  get pending(): number {
    return this.socket.writableLength
  }

  /** How many bytes the operating system took. */
  get writtenBytes(): number {
    return this.sentBytes - this.socket.writableLength
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

  /**
   * Writes a frame: bytes, or the characters of a latin-1 text as a byte each.
   *
   * A write that is over at once has no callback, which would cost a turn of Node's tick queue: 0.015 of the CPU of an
   * echo. Where some of it stays here, an empty write behind it has one.
   */
  send(frame: Uint8Array | string): void {
    const { socket } = this
    if (!this.isPrompt || frame.length > SMALL || socket.writableLength > 0) {
      this.write(frame, 'latin1')
      return
    }
    this.sentBytes += frame.length
    socket.write(frame, 'latin1')
    if (socket.writableLength > 0) socket.write(NOTHING, this.taken)
  }

  /** Writes a frame in two pieces. */
  sendPieces(header: Uint8Array, payload: Uint8Array): void {
    this.cork()
    this.write(header)
    this.write(payload)
    this.uncork()
  }

  /** As for any stream; Node's own would queue it. */
  override write(chunk: Uint8Array | string, encoding?: BufferEncoding | Done, done?: Done): boolean {
    if (typeof encoding === 'function') return this.write(chunk, undefined, encoding)
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
    this.sentBytes += bytes.length
    return this.socket.write(bytes, done === undefined ? this.taken : error => {
      done(error)
      this.taken()
    })
  }

  override cork(): void {
    this.socket.cork()
  }

  override uncork(): void {
    this.socket.uncork()
  }

  override _read(): void {
    // What passes is emitted.
  }

  /** Only for what is written with the end. */
  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.write(chunk, done)
  }

  override _final(done: Done): void {
    this.socket.end(() => { done() })
  }

  override _destroy(error: Error | null, done: Done): void {
    this.input = NOTHING
    this.offset = 0
    this.joined.clear()
    this.socket.destroy()
    done(error)
  }

  private receive(chunk: Uint8Array): void {
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

  /** Hands over what is there, as long as it may and is wanted. */
  private pass(): void {
    if (this.isPassing) return
    this.isPassing = true
    while (this.readableFlowing === true && this.isHolding && this.mayPass) this.passPart()
    this.isPassing = false
    if (!this.isHolding) this.refill()
  }

  /** Whether the next part may be handed over now. */
  private get mayPass(): boolean {
    if (this.framesLeft === 0) return false
    // What is within a frame then is no message.
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
    const part = offset === 0 && !this.isHolding ? input : input.subarray(offset, this.offset)
    if (wasWithinPayload && !cutter.isBehindFrame && part.length < JOINED) this.join(part)
    else this.handOver(part)
  }

  private join(part: Uint8Array): void {
    this.joined.append(part)
    if (this.joined.length >= JOINED) this.handOver(NOTHING)
  }

  /** Emits what was joined, and the part behind it. */
  private handOver(part: Uint8Array): void {
    const { bytes, off, length } = this.joined
    this.joined.clear()
    // Copied, because there may be as much room behind it.
    if (length > 0) this.emit('data', Buffer.from(bytes.subarray(off, off + length)))
    if (part.length > 0) this.emit('data', part)
  }

  /** Goes on when other connections had their turn. */
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
